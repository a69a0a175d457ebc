/** Whether a graph is being flushed, and what broke it. Its identity is the graph's identity. */
export class Phase {
  #flushing = false
  #broken: { readonly cause: unknown } | undefined

  /**
   * Runs one flush. A throw leaves the content half updated, so it breaks the graph for good: every later use
   * throws.
   */
  flush<T>(run: () => T): T {
    this.idle('flush')
    this.#flushing = true
    try {
      return run()
    } catch (error) {
      this.#broken ??= { cause: error }
      throw error
    } finally {
      this.#flushing = false
    }
  }

  /** Throws unless the graph is at rest and whole; `use` names what the caller wants to do. */
  idle(use: string): void {
    if (this.#flushing)
      throw this.misuse(`${use} inside a flush: a transform reads through fetch and changes nothing`)
    if (this.#broken)
      throw new Error(`${use} after a flush that failed: the graph is half updated`, this.#broken)
  }

  /**
   * The error to throw for a programming error. It ends the flush under way even if a transform catches it.
   */
  misuse(message: string): Error {
    const error = new Error(message)
    if (this.#flushing) this.#broken ??= { cause: error }
    return error
  }

  /** Throws the misuse that a transform has caught, or is about to pass on as its own failure. */
  rethrowMisuse(): void {
    if (this.#broken) throw this.#broken.cause
  }
}
