import type { Collection } from './collection.ts'
import type { Edit } from './entries.ts'
import { Node } from './node.ts'
import type { Pieces } from './node.ts'

/** A collection that is filled from outside. Edits wait for the next flush; the last edit of a key wins. */
export interface Input<V> extends Collection<V> {
  /** A value equal to the one in force changes nothing. */
  set(key: string, value: V): void
  delete(key: string): void
}

export class InputNode<V> extends Node<V> implements Input<V> {
  #pending = new Map<string, Edit<V>>()

  set(key: string, value: V): void {
    this.#edit(key, { value })
  }

  delete(key: string): void {
    this.#edit(key, undefined)
  }

  /** True while an edit waits. */
  get isEdited(): boolean {
    return this.#pending.size > 0
  }

  protected override *collect(): Pieces<ReadonlyMap<string, Edit<V>>> {
    const pending = this.#pending
    this.#pending = new Map()
    yield
    return pending
  }

  #edit(key: string, edit: Edit<V>): void {
    this.phase.idle(`an edit of "${this.name}"`)
    this.#pending.set(key, edit)
  }
}
