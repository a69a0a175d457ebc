import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { createServer as createTcpServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { UsageError } from '../sources/source.ts'
import { entryOf, isOpenPath, peerOf, refusal } from './access.ts'
import type { AdminAccess, Entry } from './access.ts'
import { httpStatus } from './api-error.ts'
import { createGrpcApi } from './grpc.ts'
import { answerApi, apiPrefix, sendError } from './json-api.ts'
import { hostAndPort, listening } from './listening.ts'
import { answerTo } from './routes.ts'
import type { Administered, Answer } from './routes.ts'
import type { Taps } from './taps.ts'

export interface AdminServer {
  /** `host:port` really bound; IPv6 addresses are in brackets. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
}

export interface AdminOptions {
  readonly taps: Taps
  readonly access: AdminAccess
}

/**
 * Milliseconds until a request has its headers, is whole, and how often Node looks for those that are late.
 */
export const httpTimeouts = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
}
/** Milliseconds for which a reader may take nothing of an answer. */
export const answerTimeout = 30_000
/** At a time; all of them together are far fewer than the descriptors of a process. */
export const mostConnections = 1_024
/** Until a client has said something, in milliseconds. */
const firstWordTimeout = 5_000
/** Until streams have said that they end, in milliseconds. */
const lastWords = 500

/**
 * The one listener for people, probes and our own commands: what routes.ts answers, and the admin API as JSON
 * and as gRPC.
 */
export function createAdminServer(administered: Administered, { taps, access }: AdminOptions): AdminServer {
  const answer = (request: Request, response: Response, entry: Entry): void => {
    void handle({ request, response, entry }, { administered, taps, access })
  }
  const http = createHttpServer(httpTimeouts, (request, response) => {
    answer(request, response, entryOf(peerOf(request.socket), access))
  })
  http.setTimeout(answerTimeout)
  // It is handed its connections and never listens; Node looks for late clients from this event on.
  http.emit('listening')
  const grpc = createGrpcApi({ taps, access, answer })
  const sockets = new Set<Socket>()
  const server = createServer(access, (socket) => {
    socket.once('error', () => socket.destroy())
    listenToFirstWord(socket, (protocol) => {
      if (protocol === 'http/1') http.emit('connection', socket)
      else grpc.accept(socket, entryOf(peerOf(socket), access))
    })
  })
  server.maxConnections = mostConnections
  // A handshake that fails or takes too long: Node reports it, and leaves the socket open.
  server.on('tlsClientError', (_, socket: Socket) => {
    socket.destroy()
  })
  // Over TLS, those that are still in their handshake, too.
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return {
    async listen(address) {
      await listening(server, address)
      const bound = server.address()
      if (bound === null || typeof bound === 'string') throw new Error('the admin listener has no port')
      return hostAndPort({ host: address.host, port: bound.port })
    },
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
      grpc.close(lastWords)
      http.close()
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, lastWords)
      await closed
      clearTimeout(timer)
    },
  }
}

function createServer({ tls }: AdminAccess, accept: (socket: Socket) => void): Server {
  if (tls === undefined) return createTcpServer(accept)
  const { certificate: cert, key, clientCa } = tls
  try {
    return createTlsServer(
      {
        cert,
        key,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['h2', 'http/1.1'],
        handshakeTimeout: firstWordTimeout,
        // Probes have no certificate; access.ts decides on what needs one.
        ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
      },
      accept,
    )
  } catch (error) {
    throw new UsageError(
      `--admin-cert, --admin-key, --admin-client-ca: ` +
        (error instanceof Error ? error.message : String(error)),
      { cause: error },
    )
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

/** Of HTTP/1 and HTTP/2, as far as they are alike. */
export type Request = IncomingMessage | Http2ServerRequest
export type Response = ServerResponse | Http2ServerResponse

interface Exchange {
  readonly request: Request
  readonly response: Response
  readonly entry: Entry
}

interface Answering extends AdminOptions {
  readonly administered: Administered
}

async function handle(
  { request, response, entry }: Exchange,
  { administered, taps, access }: Answering,
): Promise<void> {
  const { method = '', url = '', headers } = request
  const path = URL.parse(url, 'http://admin')?.pathname ?? ''
  const isApi = path.startsWith(apiPrefix)
  const { authorization, origin, 'sec-fetch-site': site } = headers
  const refused = isOpenPath(path, access)
    ? undefined
    : refusal(
        { entry, authorization, origin, site: text(site), host: headers.host ?? text(headers[':authority']) },
        access,
      )
  if (refused !== undefined) {
    if (refused.code === 'UNAUTHENTICATED') response.setHeader('www-authenticate', 'Bearer')
    if (isApi) sendError(response, refused)
    else send(response, { status: httpStatus(refused), mediaType: plainText, body: `${refused.message}\n` })
    return
  }
  if (isApi) return answerApi(request, response, taps)
  try {
    const answer = await answerTo({ method, url, ifNoneMatch: headers['if-none-match'] }, administered)
    send(response, answer)
  } catch (error) {
    send(response, {
      status: 500,
      mediaType: plainText,
      body: `this is a bug of shadowplane: ${String(error)}\n`,
    })
  }
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

const plainText = 'text/plain; charset=utf-8'

function send(response: Response, { status, mediaType, body, etag }: Answer): void {
  response.statusCode = status
  for (const [name, value] of Object.entries({
    'content-type': mediaType,
    'cache-control': 'no-store',
    etag,
  }))
    if (value !== undefined) response.setHeader(name, value)
  response.end(body)
}
