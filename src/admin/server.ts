import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { UsageError } from '../sources/source.ts'
import { entryOf, peerOf } from './access.ts'
import type { AdminAccess } from './access.ts'
import { createGrpcApi } from './grpc.ts'
import { answerApi, apiPrefix } from './json-api.ts'
import type { JsonApi } from './json-api.ts'
import { listening } from './listening.ts'
import { answerTo } from './routes.ts'
import type { Administered, Answer } from './routes.ts'

export interface AdminServer {
  /** `host:port` really bound. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
}

const timeouts = { requestTimeout: 10_000, headersTimeout: 5_000 }
/** Until a client has said something, in milliseconds. */
const firstWordTimeout = 5_000
/** Until streams have said that they end, in milliseconds. */
const lastWords = 500

/** The one listener for people, probes and our own commands: what routes.ts answers, and the admin API as JSON and as gRPC. */
export function createAdminServer(administered: Administered, api: JsonApi): AdminServer {
  const http = createHttpServer(timeouts, (request, response) => { void handle(request, response, { administered, api }) })
  const grpc = createGrpcApi(api.taps, api.access)
  const sockets = new Set<Socket>()
  const server = createServer(api.access, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.once('error', () => socket.destroy())
    listenToFirstWord(socket, (protocol) => {
      if (protocol === 'http/1') http.emit('connection', socket)
      else grpc.accept(socket, entryOf(peerOf(socket), api.access))
    })
  })
  return {
    async listen(address) {
      await listening(server, address)
      const bound = server.address()
      if (bound === null || typeof bound === 'string') throw new Error('the admin listener has no port')
      return `${address.host}:${bound.port}`
    },
    async close() {
      const closed = new Promise<void>((resolve) => { server.close(() => { resolve() }) })
      grpc.close(lastWords)
      http.closeIdleConnections()
      const timer = setTimeout(() => { for (const socket of sockets) socket.destroy() }, lastWords)
      await closed
      clearTimeout(timer)
    },
  }
}

function createServer({ tls }: AdminAccess, accept: (socket: Socket) => void): Server {
  if (tls === undefined) return createTcpServer(accept)
  const { certificate: cert, key, clientCa } = tls
  try {
    return createTlsServer({
      cert, key, minVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'],
      // Probes have no certificate; access.ts decides on what needs one.
      ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
    }, accept)
  } catch (error) {
    throw new UsageError(`--admin-cert, --admin-key, --admin-client-ca: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** The beginning of HTTP/2's connection preface (RFC 9113 §3.4); no method of HTTP/1 begins so. */
const preface = 'PRI'

function listenToFirstWord(socket: Socket, understood: (protocol: 'http/1' | 'http/2') => void): void {
  socket.setTimeout(firstWordTimeout, () => socket.destroy())
  socket.once('data', (chunk: Buffer) => {
    socket.pause()
    socket.setTimeout(0)
    socket.removeAllListeners('timeout')
    socket.unshift(chunk)
    const protocol = chunk.toString('latin1', 0, preface.length) === preface ? 'http/2' : 'http/1'
    understood(protocol)
    if (protocol === 'http/1') socket.resume()
  })
}

interface Answering {
  readonly administered: Administered
  readonly api: JsonApi
}

async function handle(request: IncomingMessage, response: ServerResponse, { administered, api }: Answering): Promise<void> {
  const { method = '', url = '', headers } = request
  if (url.startsWith(apiPrefix)) return answerApi(request, response, api)
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
