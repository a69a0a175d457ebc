/** Objects by a key of their content, kept only while somebody holds them. */
export class InternPool<V extends object> {
  readonly #known = new Map<string, WeakRef<V>>()
  readonly #forgotten = new FinalizationRegistry<string>((key) => {
    if (this.#known.get(key)?.deref() === undefined) this.#known.delete(key)
  })

  get(key: string): V | undefined {
    return this.#known.get(key)?.deref()
  }

  /** Replaces an object of the same key. */
  set(key: string, value: V): void {
    this.#known.set(key, new WeakRef(value))
    this.#forgotten.register(value, key)
  }
}
