import { request } from 'node:http'
import type { Agent, IncomingHttpHeaders } from 'node:http'
import { requestIdHeader } from '../../src/demo/backend.ts'
import type { Answer } from '../../src/demo/traffic.ts'

export interface RequestOptions {
  readonly agent: Agent
  /** Port on 127.0.0.1. */
  readonly port: number
  readonly host: string
  readonly id: string
}

/** An answer with its headers; none if the request failed. */
export interface HeadedAnswer extends Answer {
  readonly headers: IncomingHttpHeaders
}

const timeout = 5_000

/** `GET /headers`. Never rejects: what went wrong is in the answer. */
export function sendRequest({ agent, port, host, id }: RequestOptions): Promise<HeadedAnswer> {
  return new Promise((resolve) => {
    const failed = (error: Error): void =>
      resolve({ id, status: 0, backend: '', error: error.message, headers: {} })
    const headers = { host, [requestIdHeader]: id }
    const sent = request(
      { agent, port, host: '127.0.0.1', path: '/headers', headers, timeout },
      (response) => {
        const backend = response.headers['x-backend']
        response
          .resume()
          .once('error', failed)
          .once('end', () => {
            resolve({
              id,
              status: response.statusCode ?? 0,
              backend: typeof backend === 'string' ? backend : '',
              headers: response.headers,
            })
          })
      },
    )
    sent
      .once('error', failed)
      .once('timeout', () => sent.destroy(new Error(`no answer after ${timeout} ms`)))
      .end()
  })
}

/**
 * Runs `action` `times` times, at most `lanes` at once. Stops early, without an error, when one rejects: then
 * it rejects too.
 */
export async function repeat(times: number, lanes: number, action: () => Promise<void>): Promise<void> {
  let left = times
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await action()
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
