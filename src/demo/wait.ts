import { setTimeout as delay } from 'node:timers/promises'

/**
 * The demo could not go on: something did not happen, or a part of it ended. The message is the whole
 * explanation.
 */
export class DemoFailure extends Error {}

export interface WaitOptions<T> {
  /** The awaited condition, for the error message: "the route to change". */
  readonly what: string
  /** Undefined: not yet. */
  readonly look: () => Promise<T | undefined> | T | undefined
  /** Milliseconds; default 10 s. */
  readonly timeout?: number
  readonly signal: AbortSignal
}

const pollInterval = 2

/**
 * Looks until there is something. Rejects with DemoFailure after the timeout, or with the signal's reason.
 */
export async function waitFor<T>({ what, look, timeout = 10_000, signal }: WaitOptions<T>): Promise<T> {
  const deadline = performance.now() + timeout
  for (;;) {
    signal.throwIfAborted()
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new DemoFailure(`waited ${timeout / 1000} s for ${what}`)
    await delay(pollInterval)
  }
}
