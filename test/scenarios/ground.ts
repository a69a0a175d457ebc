import type { Files, Serving } from '../support/serving.ts'
import type { Book } from './book.ts'

/** The interface of a scenario to a control plane that serves its objects. */
export type Served = Pick<Serving, 'xds' | 'admin' | 'mistakes'>

/** Where the objects of a scenario stand, and from where they are served: files, or a cluster. */
export interface Ground {
  /** As in "gateway-httproute, from files". */
  readonly name: string
  /** Why nothing can run here. */
  readonly obstacle: string | undefined
  /** The address of the backends: one that endpoints may have. */
  readonly address: string
  /**
   * Resolves when all objects are served. `elsewhere` is another one of its kind, which knows nothing of the
   * first.
   */
  serve(files: Files, where?: 'here' | 'elsewhere'): Promise<Served>
  /** The reported errors of these objects, by the words of `asked`. */
  errors(files: Files): Promise<{ readonly asked: string; readonly lines: readonly string[] }>
}

/** A scenario on a ground. */
export interface Play {
  readonly ground: Ground
  readonly book: Book
}
