import { lowerBound, merge } from './entries.ts'
import type { Change, Edit, Entry } from './entries.ts'
import type { Equal, Pieces } from './node.ts'

const none: readonly never[] = []

/**
 * The values that each source contributes to each key, sorted by source. Equal values keep the old value, and
 * unchanged keys keep their array.
 */
export class Contributions<V> {
  readonly #equal: Equal<V>
  readonly #byKey = new Map<string, readonly Entry<V>[]>()
  readonly #keysOf = new Map<string, readonly string[]>()
  #staged = new Map<string, Change<V>[]>()

  constructor(equal: Equal<V>) {
    this.#equal = equal
  }

  /**
   * From the next `settle` on, `source` contributes exactly these values. At most one call for each source
   * between two calls of `settle`.
   */
  replace(source: string, values: ReadonlyMap<string, V>): void {
    for (const key of this.#keysOf.get(source) ?? none) {
      if (!values.has(key)) this.#stage(key, source, undefined)
    }
    for (const [key, value] of values) {
      if (!this.#gives(key, source, value)) this.#stage(key, source, { value })
    }
    if (values.size === 0) this.#keysOf.delete(source)
    else this.#keysOf.set(source, [...values.keys()])
  }

  /**
   * Applies the replaced values. Returns the changed keys with their entries by source; no entries: the key
   * was removed.
   */
  *settle(): Pieces<ReadonlyMap<string, readonly Entry<V>[]>> {
    const settled = new Map<string, readonly Entry<V>[]>()
    for (const [key, changes] of this.#staged) {
      const entries = merge(this.#byKey.get(key) ?? none, changes)
      settled.set(key, entries)
      if (entries.length === 0) this.#byKey.delete(key)
      else this.#byKey.set(key, entries)
      yield
    }
    this.#staged = new Map()
    return settled
  }

  #gives(key: string, source: string, value: V): boolean {
    const entries = this.#byKey.get(key) ?? none
    const old = entries[lowerBound(entries, source, 0)]
    return old !== undefined && old[0] === source && this.#equal(old[1], value)
  }

  #stage(key: string, source: string, edit: Edit<V>): void {
    const changes = this.#staged.get(key)
    if (changes === undefined) this.#staged.set(key, [[source, edit]])
    else changes.push([source, edit])
  }
}
