import { status } from '@grpc/grpc-js'
import type { MethodDefinition, Server, ServerDuplexStream } from '@grpc/grpc-js'
import { stackOf } from '../../diagnostics/internal-error.ts'
import type { Gate, Principal } from '../authentication.ts'
import type { ClientState } from './client-state.ts'
import { clientStatusResponse, statusQuestion, StatusQuestionError } from './client-status.ts'
import type { ObserveXds } from '../event.ts'
import { StatusAnswers, TooManyBytes } from './status-answers.ts'

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
