import { once } from 'node:events'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { MethodDefinition, sendUnaryData, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js'
import { refusal } from './access.ts'
import type { AdminAccess, Caller, Entry } from './access.ts'
import { ApiError, apiError, grpcStatus } from './api-error.ts'
import { divide } from './http2.ts'
import type { AdminService, Call, Method } from './service.ts'

/** The admin API for gRPC clients, on connections that another server accepted. */
export interface GrpcApi {
  accept(socket: Socket, entry: Entry): void
  /** Takes no more calls; those under way have so many milliseconds to end. */
  close(grace: number): void
}

export interface GrpcOptions {
  readonly services: readonly AdminService[]
  readonly access: AdminAccess
  readonly answer: (request: Http2ServerRequest, response: Http2ServerResponse, entry: Entry) => void
}

type Unary = ServerUnaryCall<Buffer, Buffer>
type Streaming = ServerWritableStream<Buffer, Buffer>

/** A dead peer is noticed within 40 s. */
const options = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_channelz': 0,
  'grpc.max_receive_message_length': 64 * 1024,
}
/** How long a watcher may take nothing, in milliseconds. */
const patience = 30_000

/** Requests over HTTP/2 that are not gRPC go to `answer`. */
export function createGrpcApi({ services, access, answer: answerOther }: GrpcOptions): GrpcApi {
  // A call does not say which connection it came on, so connections of a kind have a server of their own.
  const servers = new Map<
    Entry,
    { readonly server: Server; readonly injector: ReturnType<Server['createConnectionInjector']> }
  >()
  const injectorFor = (entry: Entry): ReturnType<Server['createConnectionInjector']> => {
    const known = servers.get(entry)
    if (known !== undefined) return known.injector
    const server = createServer(services, (caller) => refusal({ ...caller, entry }, access))
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
    divide(server, (request, response) => {
      answerOther(request, response, entry)
    })
    servers.set(entry, { server, injector })
    return injector
  }
  return {
    accept: (socket, entry) => {
      injectorFor(entry).injectConnection(socket)
    },
    close: (grace) => {
      for (const { injector } of servers.values()) injector.drain(grace)
    },
  }
}

type Refuse = (caller: Omit<Caller, 'entry'>) => ApiError | undefined

function createServer(services: readonly AdminService[], refuse: Refuse): Server {
  const server = new Server(options)
  const read = (call: Unary | Streaming, method: Method): Call => {
    const field = (name: string): string | undefined =>
      call.metadata.get(name).find((value) => typeof value === 'string')
    const refused = refuse({
      authorization: field('authorization'),
      origin: field('origin'),
      site: field('sec-fetch-site'),
      host: call.getHost(),
    })
    if (refused !== undefined) throw refused
    return method.fromBytes(call.request)
  }
  for (const { name: service, methods } of services)
    server.addService(
      Object.fromEntries(methods.map((method) => [method.name, definition(service, method)])),
      Object.fromEntries(
        methods.map((method) => [
          method.name,
          method.kind === 'single'
            ? (call: Unary, callback: sendUnaryData<Buffer>) =>
                void answer(() => read(call, method), callback)
            : (call: Streaming) => void stream(call, () => read(call, method)),
        ]),
      ),
    )
  return server
}

/** Bytes in, bytes out: a mistake in a request gets a clear answer. */
function definition(service: string, { name, kind }: Method): MethodDefinition<Buffer, Buffer> {
  const pass = (bytes: Buffer): Buffer => bytes
  return {
    path: `/${service}/${name}`,
    requestStream: false,
    responseStream: kind === 'stream',
    originalName: name,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  }
}

async function answer(read: () => Call, callback: sendUnaryData<Buffer>): Promise<void> {
  try {
    const call = read()
    if (call.kind !== 'single') throw new ApiError('INTERNAL', 'a stream was called as a single answer')
    const reply = await call.run()
    callback(null, reply.bytes())
  } catch (thrown) {
    const error = apiError(thrown)
    callback({ code: grpcStatus(error), details: error.message })
  }
}

async function stream(streaming: Streaming, read: () => Call): Promise<void> {
  const gone = new AbortController()
  streaming.once('cancelled', () => {
    gone.abort()
  })
  // A broken connection is reported here; nothing can be answered on it.
  streaming.once('error', () => {
    gone.abort()
  })
  try {
    const call = read()
    if (call.kind !== 'stream') throw new ApiError('INTERNAL', 'a single answer was called as a stream')
    for await (const reply of call.run(gone.signal)) {
      if (gone.signal.aborted) return
      if (!streaming.write(reply.bytes())) await drained(streaming, gone.signal)
    }
    streaming.end()
  } catch (thrown) {
    if (gone.signal.aborted) return
    const error = apiError(thrown)
    streaming.emit('error', { code: grpcStatus(error), details: error.message })
  }
}

async function drained(streaming: Streaming, gone: AbortSignal): Promise<void> {
  try {
    await once(streaming, 'drain', { signal: AbortSignal.any([gone, AbortSignal.timeout(patience)]) })
  } catch (error) {
    if (gone.aborted) throw error
    throw new ApiError('DEADLINE_EXCEEDED', `nothing was taken for ${patience / 1000} s`)
  }
}
