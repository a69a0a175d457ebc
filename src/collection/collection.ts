/**
 * A keyed set of immutable values that changes over time. Read it through `Fetch` inside a transform, or
 * through the graph outside.
 */
export interface Collection<V> {
  readonly name: string
  /** Phantom: makes `Collection<A>` and `Collection<B>` different types. */
  readonly value?: V
}

/**
 * Reads other collections inside a transform. The read is the dependency: the transform of this key runs
 * again if, and only if, a value that it read has changed. An absent key is a dependency too.
 */
export interface Fetch {
  <V>(collection: Collection<V>, key: string): V | undefined
  /** All entries sorted by key; depends on every one of them. */
  all<V>(collection: Collection<V>): readonly (readonly [key: string, value: V])[]
}
