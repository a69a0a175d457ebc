import { GroupNode, InputNode, RetainNode, UnionNode } from './nodes.ts'
import type { Accepts, Input, KeysOf } from './nodes.ts'
import type { Collection } from './collection.ts'
import { DeriveNode } from './derive.ts'
import type { Transform } from './derive.ts'
import { deepEqual, nodeOf } from './node.ts'
import type { Equal, Node, Pieces, Stage, Standing } from './node.ts'
import { Phase } from './phase.ts'

export type { Equal, Input, Transform }

/** The effects of one flush. */
export interface FlushReport {
  /** The changed collections, each with the keys that were added, changed or removed. */
  readonly changed: ReadonlyMap<Collection<unknown>, ReadonlySet<string>>
  /**
   * The number of runs of each collection's function (transform, keysOf, accepts), by the collection's name;
   * 0 is left out.
   */
  readonly runs: ReadonlyMap<string, number>
}

/** A function of the graph's owner that threw in its last run for this key. */
export interface Failure {
  /** The collection's name. */
  readonly transform: string
  readonly key: string
  readonly error: unknown
}

/**
 * Collections that follow from each other, brought up to date together by `flush`. Equality is deep unless an
 * input has its own; order is by code unit. Programming errors (a name twice, a fetch of a later collection,
 * an edit inside a flush) throw.
 */
export interface Graph {
  input<V>(name: string, equal?: Equal<V>): Input<V>
  /**
   * Recomputed for a key only if the item, or a value that it fetched, has changed. If several items emit a
   * key, the item with the smallest key wins.
   */
  derive<I, O>(name: string, input: Collection<I>, transform: Transform<I, O>): Collection<O>
  /**
   * Values by the keys that `keysOf` gives; each group sorted by source key. A group that becomes empty
   * disappears.
   */
  groupBy<V>(name: string, input: Collection<V>, keysOf: KeysOf<V>): Collection<readonly V[]>
  /** One collection out of several; for a key in more than one, the earliest in the list wins. */
  union<V>(name: string, inputs: readonly Collection<V>[]): Collection<V>
  /**
   * Like the input, except that a rejected value leaves the key's last accepted one in force. If there is
   * none, the rejected value is in force.
   */
  retain<V>(name: string, input: Collection<V>, accepts: Accepts<V>): Collection<V>
  /** Brings every collection up to date with the inputs, each once, in order of creation. */
  flush(): FlushReport
  /**
   * Computes a flush in pieces while `goOn` is true, which is called between two keys; true if the flush is
   * complete, or nothing was due. Edits may arrive in between; those that came too late belong to the next
   * flush. A read sees the last completed flush.
   */
  prepare(goOn: () => boolean): boolean
  /**
   * The result of what `prepare` has completed since the last report, like `flush`; completes a flush under
   * way, and begins none.
   */
  prepared(): FlushReport
  /** True while an edit waits, or a flush is to be gone on with. */
  readonly isDue: boolean
  /** The value as of the last completed flush. */
  get<V>(collection: Collection<V>, key: string): V | undefined
  /**
   * All entries as of the last completed flush, sorted by key; the same array until the collection changes.
   */
  entries<V>(collection: Collection<V>): readonly (readonly [key: string, value: V])[]
  /**
   * The keys of the collection that transforms have fetched one by one, whether they are there or not; in no
   * order. Completes a flush under way.
   */
  keysFetched(collection: Collection<unknown>): ReadonlySet<string>
  /**
   * Keys whose last run threw, by collection and key: each keeps its last good output until a run succeeds or
   * the key is removed.
   */
  readonly failures: readonly Failure[]
}

export function createGraph(): Graph {
  return new StagedGraph()
}

class StagedGraph implements Graph {
  readonly #phase = new Phase()
  readonly #stages: Stage[] = []
  readonly #inputs: InputNode<unknown>[] = []
  readonly #names = new Set<string>()
  /** A flush that has begun. */
  #begun: Pieces<void> | undefined
  /** The failures of the last completed flush. */
  #failures: readonly Failure[] = []
  /** Completed and not yet reported. */
  #unreported: FlushReport = nothing

  input<V>(name: string, equal: Equal<V> = deepEqual): Input<V> {
    const node = this.#add(new InputNode(this.#standing(name), equal))
    this.#inputs.push(node as InputNode<unknown>)
    return node
  }

