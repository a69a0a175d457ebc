import { request } from 'node:http'
import type { Agent } from 'node:http'
import type { Header } from '../../src/simulate/request.ts'

export interface RawRequest {
  readonly agent: Agent
  /** Port on 127.0.0.1. */
  readonly port: number
  readonly method: string
  readonly path: string
  /** Sent in this order, repeated ones too; `host` among them. */
  readonly headers: readonly Header[]
  /** Absent: none. */
  readonly body?: Buffer
}

export interface RawAnswer {
  /** 0: no answer, and `error` says why. */
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly error?: string
}

const timeout = 10_000

/** Sends a request just as it is given. Never rejects: what went wrong is in the answer. */
export function sendRaw({ agent, port, method, path, headers, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ status: 0, headers: {}, error: error.message })
    const sent = request(
      { agent, host: '127.0.0.1', port, method, path, headers: headers.flat(), setHost: false, timeout },
      (response) => {
        response
          .resume()
          .once('error', failed)
          .once('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers })
          })
      },
    )
    sent
      .once('error', failed)
      .once('timeout', () => sent.destroy(new Error(`no answer after ${timeout} ms`)))
      .end(body)
  })
}
