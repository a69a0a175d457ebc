import {
  constants,
  type IncomingHttpHeaders,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { Server } from 'node:net'
import type { Server as GrpcServer } from '@grpc/grpc-js'

/** Milliseconds that a client may take, so that none holds a connection by saying little. */
const waits = {
  /** Until the first request of a connection. */
  first: 5_000,
  /** Between two requests. */
  idle: 15_000,
  /** For the whole of a request. */
  request: 10_000,
  /** While nothing of an answer is taken. */
  answer: 30_000,
}

/**
 * Gives requests over HTTP/2 that are not gRPC to `answer`; grpc-js would answer 415 to each. Its HTTP/2
 * server is in a private field, its listener is public. Connections that say little are closed.
 */
export function divide(
  server: GrpcServer,
  answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): void {
  const servers: unknown = Reflect.get(server, 'http2Servers')
  if (!(servers instanceof Map)) return
  for (const http of servers.keys()) if (http instanceof Server) divideOne(http, answer)
}

function divideOne(
  http: Server,
  answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): void {
  const ofGrpc = http.listeners('stream')
  // Node makes requests and responses out of streams as soon as somebody listens to requests.
  http.on('request', answer)
  const ofRequests = http.listeners('stream').filter((listener) => !ofGrpc.includes(listener))
  http.removeAllListeners('stream')
  http.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: readonly unknown[]) => {
      const isGrpc = headers['content-type']?.startsWith('application/grpc') === true
      if (!isGrpc)
        stream.setTimeout(waits.answer, () => {
          stream.close(constants.NGHTTP2_CANCEL)
        })
      for (const listener of isGrpc ? ofGrpc : ofRequests)
        Reflect.apply(listener, http, [stream, headers, ...rest])
    },
  )
  http.on('session', bound)
}

/** Closes a connection without requests, and a request that does not become whole. */
function bound(session: ServerHttp2Session): void {
  const { socket } = session
  const closeAfter = (milliseconds: number): NodeJS.Timeout =>
    setTimeout(() => {
      session.destroy()
      socket.destroy()
    }, milliseconds).unref()
  let open = 0
  let idle = closeAfter(waits.first)
  session.on('stream', (stream: ServerHttp2Stream) => {
    open += 1
    clearTimeout(idle)
    const late = setTimeout(() => {
      if (!stream.endAfterHeaders && !stream.readableEnded) stream.close(constants.NGHTTP2_CANCEL)
    }, waits.request).unref()
    stream.once('close', () => {
      clearTimeout(late)
      open -= 1
      if (open === 0 && !session.destroyed) idle = closeAfter(waits.idle)
    })
  })
  session.once('close', () => {
    clearTimeout(idle)
  })
}
