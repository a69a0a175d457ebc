import { setImmediate as nextTurn } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import type { MethodDefinition, Server, ServerDuplexStream } from '@grpc/grpc-js'
import { stackOf } from '../../diagnostics/internal-error.ts'
import type { Gate, Principal } from '../authentication.ts'
import type { ClientState } from './client-state.ts'
import { clientStatusResponse, statusQuestion, StatusQuestionError } from './client-status.ts'
import type { ObserveXds } from '../event.ts'

export const clientStatusName = 'envoy.service.status.v3.ClientStatusDiscoveryService'

interface ClientStatusOptions {
  /** The state of each connected client, read only as far as a response needs it. */
  readonly clients: () => Iterable<ClientState>
  readonly gate: Gate
  readonly observe: ObserveXds
}

/** Responses are lists of parts, so that parts which they share with other messages are not copied. */
type ClientStatusCall = ServerDuplexStream<Buffer, readonly Buffer[]>

/**
 * Adds Envoy's Client Status Discovery Service: the resources that each connected client has, and those that
 * it rejects (envoy/service/status/v3/csds.proto). A caller of a namespace sees the proxies of that
 * namespace.
 */
export function addClientStatus(server: Server, { clients, gate, observe }: ClientStatusOptions): void {
  const answers = new StatusAnswers()
  const give = async (
    call: ClientStatusCall,
    request: Buffer,
    principal: Principal | undefined,
  ): Promise<void> => {
    try {
      const question = statusQuestion(request)
      await answers.give(call, () => clientStatusResponse(shownTo(principal, clients()), question))
    } catch (error) {
      const failure = failureOf(error)
      if (failure.code === status.INTERNAL)
        observe({ kind: 'internal-error', what: 'client status', stack: stackOf(error) })
      call.emit('error', failure)
    }
  }
  const open = (call: ClientStatusCall): void => {
    const enter = (principal: Principal | undefined): void => {
      let last = Promise.resolve()
      call.on('data', (request: Buffer) => {
        last = last.then(() => give(call, request, principal))
      })
      call.on('end', () => {
        void last.then(() => call.end())
      })
    }
    gate.admit(call, {
      enter,
      deny: (error) => {
        call.emit('error', error)
      },
    })
  }
  server.addService(
    { StreamClientStatus: method('StreamClientStatus'), FetchClientStatus: method('FetchClientStatus') },
    { StreamClientStatus: open, FetchClientStatus: open },
  )
}

function* shownTo(principal: Principal | undefined, clients: Iterable<ClientState>): Iterable<ClientState> {
  for (const client of clients) {
    if (principal?.namespace === undefined || client.proxy.scope.namespace === principal.namespace)
      yield client
  }
}

/** Both methods are streams here: a unary call is a stream of one request, on the wire. */
function method(name: string): MethodDefinition<Buffer, readonly Buffer[]> {
  const pass = (bytes: Buffer): Buffer => bytes
  return {
    path: `/${clientStatusName}/${name}`,
    requestStream: true,
    responseStream: true,
    originalName: name,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: (parts) => Buffer.concat(parts),
    responseDeserialize: (bytes) => [bytes],
  }
}

function failureOf(error: unknown): { readonly code: status; readonly details: string } {
  if (error instanceof StatusQuestionError) return { code: status.INVALID_ARGUMENT, details: error.message }
  if (error instanceof TooManyBytes) return { code: status.RESOURCE_EXHAUSTED, details: error.message }
  return { code: status.INTERNAL, details: `shadowplane failed on this request: ${String(error)}` }
}

/** Bytes of all answers that are being made, or that their readers have not taken. */
const mostBytes = 128 * 1024 * 1024
/** Milliseconds of making an answer, between turns of the event loop. */
const slice = 10
/** Smaller buffers are joined. */
const leastAlone = 16 * 1024
const joinedLength = 64 * 1024

type Call = ServerDuplexStream<Buffer, readonly Buffer[]>

/** Too many bytes: the message says what the caller can do. */
class TooManyBytes extends Error {}

/**
 * Makes large answers: one at a time, in slices, so that proxies are served meanwhile; the bytes of all are
 * bounded.
 */
class StatusAnswers {
  #last: Promise<unknown> = Promise.resolve()
  #bytes = 0

  /**
   * Makes a response and writes it; resolves when the client has received it, or is disconnected. Throws
   * TooManyBytes.
   */
  async give(call: Call, pieces: () => Iterable<readonly Buffer[]>): Promise<void> {
    const parts = new Parts()
    try {
      const made = this.#last.then(() => this.#make(call, pieces, parts))
      this.#last = made.catch(() => {})
      await made
      if (!call.cancelled) await taken(call, parts.all())
    } finally {
      this.#bytes -= parts.length
    }
  }

  async #make(call: Call, pieces: () => Iterable<readonly Buffer[]>, parts: Parts): Promise<void> {
    let end = performance.now() + slice
    for (const piece of pieces()) {
      for (const buffer of piece) this.#add(buffer, parts)
      if (performance.now() < end) continue
      await nextTurn()
      if (call.cancelled) return
      end = performance.now() + slice
    }
  }

  #add(buffer: Buffer, parts: Parts): void {
    if (this.#bytes + buffer.length > mostBytes) {
      const most = `${mostBytes / 1024 / 1024} MiB`
      throw new TooManyBytes(
        parts.length + buffer.length > mostBytes
          ? `the answer is larger than ${most}: match fewer nodes, or set exclude_resource_contents`
          : `all answers that wait for their readers have ${most}, which is the limit: try again later, ` +
              `match fewer nodes, or set exclude_resource_contents`,
      )
    }
    this.#bytes += buffer.length
    parts.add(buffer)
  }
}

/**
 * Joins small buffers, and leaves large ones as they are, so that what other messages share is not copied.
 */
class Parts {
  readonly #whole: Buffer[] = []
  #small: Buffer[] = []
  #smallLength = 0
  length = 0

  add(buffer: Buffer): void {
    this.length += buffer.length
    if (buffer.length >= leastAlone) {
      this.#join()
      this.#whole.push(buffer)
      return
    }
    this.#small.push(buffer)
    this.#smallLength += buffer.length
    if (this.#smallLength >= joinedLength) this.#join()
  }

  all(): readonly Buffer[] {
    this.#join()
    return this.#whole
  }

  #join(): void {
    if (this.#small.length > 0) this.#whole.push(Buffer.concat(this.#small))
    this.#small = []
    this.#smallLength = 0
  }
}

function taken(call: Call, parts: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('cancelled', done)
      resolve()
    }
    call.once('cancelled', done)
    call.write(parts, done)
  })
}
