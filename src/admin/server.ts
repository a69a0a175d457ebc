import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listening } from './listening.ts'
import { answerTo } from './routes.ts'
import type { Administered, Answer } from './routes.ts'

export interface AdminServer {
  /** `host:port` really bound. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
}

const timeouts = { requestTimeout: 10_000, headersTimeout: 5_000 }

/** The one HTTP listener for people, probes and `shadowplane status`; what it answers is in routes.ts. */
export function createAdminServer(administered: Administered): AdminServer {
  const server = createServer(timeouts, (request, response) => { void handle(request, response, administered) })
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

async function handle({ method = '', url = '', headers }: IncomingMessage, response: ServerResponse, administered: Administered): Promise<void> {
  try {
    const answer = await answerTo({ method, url, ifNoneMatch: headers['if-none-match'] }, administered)
    send(response, answer)
  } catch (error) {
    send(response, { status: 500, mediaType: 'text/plain; charset=utf-8', body: `this is a bug of shadowplane: ${String(error)}\n` })
  }
}

function send(response: ServerResponse, { status, mediaType, body, etag }: Answer): void {
  response.writeHead(status, { 'content-type': mediaType, 'cache-control': 'no-store', ...(etag === undefined ? {} : { etag }) })
  response.end(body)
}
