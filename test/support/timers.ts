import type { After } from '../../src/clock.ts'
import { waitFor } from './wait-for.ts'

/** A clock that the test moves. */
export class Timers {
  readonly #pending = new Map<
    symbol,
    { readonly at: number; readonly milliseconds: number; readonly callback: () => void }
  >()
  #now = 0

  readonly schedule: After = (milliseconds, callback) => {
    const key = Symbol('timer')
    this.#pending.set(key, { at: this.#now + milliseconds, milliseconds, callback })
    return () => {
      this.#pending.delete(key)
    }
  }

  get pending(): number {
    return this.#pending.size
  }

  /** Waits until something is to happen after exactly these milliseconds. */
  async scheduled(milliseconds: number): Promise<void> {
    await waitFor({
      what: `a timer of ${milliseconds} ms`,
      look: () =>
        [...this.#pending.values()].some((timer) => timer.milliseconds === milliseconds) || undefined,
    })
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
    for (const [key, { at, callback }] of [...this.#pending]) {
      if (at > this.#now) continue
      this.#pending.delete(key)
      callback()
    }
  }
}
