/**
 * Runs an action once after so many milliseconds, unless the returned function is called before. Waiting goes
 * through this type, so that a test needs no real time.
 */
export type After = (milliseconds: number, action: () => void) => () => void

export interface Clock {
  /** Monotonic milliseconds, independent of the time of day. */
  now(): number
  /** The time of day, for people. */
  date(): Date
  /** From 0 to below 1. */
  random(): number
  readonly after: After
}

/** Real time; a pending action does not keep the process alive. */
export const realClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  random: Math.random,
  after(milliseconds, action) {
    const timer = setTimeout(action, milliseconds)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** The first wait after a failure, and the longest one, in milliseconds. */
export interface BackOff {
  readonly first: number
  readonly most: number
}

/**
 * Milliseconds until the next attempt. They double with each earlier failure up to the longest wait.
 * `chance`, from 0 to below 1, adds between nothing and half of them to the other half, so that clients
 * come back one by one.
 */
export function backOffDelay(failures: number, { first, most }: BackOff, chance: number): number {
  return Math.min(most, first * 2 ** failures) * (0.5 + chance / 2)
}