  derive<I, O>(name: string, input: Collection<I>, transform: Transform<I, O>): Collection<O> {
    return this.#add(new DeriveNode(this.#standing(name), this.#own(input), transform))
  }

  groupBy<V>(name: string, input: Collection<V>, keysOf: KeysOf<V>): Collection<readonly V[]> {
    return this.#add(new GroupNode(this.#standing(name), this.#own(input), keysOf))
  }

  union<V>(name: string, inputs: readonly Collection<V>[]): Collection<V> {
    return this.#add(
      new UnionNode(
        this.#standing(name),
        inputs.map((input) => this.#own(input)),
      ),
    )
  }

  retain<V>(name: string, input: Collection<V>, accepts: Accepts<V>): Collection<V> {
    return this.#add(new RetainNode(this.#standing(name), this.#own(input), accepts))
  }

  flush(): FlushReport {
    this.#finish()
    this.#begun = this.#pieces()
    return this.prepared()
  }

  prepare(goOn: () => boolean): boolean {
    if (!this.isDue) return true
    this.#begun ??= this.#pieces()
    if (!this.#run(this.#begun, goOn)) return false
    this.#begun = undefined
    return true
  }

  prepared(): FlushReport {
    this.#finish()
    const report = this.#unreported
    this.#unreported = nothing
    return report
  }

  get isDue(): boolean {
    return this.#begun !== undefined || this.#inputs.some(({ isEdited }) => isEdited)
  }

  /** False when something is left. */
  #run(pieces: Pieces<void>, goOn: () => boolean): boolean {
    return this.#phase.flush(() => {
      while (goOn()) if (pieces.next().done === true) return true
      return false
    })
  }

  #finish(): void {
    const begun = this.#begun
    this.#begun = undefined
    if (begun !== undefined) this.#run(begun, () => true)
  }

  *#pieces(): Pieces<void> {
    for (const stage of this.#stages) yield* stage.update()
    for (const stage of this.#stages) stage.complete()
    this.#failures = failuresOf(this.#stages)
    this.#unreported = joined(this.#unreported, reportOf(this.#stages))
  }

  get<V>(collection: Collection<V>, key: string): V | undefined {
    this.#phase.idle(`a look at "${collection.name}"`)
    return this.#own(collection).completed(key)
  }

  entries<V>(collection: Collection<V>): readonly (readonly [key: string, value: V])[] {
    this.#phase.idle(`a look at "${collection.name}"`)
    return this.#own(collection).completedEntries()
  }

  keysFetched(collection: Collection<unknown>): ReadonlySet<string> {
    this.#finish()
    const node = this.#own(collection)
    return new Set(this.#stages.flatMap((stage) => stage.keysRead?.(node) ?? []))
  }

  get failures(): readonly Failure[] {
    return this.#failures
  }

  #standing(name: string): Standing {
    this.#phase.idle(`the creation of "${name}"`)
    if (this.#names.has(name))
      throw new Error(`there is a collection "${name}" already; reports and failures tell them apart by name`)
    return { name, rank: this.#stages.length, phase: this.#phase }
  }

  #add<N extends Stage>(node: N): N {
    this.#names.add(node.name)
    this.#stages.push(node)
    return node
  }

  #own<V>(collection: Collection<V>): Node<V> {
    const node = nodeOf(collection, this.#phase)
    if (node === undefined) throw new Error(`collection "${collection.name}" belongs to another graph`)
    return node
  }
}

const nothing: FlushReport = { changed: new Map(), runs: new Map() }

/** The report of two flushes as if they were one. */
function joined(a: FlushReport, b: FlushReport): FlushReport {
  if (a === nothing) return b
  const changed = new Map(a.changed)
  for (const [collection, keys] of b.changed)
    changed.set(collection, new Set([...(changed.get(collection) ?? []), ...keys]))
  const runs = new Map(a.runs)
  for (const [name, count] of b.runs) runs.set(name, count + (runs.get(name) ?? 0))
  return { changed, runs }
}

function failuresOf(stages: readonly Stage[]): readonly Failure[] {
  return stages.flatMap(({ name, failures }) =>
    [...failures.keys()].sort().map((key) => ({ transform: name, key, error: failures.get(key) })),
  )
}

function reportOf(stages: readonly Stage[]): FlushReport {
  return {
    changed: new Map(stages.filter((stage) => stage.changed.size > 0).map((stage) => [stage, stage.changed])),
    runs: new Map(stages.filter((stage) => stage.runs > 0).map((stage) => [stage.name, stage.runs])),
  }
}
