import { isDeepStrictEqual } from 'node:util'
import type { Collection } from './collection.ts'
import { find, merge, SortedEntries } from './entries.ts'
import type { Change, Edit, Entry } from './entries.ts'
import type { Phase } from './phase.ts'

/** True if replacing the first value by the second changes nothing. */
export type Equal<V> = (a: V, b: V) => boolean

/** The position of a node in its graph. */
export interface Standing {
  readonly name: string
  /** Nodes are ranked in order of creation: a node depends on lower ranks only. */
  readonly rank: number
  readonly phase: Phase
}

/** A node as the flush sees it, independent of its value type. */
export interface Stage extends Collection<unknown> {
  readonly rank: number
  /** Keys added, changed or removed by the latest `update`. */
  readonly changed: ReadonlySet<string>
  /** Calls of the user's function in the latest `update`. */
  readonly runs: number
  /** The value that the user's function last threw, by key. */
  readonly failures: ReadonlyMap<string, unknown>
  /**
   * The keys of another stage that this one's content depends on, present or not; absent if none is read by
   * key.
   */
  keysRead?(stage: Stage): readonly string[]
  /** Brings the content up to date with the nodes of lower rank, one piece at each step. */
  update(): Pieces<void>
  /** Makes the present content the one of the last completed flush. */
  complete(): void
}

/** Work that can be interrupted and resumed between two pieces, each of which concerns one key. */
export type Pieces<T> = Generator<undefined, T, undefined>

/**
 * A collection and how it follows from others: a subclass says which keys get which values, the node finds
 * out what changed.
 */
export abstract class Node<V> implements Stage {
  readonly name: string
  readonly rank: number
  readonly phase: Phase
  readonly equal: Equal<V>
  changed: ReadonlySet<string> = new Set()
  runs = 0
  readonly failures = new Map<string, unknown>()
  readonly #content = new Map<string, V>()
  readonly #sorted = new SortedEntries(this.#content)
  /** The keys that the flush under way has changed, with their values before it. */
  readonly #before = new Map<string, Edit<V>>()
  /** The entries before the flush under way, once they are known. */
  #entriesBefore: readonly Entry<V>[] | undefined
  #fresh = true

  constructor(standing: Standing, equal: Equal<V>) {
    this.name = standing.name
    this.rank = standing.rank
    this.phase = standing.phase
    this.equal = (a, b) => Object.is(a, b) || equal(a, b)
  }

  has(key: string): boolean {
    return this.#content.has(key)
  }

  get(key: string): V | undefined {
    return this.#content.get(key)
  }

  /** The value as an edit, which tells an absent key from a value that is undefined. */
  find(key: string): Edit<V> {
    return find(this.#content, key)
  }

  keys(): Iterable<string> {
    return this.#content.keys()
  }

  entries(): readonly Entry<V>[] {
    return this.#sorted.read()
  }

  /** The value as of the last completed flush. */
  completed(key: string): V | undefined {
    return this.#before.has(key) ? this.#before.get(key)?.value : this.#content.get(key)
  }

  /** The entries as of the last completed flush. */
  completedEntries(): readonly Entry<V>[] {
    if (this.#before.size === 0) return this.entries()
    this.#entriesBefore ??= merge(merge([], Array.from(this.#content, asChange)), [...this.#before])
    return this.#entriesBefore
  }

  /** Call when the flush is complete. */
  complete(): void {
    this.#before.clear()
    this.#entriesBefore = undefined
  }

  *update(): Pieces<void> {
    this.runs = 0
    const changed = new Set<string>()
    for (const [key, edit] of yield* this.collect()) {
      if (this.#apply(key, edit)) changed.add(key)
      yield
    }
    this.#sorted.invalidate(changed)
    this.changed = changed
    this.#fresh = false
  }

  /** The keys that may have changed, with their new values. An equal value does not count as a change. */
  protected abstract collect(): Pieces<ReadonlyMap<string, Edit<V>>>

  /** The keys of an input to look at: its changed keys, or every key if this node has never looked. */
  protected changesOf(input: Pick<Node<unknown>, 'keys' | 'changed'>): Iterable<string> {
    return this.#fresh ? input.keys() : input.changed
  }

  /**
   * Calls the user's function for a key. A throw becomes the key's failure and gives undefined; a misuse of
   * the graph ends the flush.
   */
  protected attempt<T>(key: string, run: () => T): { readonly result: T } | undefined {
    this.runs++
    try {
      const result = run()
      this.phase.rethrowMisuse()
      this.failures.delete(key)
      return { result }
    } catch (error) {
      this.phase.rethrowMisuse()
      this.failures.set(key, error)
      return undefined
    }
  }

  #apply(key: string, edit: Edit<V>): boolean {
    const before = this.find(key)
    if (
      edit === undefined ? before === undefined : before !== undefined && this.equal(before.value, edit.value)
    )
      return false
    if (this.#before.size === 0) this.#entriesBefore = this.#sorted.current
    this.#before.set(key, before)
    if (edit === undefined) this.#content.delete(key)
    else this.#content.set(key, edit.value)
    return true
  }
}

function asChange<V>([key, value]: Entry<V>): Change<V> {
  return [key, { value }]
}

/** Deep equality, the default of every collection that makes values. */
export const deepEqual: Equal<unknown> = isDeepStrictEqual

/** The node of a collection; undefined if it belongs to another graph, or to none. */
export function nodeOf<V>(collection: Collection<V>, phase: Phase): Node<V> | undefined {
  return isNode(collection) && collection.phase === phase ? collection : undefined
}

function isNode<V>(collection: Collection<V>): collection is Node<V> {
  return collection instanceof Node
}
