import type { Edit } from './entries.ts'
import { Node } from './node.ts'
import type { Pieces, Standing } from './node.ts'

export type Accepts<V> = (value: V) => boolean

export class RetainNode<V> extends Node<V> {
  readonly #input: Node<V>
  readonly #accepts: Accepts<V>
  /** Keys with a rejected value in force, because there has been no better one. */
  readonly #refused = new Set<string>()

  constructor(standing: Standing, input: Node<V>, accepts: Accepts<V>) {
    super(standing, input.equal)
    this.#input = input
    this.#accepts = accepts
  }

  protected override *collect(): Pieces<ReadonlyMap<string, Edit<V>>> {
    const edits = new Map<string, Edit<V>>()
    for (const key of this.changesOf(this.#input)) {
      edits.set(key, this.#inForce(key))
      yield
    }
    return edits
  }

  #inForce(key: string): Edit<V> {
    const next = this.#input.find(key)
    if (next === undefined) {
      this.#refused.delete(key)
      this.failures.delete(key)
      return undefined
    }
    if (this.attempt(key, () => this.#accepts(next.value))?.result === true) {
      this.#refused.delete(key)
      return next
    }
    const retained = this.#refused.has(key) ? undefined : this.find(key)
    if (retained === undefined) this.#refused.add(key)
    return retained ?? next
  }
}
