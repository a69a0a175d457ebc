/** Milliseconds of work after which everything else in the process has its turn. */
const slice = 20

/**
 * Runs the work of streams in the order in which they ask, after the events that are at hand. Many
 * streams, or a few with much to do, do not keep the process from answering others meanwhile. Heavy work
 * runs after all other work, and at least one piece of it in each turn of the event loop.
 */
export class Turns {
  readonly #light = new Set<() => void>()
  readonly #heavy = new Set<() => void>()
  #isScheduled = false

  /** Each call is a function of its own. */
  next(work: () => void): void {
    this.#light.add(work)
    this.#schedule()
  }

  /** For work that may take much longer than a slice, such as 100,000 names. */
  nextHeavy(work: () => void): void {
    this.#heavy.add(work)
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
    takeUntil(end, this.#light)
    takeUntil(end, this.#heavy)
    if (this.#light.size + this.#heavy.size > 0) this.#schedule()
  }
}

/** At least one. Work that is added meanwhile runs after the events that have arrived meanwhile. */
function takeUntil(end: number, waiting: Set<() => void>): void {
  for (const work of [...waiting]) {
    waiting.delete(work)
    work()
    if (performance.now() >= end) return
  }
}
