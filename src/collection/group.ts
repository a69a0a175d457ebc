import { Contributions } from './contributions.ts'
import type { Edit } from './entries.ts'
import { Node } from './node.ts'
import type { Equal, Pieces, Standing } from './node.ts'

/** The keys of the groups that a value belongs to; a repeated key has no effect. Pure. */
export type KeysOf<V> = (value: V, key: string) => Iterable<string>

export class GroupNode<V> extends Node<readonly V[]> {
  readonly #input: Node<V>
  readonly #keysOf: KeysOf<V>
  readonly #members: Contributions<V>

  constructor(standing: Standing, input: Node<V>, keysOf: KeysOf<V>) {
    super(standing, (a, b) => sameMembers(a, b, input.equal))
    this.#input = input
    this.#keysOf = keysOf
    this.#members = new Contributions<V>(input.equal)
  }

  protected override *collect(): Pieces<ReadonlyMap<string, Edit<readonly V[]>>> {
    for (const key of this.changesOf(this.#input)) {
      this.#place(key)
      yield
    }
    const edits = new Map<string, Edit<readonly V[]>>()
    for (const [group, members] of yield* this.#members.settle()) {
      edits.set(group, members.length === 0 ? undefined : { value: members.map(([, value]) => value) })
    }
    return edits
  }

  #place(key: string): void {
    const member = this.#input.find(key)
    if (member === undefined) {
      this.#members.replace(key, new Map())
      this.failures.delete(key)
      return
    }
    const groups = this.attempt(key, () => [...this.#keysOf(member.value, key)])
    if (groups !== undefined)
      this.#members.replace(key, new Map(groups.result.map((group) => [group, member.value])))
  }
}

/** A group is equal to the former one even if another key contributes the equal value. */
function sameMembers<V>(a: readonly V[], b: readonly V[], equal: Equal<V>): boolean {
  return a.length === b.length && a.every((value, index) => equal(value, b[index] as V))
}
