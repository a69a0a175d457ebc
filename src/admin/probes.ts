import { createServer } from 'node:http'
import { Hono } from 'hono'
import { answerOf, textOf } from './answer.ts'
import { exchange } from './fetch-listener.ts'
import { hostAndPort, listening } from './listening.ts'
import { answerTimeout, httpTimeouts, mostConnections } from './server.ts'
import { exposition, readiness } from './status-routes.ts'
import type { Administered } from './status-routes.ts'

export interface ProbeServer {
  /** `host:port` really bound. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
}

/**
 * Answers a kubelet and a Prometheus, and shows nothing of the configuration, so that it may be open to a
 * network: /readyz and /metrics as on the admin listener, and /livez, which succeeds whatever the sources do:
 * a restart would lose the last good state.
 */
export function createProbeServer(administered: Administered): ProbeServer {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })
  app.get('/livez', () => answerOf(textOf('ok')))
  app.get('/readyz', () => readiness(administered))
  app.get('/metrics', () => exposition(administered))
  app.notFound(() => answerOf({ ...textOf('there are /livez, /metrics, /readyz'), status: 404 }))
  app.onError((error) => answerOf({ ...textOf(String(error)), status: 500 }))
  const server = createServer(httpTimeouts, (request, response) => {
    void exchange({ request, response }, { fetch: (asked) => app.fetch(asked), patience: answerTimeout })
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
