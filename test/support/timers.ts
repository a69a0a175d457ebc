import type { Schedule } from '../../src/server/limits.ts'

/** A clock that the test moves. */
export class Timers {
  readonly #pending = new Map<symbol, { readonly at: number; readonly callback: () => void }>()
  #now = 0

  readonly schedule: Schedule = (milliseconds, callback) => {
    const key = Symbol('timer')
    this.#pending.set(key, { at: this.#now + milliseconds, callback })
    return () => { this.#pending.delete(key) }
  }

  get pending(): number {
    return this.#pending.size
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
