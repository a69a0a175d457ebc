/** The most edits over a shared base. */
const mostEdits = 512

/**
 * An immutable map. A copy with a few edits costs only these edits: all copies share a base, with their edits
 * over it.
 */
export class LayeredMap<V> implements ReadonlyMap<string, V> {
  readonly #base: ReadonlyMap<string, V>
  /** Undefined: the key was removed. */
  readonly #edits: ReadonlyMap<string, V | undefined>
  readonly size: number

  private constructor(base: ReadonlyMap<string, V>, edits: ReadonlyMap<string, V | undefined>) {
    this.#base = base
    this.#edits = edits
    this.size = [...edits].reduce(
      (size, [key, value]) => size + (value === undefined ? 0 : 1) - (base.has(key) ? 1 : 0),
      base.size,
    )
  }

  /** A map over entries that no longer change. */
  static over<V>(base: ReadonlyMap<string, V>): LayeredMap<V> {
    return new LayeredMap(base, new Map())
  }

  /** A copy with these values, and without the keys whose value is undefined. */
  with(edits: ReadonlyMap<string, V | undefined>): LayeredMap<V> {
    const all = new Map([...this.#edits, ...edits])
    const next = new LayeredMap(this.#base, all)
    return all.size > mostEdits ? LayeredMap.over(new Map(next)) : next
  }

  get(key: string): V | undefined {
    return this.#edits.has(key) ? this.#edits.get(key) : this.#base.get(key)
  }

  has(key: string): boolean {
    return this.#edits.has(key) ? this.#edits.get(key) !== undefined : this.#base.has(key)
  }

  forEach(call: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) call(value, key, this)
  }

  *entries(): MapIterator<[string, V]> {
    for (const entry of this.#base) if (!this.#edits.has(entry[0])) yield entry
    for (const [key, value] of this.#edits) if (value !== undefined) yield [key, value]
    return undefined
  }

  *keys(): MapIterator<string> {
    for (const [key] of this) yield key
    return undefined
  }

  *values(): MapIterator<V> {
    for (const [, value] of this) yield value
    return undefined
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries()
  }
}
