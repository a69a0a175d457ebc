import { errorText } from '../errors.ts'
import { ApiFailure } from '../kubernetes/failure.ts'
import type { Outcome } from './work-queue.ts'

export interface Attempt {
  readonly tenure: AbortSignal
  readonly work: () => Promise<void>
  /** A counter. */
  readonly failed: () => void
}

/**
 * The present failures of writing or reading, by key: one line for the first failure, and one when none is
 * left.
 */
export class WriteProblems {
  readonly #problems = new Map<string, string>()
  readonly #tell: (reason: string | undefined) => void

  constructor(tell: (reason: string | undefined) => void) {
    this.#tell = tell
  }

  /** Undefined: it can be again, or nothing is to be written there any more. */
  note(key: string, problem: string | undefined): void {
    const before = this.#problems.size
    if (problem === undefined) this.#problems.delete(key)
    else this.#problems.set(key, problem)
    if (before === 0 && problem !== undefined) this.#tell(problem)
    if (before > 0 && this.#problems.size === 0) this.#tell(undefined)
  }

  /**
   * Runs a write that can fail, and notes whether it did: `what` cannot be done. A tenure that ended
   * meanwhile does not count as a failure. Never rejects.
   */
  async attempt(key: string, what: string, { tenure, work, failed }: Attempt): Promise<Outcome> {
    try {
      await work()
      this.note(key, undefined)
      return 'done'
    } catch (thrown) {
      if (tenure.aborted) return 'done'
      failed()
      this.note(key, `${what}: ${errorText(thrown)}`)
      return outcomeOf(thrown)
    }
  }

  /** All but one key are somebody else's from now on. */
  keep(key: string): void {
    for (const each of [...this.#problems.keys()]) if (each !== key) this.note(each, undefined)
  }
}

/** Whether what failed is worth another attempt: of some refusals the API server will say the same again. */
export function outcomeOf(thrown: unknown): Outcome {
  return thrown instanceof ApiFailure && !isFinal(thrown) ? 'later' : 'done'
}

function isFinal({ status }: ApiFailure): boolean {
  return status === 400 || status === 404 || status === 405 || status === 422
}
