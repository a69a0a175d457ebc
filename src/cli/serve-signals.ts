import { constants } from 'node:os'

/** The longest times of a shutdown, in milliseconds. */
export interface Shutdown {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGQUIT'
  /** Until connections that have not ended by themselves are cut. */
  readonly grace: number
  /** Until the process ends in any case. */
  readonly last: number
}

const shutdowns: readonly Shutdown[] = [
  { signal: 'SIGINT', grace: 2_000, last: 5_000 },
  { signal: 'SIGTERM', grace: 2_000, last: 5_000 },
  { signal: 'SIGQUIT', grace: 200, last: 1_000 },
]

/**
 * Sent to reload or to reopen logs. Without a listener SIGHUP and SIGUSR2 end the process, and SIGUSR1 opens
 * Node's debugger.
 */
const harmless = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

/**
 * Listens to signals from now on. `asked` resolves with the first that ends the server; a second one ends the
 * process at once, with the exit status of shells (128 and the signal's number).
 */
export function listenToSignals(ignored: (signal: (typeof harmless)[number]) => void): {
  readonly asked: Promise<Shutdown>
} {
  const { promise: asked, resolve } = Promise.withResolvers<Shutdown>()
  let isAsked = false
  for (const signal of harmless)
    process.on(signal, () => {
      ignored(signal)
    })
  for (const shutdown of shutdowns) {
    process.on(shutdown.signal, () => {
      if (isAsked) process.exit(128 + constants.signals[shutdown.signal])
      isAsked = true
      resolve(shutdown)
    })
  }
  return { asked }
}

/**
 * Ends the process after so many milliseconds if it has not ended by then: a peer or a reader may hold it for
 * ever.
 */
export function endWithin(milliseconds: number): void {
  setTimeout(() => {
    process.exit()
  }, milliseconds).unref()
}
