import type { Server, ServerUnaryCall, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import type { PackageDefinition, MessageTypeDefinition } from '@grpc/proto-loader'
import { stackOf } from '../diagnostics/internal-error.ts'
import type { Principal } from './authentication.ts'
import type { ObserveXds } from './event.ts'
import type { HostedCalls } from './hosted-call.ts'

/**
 * A gRPC service on the port of the xDS server, such as access logs, metrics or external processing. Its
 * calls share connections with discovery, and are bounded by the same limits (hosted-call.ts).
 */
export interface HostedService {
  /**
   * Its methods. Reflection describes a definition that @grpc/proto-loader made, and one of a service in
   * proto/envoy.proto.
   */
  readonly definition: ServiceDefinition
  /** The handlers for one caller; undefined if the server authenticates nobody. */
  readonly handlers: (principal: Principal | undefined) => UntypedServiceImplementation
  /** Calls at a time; if absent, as many as there may be streams of discovery. */
  readonly streams?: number
}

/** The full name of the service, as in its methods' paths. Throws for a definition without methods. */
export function nameOf({ definition }: HostedService): string {
  const [, name] = Object.values(definition)[0]?.path.split('/') ?? []
  if (name === undefined) throw new Error('a hosted service has no methods')
  return name
}

/** A server that hosts services, and counts their calls. */
export interface Host {
  readonly server: Server
  readonly calls: HostedCalls
  /** Calls at a time of a service that does not say how many it takes. */
  readonly streams: number
  readonly observe: ObserveXds
}

/** Adds the service to the server. Throws if the server has it already. */
export function host(service: HostedService, { server, calls, streams, observe }: Host): void {
  const name = nameOf(service)
  calls.add(name, service.definition, service.streams ?? streams)
  const methods = Object.entries(service.definition)
  server.addService(
    // Requests are decoded in hosted-call.ts, which counts their bytes.
    Object.fromEntries(
      methods.map(([key, method]) => [key, { ...method, requestDeserialize: (bytes) => bytes }]),
    ),
    Object.fromEntries(
      methods.map(([key, { originalName }]) => [
        key,
        (call: ServerUnaryCall<unknown, unknown>, ...rest: readonly unknown[]): void => {
          try {
            const handlers = service.handlers(calls.principalOf(call))
            const handler = handlers[key] ?? handlers[originalName ?? '']
            if (handler === undefined) throw new Error(`${name} has no handler ${key}`)
            Reflect.apply(handler, handlers, [call, ...rest])
          } catch (error) {
            observe({ kind: 'internal-error', what: `${name}/${key}`, stack: stackOf(error) })
            throw error
          }
        },
      ]),
    ),
  )
}

/** Descriptors of the hosted services, for reflection; each entry has those of all files that it needs. */
export function descriptorsOf(services: readonly HostedService[]): PackageDefinition {
  return Object.fromEntries(
    services.flatMap((service) => {
      const [method] = Object.values(service.definition)
      const type: unknown = method === undefined ? undefined : Reflect.get(method, 'requestType')
      return isTypeDefinition(type) ? [[nameOf(service), type]] : []
    }),
  )
}

function isTypeDefinition(value: unknown): value is MessageTypeDefinition<object, object> {
  return typeof value === 'object' && value !== null && 'fileDescriptorProtos' in value
}
