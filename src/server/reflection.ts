import { setImmediate as nextTurn } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import type {
  Server,
  ServerDuplexStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { fromJSON, loadSync } from '@grpc/proto-loader'
import type { PackageDefinition } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { protoPath as healthProto } from 'grpc-health-check'
import { stackOf } from '../diagnostics/internal-error.ts'
import { descriptors } from '../xds/proto.ts'
import type { ObserveXds } from './event.ts'

interface Registration {
  readonly definition: ServiceDefinition
  readonly handlers: UntypedServiceImplementation
}

export interface Reflected {
  /** Full names of the services that are listed. */
  readonly services: readonly string[]
  /** Descriptors of services that are neither Envoy's nor health. */
  readonly descriptors: PackageDefinition
  readonly observe: ObserveXds
}

type ReflectionCall = ServerDuplexStream<unknown, unknown>

/**
 * Server reflection (grpc.reflection.v1 and v1alpha) for these services. The descriptors of Envoy's API take
 * half a second to make, so they are made when the first client asks, in steps, so that proxies are served
 * meanwhile.
 */
export function addReflection(server: Server, { services, descriptors: more, observe }: Reflected): void {
  let made: Promise<readonly Registration[]> | undefined
  const answer =
    (index: number, method: string) =>
    async (call: ReflectionCall): Promise<void> => {
      try {
        made ??= make(services, more)
        const handler: unknown = (await made)[index]?.handlers[method]
        if (typeof handler === 'function') Reflect.apply(handler, undefined, [call])
      } catch (error) {
        observe({ kind: 'internal-error', what: 'reflection', stack: stackOf(error) })
        call.emit('error', {
          code: status.INTERNAL,
          details: `the descriptors cannot be made: ${String(error)}`,
        })
      }
    }
  registrations({}, []).forEach(({ definition, handlers }, index) => {
    server.addService(
      definition,
      Object.fromEntries(Object.keys(handlers).map((method) => [method, answer(index, method)])),
    )
  })
}

async function make(services: readonly string[], more: PackageDefinition): Promise<readonly Registration[]> {
  const envoy = envoyPackage()
  await nextTurn()
  const health = loadSync(healthProto, { keepCase: true })
  await nextTurn()
  return registrations({ ...envoy, ...health, ...more }, services)
}

/** The services that reflection adds to a server, one for each version of reflection. */
function registrations(definitions: PackageDefinition, services: readonly string[]): readonly Registration[] {
  const found: Registration[] = []
  const collect = (definition: ServiceDefinition, handlers: UntypedServiceImplementation): number =>
    found.push({ definition, handlers })
  new ReflectionService(definitions, { services: [...services] }).addToServer({ addService: collect })
  return found
}

/**
 * Each entry of a package holds the descriptors of all its files, and costs as much to read as the first: one
 * of Envoy's is enough.
 */
function envoyPackage(): PackageDefinition {
  const envoy = Object.entries(fromJSON(descriptors(), { keepCase: true }))
    .filter(([, entry]) => 'fileDescriptorProtos' in entry)
    .slice(0, 1)
  return Object.fromEntries(envoy)
}
