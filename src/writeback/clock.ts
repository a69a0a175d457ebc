/** Time, as the writers need it. */
export interface Clock {
  /** Monotonic milliseconds, independent of the time of day. */
  now(): number
  /** The time of day, for people. */
  date(): Date
  /** Below 1. */
  random(): number
  /** Runs the action after so many milliseconds, unless the function that is returned is called before. */
  after(milliseconds: number, action: () => void): () => void
}

/** Real time; a pending action does not keep the process alive. */
export const realClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  random: Math.random,
  after(milliseconds, action) {
    const timer = setTimeout(action, milliseconds)
    timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
}
