/** Milliseconds of work after which everything else in the process has its turn. */
const slice = 20

/**
 * Runs what streams have to do in the order in which they ask, after the events that are at hand. Many
 * streams, or a few with much to do, do not keep the process from answering others meanwhile.
 */
export class Turns {
  readonly #waiting = new Set<() => void>()
  #isScheduled = false

  /** Each call is a function of its own. */
  next(work: () => void): void {
    this.#waiting.add(work)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#run()
    })
  }

  #run(): void {
    this.#isScheduled = false
    const end = performance.now() + slice
    // Work that is added meanwhile runs after the events that have arrived meanwhile.
    for (const work of [...this.#waiting]) {
      this.#waiting.delete(work)
      work()
      if (performance.now() >= end) break
    }
    if (this.#waiting.size > 0) this.#schedule()
  }
}
