import type { Stage } from './node.ts'

/**
 * Something that transforms have read: one key of a collection, present or not, or (key undefined) every
 * entry of it.
 */
export interface Reading {
  readonly stage: Stage
  readonly key: string | undefined
  readonly dependents: Set<string>
}

const none: readonly never[] = []

/** The reads in both directions, so that a change finds its dependents without asking the others. */
export class Reads {
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
