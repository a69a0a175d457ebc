import { createServer } from 'node:http'
import { hostAndPort, listening } from './listening.ts'
import { answerTo } from './routes.ts'
import type { Administered, Answer } from './routes.ts'
import { answerTimeout, httpTimeouts, mostConnections } from './server.ts'

export interface ProbeServer {
  /** `host:port` really bound. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
}

const shared = ['/readyz', '/metrics'] as const

/**
 * What a kubelet and a Prometheus ask, and nothing about the configuration, so that it may be open to a
 * network: /readyz and /metrics as on the admin listener, and /livez, which is well whatever the sources are:
 * a restart would lose the last good state.
 */
export function createProbeServer(administered: Administered): ProbeServer {
  const server = createServer(httpTimeouts, (request, response) => {
    void answer(request.method ?? '', request.url ?? '', administered).then(({ status, mediaType, body }) =>
      response.writeHead(status, { 'content-type': mediaType, 'cache-control': 'no-store' }).end(body),
    )
  })
  server.setTimeout(answerTimeout)
  server.maxConnections = mostConnections
  return {
    async listen({ host, port }) {
      await listening(server, { host, port, flag: '--probes' })
      const bound = server.address()
      if (bound === null || typeof bound === 'string') throw new Error('the listener of probes has no port')
      return hostAndPort({ host, port: bound.port })
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

async function answer(method: string, url: string, administered: Administered): Promise<Answer> {
  const plain = (status: number, line: string): Answer => ({
    status,
    mediaType: 'text/plain; charset=utf-8',
    body: `${line}\n`,
  })
  const path = URL.parse(url, 'http://probes')?.pathname ?? ''
  if (path === '/livez') return plain(200, 'ok')
  if (!shared.some((each) => each === path)) return plain(404, 'there are /livez, /metrics, /readyz')
  return answerTo({ method, url: path, ifNoneMatch: undefined }, administered).catch((error: unknown) =>
    plain(500, String(error)),
  )
}
