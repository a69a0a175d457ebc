import { createServer as createHttpServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { UsageError, errorText } from '../errors.ts'
import { entryOf, peerOf } from './access.ts'
import type { AdminAccess, Entry } from './access.ts'
import { createApp } from './app.ts'
import type { AdminExtension } from './extension.ts'
import { exchange } from './fetch-listener.ts'
import type { Exchange } from './fetch-listener.ts'
import { createGrpcApi } from './grpc.ts'
import { hostAndPort, listening } from './listening.ts'

export interface AdminServer {
  /** `host:port` really bound; IPv6 addresses are in brackets. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
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
/** Milliseconds until a client must have sent its first byte. */
const firstWordTimeout = 5_000
/** Milliseconds that streams have to end when the server closes. */
const lastWords = 500

/**
 * The one listener for people, probes, pages and our own commands: what the extensions add, over HTTP/1 and
 * HTTP/2, and their services as gRPC, too.
 */
export function createAdminServer(extensions: readonly AdminExtension[], access: AdminAccess): AdminServer {
  const app = createApp(extensions, access)
  const answer = ({ request, response }: Exchange, entry: Entry): void => {
    const { host = request.headers[':authority'] } = request.headers
    const asked = { entry, host: typeof host === 'string' ? host : undefined }
    void exchange(
      { request, response },
      { fetch: (found) => app.fetch(found, asked), patience: answerTimeout },
    )
  }
  const http = createHttpServer(httpTimeouts, (request, response) => {
    answer({ request, response }, entryOf(peerOf(request.socket), access))
  })
  http.setTimeout(answerTimeout)
  // It is handed its connections and never listens; Node looks for late clients from this event on.
  http.emit('listening')
  const grpc = createGrpcApi({
    services: extensions.flatMap((each) => each.services ?? []),
    access,
    answer: (request, response, entry) => {
      answer({ request, response }, entry)
    },
  })
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
      app.close()
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
    throw new UsageError(`--admin-cert, --admin-key, --admin-client-ca: ` + errorText(error), {
      cause: error,
    })
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
