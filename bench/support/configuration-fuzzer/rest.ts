import type { XdsEvent } from '../../../src/server/event.ts'

/**
 * `unsure`: at rest, but the server may still be narrowing down what a proxy refuses, or about to take
 * something away.
 */
export type Standing = 'busy' | 'unsure' | 'at rest'

/** Knows which responses are unanswered, and waits until nothing moves any more. */
export interface Watch {
  readonly unanswered: ReadonlySet<string>
  observe(event: XdsEvent): void
  /** Has the standing looked at again. */
  look(): void
  /** Resolves at rest, or after 25 s; rejects when the signal aborts. */
  rest(standing: () => Standing, signal: AbortSignal): Promise<void>
}

/**
 * More than the clusters, and then the listeners, of a few batches wait for Secrets that do not exist: under
 * SotW, Envoy ACKs none while one of them warms.
 */
const timeout = 25_000 // milliseconds
/** Without an event, after which nothing more will come. */
const quietTime = 250 // milliseconds

export function watch(): Watch {
  const unanswered = new Set<string>()
  const waiting = new Set<() => void>()
  const look = (): void => {
    for (const each of [...waiting]) each()
  }
  return {
    unanswered,
    look,
    observe: (event) => {
      note(event, unanswered)
      // The state of a client changes after the event that reports it.
      setImmediate(look)
    },
    rest: (standing, signal) =>
      new Promise((resolve, reject) => {
        let quiet: NodeJS.Timeout | undefined
        const finish = (): void => {
          clearTimeout(timer)
          clearTimeout(quiet)
          signal.removeEventListener('abort', abort)
          waiting.delete(check)
          resolve()
        }
        const check = (): void => {
          clearTimeout(quiet)
          const now = standing()
          if (now === 'at rest') finish()
          if (now === 'unsure') quiet = setTimeout(finish, quietTime)
        }
        const abort = (): void => {
          reject(signal.reason as Error)
          finish()
        }
        const timer = setTimeout(finish, timeout)
        signal.addEventListener('abort', abort, { once: true })
        waiting.add(check)
        // After the answers to what has just been pushed, if anything was.
        setImmediate(check)
      }),
  }
}

function note(event: XdsEvent, unanswered: Set<string>): void {
  if (event.kind === 'pushed') unanswered.add(`${event.proxy.stream} ${event.type} ${event.nonce}`)
  if (event.kind === 'acked' || event.kind === 'nacked')
    unanswered.delete(`${event.proxy.stream} ${event.type} ${event.nonce}`)
  if (event.kind !== 'disconnected') return
  for (const each of [...unanswered].filter((key) => key.startsWith(`${event.proxy.stream} `)))
    unanswered.delete(each)
}
