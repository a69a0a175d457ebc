export type Entry<V> = readonly [key: string, value: V]

/** A key's new value; undefined: the key is removed. */
export type Edit<V> = { readonly value: V } | undefined

export type Change<V> = readonly [key: string, edit: Edit<V>]

/** The value as an edit, which tells an absent key from a value that is undefined. */
export function find<V>(content: ReadonlyMap<string, V>, key: string): Edit<V> {
  const value = content.get(key)
  return value !== undefined || content.has(key) ? { value: value as V } : undefined
}

/**
 * The index of `key` in entries sorted by code unit, or its insertion index; searched from index `from` on.
 */
export function lowerBound(entries: readonly Entry<unknown>[], key: string, from: number): number {
  let low = from
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = entries[middle]
    if (entry !== undefined && entry[0] < key) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * New sorted entries with the changes, each of another key, applied: one copy, and a binary search for each
 * change.
 */
export function merge<V>(entries: readonly Entry<V>[], changes: readonly Change<V>[]): readonly Entry<V>[] {
  const merged: Entry<V>[] = []
  let from = 0
  const copyUntil = (end: number) => {
    for (const entry of entries.slice(from, end)) merged.push(entry)
    from = end
  }
  for (const [key, edit] of changes.toSorted(byKey)) {
    copyUntil(lowerBound(entries, key, from))
    if (entries[from]?.[0] === key) from++
    if (edit !== undefined) merged.push([key, edit.value])
  }
  copyUntil(entries.length)
  return merged
}

const byKey = ([a]: Change<unknown>, [b]: Change<unknown>): number => (a < b ? -1 : 1)

/**
 * The sorted entries of a map, kept between reads: after a change only the changed keys are inserted again.
 */
export class SortedEntries<V> {
  readonly #content: ReadonlyMap<string, V>
  readonly #stale = new Set<string>()
  #sorted: readonly Entry<V>[] | undefined

  constructor(content: ReadonlyMap<string, V>) {
    this.#content = content
  }

  /** Call after every change of the map. */
  invalidate(keys: ReadonlySet<string>): void {
    if (this.#sorted === undefined) return
    for (const key of keys) this.#stale.add(key)
    // Without a reader, a fresh sort is no more expensive than these insertions, and the old array can be
    // freed.
    if (this.#stale.size > this.#content.size) this.#drop()
  }

  /** The same array until the map changes. */
  read(): readonly Entry<V>[] {
    if (this.#sorted === undefined) this.#sorted = merge([], this.#changes(this.#content.keys()))
    else if (this.#stale.size > 0) this.#sorted = merge(this.#sorted, this.#changes(this.#stale))
    this.#stale.clear()
    return this.#sorted
  }

  /** The array that `read` would return without work; undefined if there is none. */
  get current(): readonly Entry<V>[] | undefined {
    return this.#stale.size === 0 ? this.#sorted : undefined
  }

  #drop(): void {
    this.#sorted = undefined
    this.#stale.clear()
  }

  #changes(keys: Iterable<string>): readonly Change<V>[] {
    return Array.from(keys, (key) => [key, find(this.#content, key)])
  }
}
