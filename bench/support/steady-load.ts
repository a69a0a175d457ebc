import { ledger } from '../../src/demo/tally.ts'
import type { Tally } from '../../src/demo/tally.ts'
import { startTraffic } from '../../src/demo/traffic.ts'
import { waitFor } from '../../src/demo/wait.ts'

export interface LoadOptions {
  readonly port: number
  /** Requests a second, shared equally by the hosts. */
  readonly rate: number
  /** Host header → the backend that must answer. */
  readonly hosts: Readonly<Record<string, string>>
}

/**
 * Requests at a steady rate; an answer that is no 200 of the right backend counts as failed, and so does
 * none.
 */
export interface SteadyLoad {
  tally(): Tally
  /** Resolves when this many more requests have been answered. */
  more(requests: number, signal: AbortSignal): Promise<void>
  /** Stops sending; resolves when every request has been answered or has failed. Safe to call twice. */
  close(): Promise<void>
}

const step = 'load'

export function startLoad({ port, rate, hosts }: LoadOptions): SteadyLoad {
  const streams = Object.entries(hosts).map(([host, backend]) => {
    const counts = ledger(backend, '')
    const traffic = startTraffic({
      port,
      host,
      rate: () => rate / Object.keys(hosts).length,
      nextId: () => counts.nextId(step),
      onAnswer: counts.answered,
    })
    return { counts, traffic }
  })
  const tally = (): Tally =>
    streams
      .map(({ counts }) => counts.tally())
      .reduce((a, b) => ({
        sent: a.sent + b.sent,
        answered: a.answered + b.answered,
        failed: a.failed + b.failed,
        failure: a.failure ?? b.failure,
        copies: a.copies + b.copies,
        wrongHosts: a.wrongHosts + b.wrongHosts,
      }))
  return {
    tally,
    more: async (requests, signal) => {
      const goal = tally().answered + requests
      await waitFor({
        what: `${requests} more answers`,
        timeout: 10_000 + (requests / rate) * 4_000,
        signal,
        look: () => tally().answered >= goal || undefined,
      })
    },
    close: async () => {
      await Promise.all(streams.map(({ traffic }) => traffic.close()))
    },
  }
}
