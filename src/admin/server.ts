import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listening } from './listening.ts'

/** What health is asked of: undefined while all is well, else one line that says what is not. */
export interface Health {
  /** Whether the sources can be read; the last good state is served all the same. */
  readonly outage: () => string | undefined
  /** Whether proxies are served. */
  readonly notReady: () => string | undefined
}

export interface AdminServer {
  /** `host:port` really bound. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
}

const timeouts = { requestTimeout: 10_000, headersTimeout: 5_000 }

/** The one HTTP listener for people and probes: `/healthz` (503 during an outage) and `/readyz` (200 once proxies are served). */
export function createAdminServer(health: Health): AdminServer {
  const server = createServer(timeouts, (request, response) => { answer(request, response, health) })
  return {
    async listen(address) {
      await listening(server, address)
      const bound = server.address()
      if (bound === null || typeof bound === 'string') throw new Error('the admin listener has no port')
      return `${address.host}:${bound.port}`
    },
    close: () => new Promise((resolve) => {
      server.close(() => { resolve() })
      server.closeAllConnections()
    }),
  }
}

function answer(request: IncomingMessage, response: ServerResponse, health: Health): void {
  const path = (request.url ?? '').split('?', 1)[0]
  const checks: Readonly<Record<string, () => string | undefined>> = { '/healthz': health.outage, '/readyz': health.notReady }
  const check = checks[path ?? '']
  if (check === undefined) return reply(response, 404, `no such path: ${path ?? ''}\nthere are /healthz and /readyz`)
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, `${request.method ?? ''} is not answered here: use GET`)
  const problem = check()
  reply(response, problem === undefined ? 200 : 503, problem ?? 'ok')
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${text}\n`)
}
