import { Agent, request } from 'node:https'
import { TLSSocket } from 'node:tls'
import { waitFor } from '../../../src/demo/wait.ts'
import type { Issued } from './certificate.ts'

export interface TlsLoadOptions {
  /** Port on 127.0.0.1. */
  readonly port: number
  /** The requested name, which the certificate must have. */
  readonly host: string
  /** The authority of the certificates that the server must show, in PEM. */
  readonly authority: string
  /** The client's own certificate and key. */
  readonly shown?: Pick<Issued, 'certificate' | 'privateKey'>
  /** Requests at a time, each on a connection of its own. */
  readonly lanes: number
}

export interface TlsTally {
  readonly answered: number
  /** No answer, or another status than 200. */
  readonly failed: number
  /** The first failure, in words. */
  readonly failure: string | undefined
}

/**
 * Requests one after the other, each with a handshake of its own, so that each shows the certificate of its
 * moment.
 */
export interface TlsLoad {
  tally(): TlsTally
  /** Requests by the fingerprint of the server's certificate. */
  readonly seen: ReadonlyMap<string, number>
  /** Resolves when this many more requests have been answered or have failed. */
  more(requests: number, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export function startTlsLoad(options: TlsLoadOptions): TlsLoad {
  const seen = new Map<string, number>()
  const state = { answered: 0, failed: 0, failure: undefined as string | undefined, running: true }
  // Without session resumption: a resumed session shows the certificate of the first handshake.
  const agent = new Agent({ keepAlive: false, maxCachedSessions: 0 })
  const lane = async (): Promise<void> => {
    while (state.running) {
      const result = await requestOnce(options, agent)
      if ('failure' in result) {
        state.failed += 1
        state.failure ??= result.failure
      } else {
        state.answered += 1
        seen.set(result.fingerprint, (seen.get(result.fingerprint) ?? 0) + 1)
      }
    }
  }
  const lanes = Promise.all(Array.from({ length: options.lanes }, lane))
  const done = (): number => state.answered + state.failed
  return {
    seen,
    tally: () => ({ answered: state.answered, failed: state.failed, failure: state.failure }),
    more: async (requests, signal) => {
      const goal = done() + requests
      await waitFor({
        what: `${requests} more answers`,
        timeout: 30_000,
        signal,
        look: () => done() >= goal || undefined,
      })
    },
    close: async () => {
      state.running = false
      await lanes
      agent.destroy()
    },
  }
}

const timeout = 5_000

/** One request; what went wrong is in the answer. */
export function requestOnce(
  { port, host, authority, shown }: Omit<TlsLoadOptions, 'lanes'>,
  agent?: Agent,
): Promise<{ readonly fingerprint: string } | { readonly failure: string }> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ failure: error.message })
    const own = shown === undefined ? {} : { cert: shown.certificate, key: shown.privateKey }
    const sent = request(
      {
        ...own,
        ...(agent === undefined ? {} : { agent }),
        host: '127.0.0.1',
        port,
        servername: host,
        ca: authority,
        headers: { host },
        timeout,
      },
      (response) => {
        const { socket } = response
        const fingerprint = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : ''
        response
          .resume()
          .once('error', failed)
          .once('end', () => {
            resolve(
              response.statusCode === 200
                ? { fingerprint }
                : { failure: `status ${response.statusCode ?? 0}` },
            )
          })
      },
    )
    sent
      .once('error', failed)
      .once('timeout', () => sent.destroy(new Error(`no answer after ${timeout} ms`)))
      .end()
  })
}
