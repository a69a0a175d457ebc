import type { Collection, Fetch } from './collection.ts'
import { Contributions } from './contributions.ts'
import type { Edit } from './entries.ts'
import { deepEqual, Node, nodeOf } from './node.ts'
import type { Pieces, Stage, Standing } from './node.ts'

/** The outputs of one item; pure. The first of several outputs with the same key wins. */
export type Transform<I, O> = (
  item: I,
  fetch: Fetch,
  key: string,
) => Iterable<readonly [key: string, value: O]>

export class DeriveNode<I, O> extends Node<O> {
  readonly #input: Node<I>
  readonly #transform: Transform<I, O>
  readonly #outputs: Contributions<O>
  readonly #reads = new Reads()

  constructor(standing: Standing, input: Node<I>, transform: Transform<I, O>) {
    super(standing, deepEqual)
    this.#input = input
    this.#transform = transform
    this.#outputs = new Contributions(this.equal)
  }

  protected override *collect(): Pieces<ReadonlyMap<string, Edit<O>>> {
    const due = this.#reads.affected()
    for (const key of this.changesOf(this.#input)) due.add(key)
    for (const key of due) {
      this.#rerun(key)
      yield
    }
    const edits = new Map<string, Edit<O>>()
    for (const [key, [winner]] of yield* this.#outputs.settle())
      edits.set(key, winner && { value: winner[1] })
    return edits
  }

  keysRead(stage: Stage): readonly string[] {
    return this.#reads.keysOf(stage)
  }

  #rerun(key: string): void {
    const item = this.#input.find(key)
    if (item === undefined) {
      this.#outputs.replace(key, new Map())
      this.#reads.forget(key)
      this.failures.delete(key)
      return
    }
    const readings = new Set<Reading>()
    const run = this.attempt(key, () => this.#run(item.value, key, readings))
    if (run === undefined) {
      this.#reads.fail(key, readings)
      return
    }
    this.#outputs.replace(key, run.result)
    this.#reads.succeed(key, readings)
  }

  #run(item: I, key: string, readings: Set<Reading>): ReadonlyMap<string, O> {
    let open = true
    const outputs = new Map<string, O>()
    try {
      const fetch = this.#fetchInto((stage, fetched) => {
        if (!open)
          throw this.phase.misuse(
            `"${this.name}" fetches from "${stage.name}" after its run for "${key}" has ended`,
          )
        readings.add(this.#reads.reading(stage, fetched))
      })
      for (const [name, value] of this.#transform(item, fetch, key)) {
        if (!outputs.has(name)) outputs.set(name, value)
      }
      return outputs
    } finally {
      open = false
    }
  }

  #fetchInto(note: (stage: Stage, key: string | undefined) => void): Fetch {
    const read = <V, T>(
      collection: Collection<V>,
      key: string | undefined,
      from: (node: Node<V>) => T,
    ): T => {
      const node = this.#readable(collection)
      note(node, key)
      return from(node)
    }
    return Object.assign(
      <V>(collection: Collection<V>, key: string) => read(collection, key, (node) => node.get(key)),
      { all: <V>(collection: Collection<V>) => read(collection, undefined, (node) => node.entries()) },
    )
  }

  #readable<V>(collection: Collection<V>): Node<V> {
    const node = nodeOf(collection, this.phase)
    if (node === undefined)
      throw this.phase.misuse(
        `"${this.name}" fetches from "${collection.name}", which belongs to another graph`,
      )
    if (node.rank === this.rank)
      throw this.phase.misuse(`"${this.name}" fetches from itself; read its input instead`)
    if (node.rank > this.rank)
      throw this.phase.misuse(
        `"${this.name}" fetches from "${node.name}", which was created after it; create it first`,
      )
    return node
  }
}

/**
 * Something that transforms have read: one key of a collection, present or not, or (key undefined) every
 * entry of it.
 */
interface Reading {
  readonly stage: Stage
  readonly key: string | undefined
  readonly dependents: Set<string>
}

const none: readonly never[] = []

/** The reads in both directions, so that a change finds its dependents without asking the others. */
class Reads {
  readonly #readings = new Map<Stage, Map<string | undefined, Reading>>()
  readonly #byDependent = new Map<string, readonly Reading[]>()
  /** The reads of the last successful run, for dependents whose last run failed. */
  readonly #lastGood = new Map<string, readonly Reading[]>()

  /** The one Reading of this key; it lives as long as somebody depends on it. */
  reading(stage: Stage, key: string | undefined): Reading {
    const ofStage = getOrCreate(this.#readings, stage, () => new Map<string | undefined, Reading>())
    return getOrCreate(ofStage, key, () => ({ stage, key, dependents: new Set() }))
  }

  /** From now on `dependent` depends on exactly these. */
  succeed(dependent: string, readings: ReadonlySet<Reading>): void {
    this.#lastGood.delete(dependent)
    this.#replace(dependent, readings)
  }

  /**
   * `dependent` depends on what the failed run has read, and still on what its output in force was made of.
   */
  fail(dependent: string, readings: ReadonlySet<Reading>): void {
    const lastGood = this.#lastGood.get(dependent) ?? this.#byDependent.get(dependent) ?? none
    this.#lastGood.set(dependent, lastGood)
    this.#replace(dependent, new Set([...lastGood, ...readings]))
  }

  forget(dependent: string): void {
    this.succeed(dependent, new Set())
  }

  /** The keys of the stage that somebody depends on, present or not. */
  keysOf(stage: Stage): readonly string[] {
    return [...(this.#readings.get(stage)?.keys() ?? none)].filter((key) => key !== undefined)
  }

  /** Everyone who has read something that the flush under way has changed. */
  affected(): Set<string> {
    const dependents = new Set<string>()
    for (const [stage, readings] of this.#readings) {
      if (stage.changed.size === 0) continue
      for (const dependent of readings.get(undefined)?.dependents ?? none) dependents.add(dependent)
      for (const key of stage.changed) {
        for (const dependent of readings.get(key)?.dependents ?? none) dependents.add(dependent)
      }
    }
    return dependents
  }

  #replace(dependent: string, readings: ReadonlySet<Reading>): void {
    for (const reading of readings) reading.dependents.add(dependent)
    for (const reading of this.#byDependent.get(dependent) ?? none) {
      if (!readings.has(reading)) this.#release(reading, dependent)
    }
    if (readings.size === 0) this.#byDependent.delete(dependent)
    else this.#byDependent.set(dependent, [...readings])
  }

  #release(reading: Reading, dependent: string): void {
    reading.dependents.delete(dependent)
    if (reading.dependents.size > 0) return
    const ofStage = this.#readings.get(reading.stage)
    ofStage?.delete(reading.key)
    if (ofStage?.size === 0) this.#readings.delete(reading.stage)
  }
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const created = create()
  map.set(key, created)
  return created
}
