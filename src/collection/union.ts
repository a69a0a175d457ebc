import type { Edit } from './entries.ts'
import { deepEqual, Node } from './node.ts'
import type { Pieces, Standing } from './node.ts'

export class UnionNode<V> extends Node<V> {
  readonly #inputs: readonly Node<V>[]

  constructor(standing: Standing, inputs: readonly Node<V>[]) {
    super(standing, inputs[0]?.equal ?? deepEqual)
    this.#inputs = inputs
  }

  protected override *collect(): Pieces<ReadonlyMap<string, Edit<V>>> {
    const edits = new Map<string, Edit<V>>()
    for (const input of this.#inputs) {
      for (const key of this.changesOf(input)) {
        if (!edits.has(key)) edits.set(key, this.#inputs.find((candidate) => candidate.has(key))?.find(key))
        yield
      }
    }
    return edits
  }
}
