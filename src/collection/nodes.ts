import { Contributions } from './contributions.ts'
import type { Edit } from './entries.ts'
import { Node, deepEqual } from './node.ts'
import type { Equal, Pieces, Standing } from './node.ts'
import type { Collection } from './collection.ts'

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
