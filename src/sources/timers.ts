/**
 * Runs `action` once after so many milliseconds, and returns what cancels it. The one way in which a source
 * waits, so that a test needs no clock.
 */
export type After = (milliseconds: number, action: () => void) => () => void

/** Real time; a pending timer does not keep the process alive. */
export const after: After = (milliseconds, action) => {
  const timer = setTimeout(action, milliseconds)
  timer.unref()
  return () => clearTimeout(timer)
}
