import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { BackendReference, Service } from '../../model/backend.ts'
import { nameOf } from '../../diagnostics/finding.ts'
import { present } from '../rendered.ts'
import type { Remarks, Writable } from '../rendered.ts'

/** A host that no name server ever knows (RFC 2606), for a destination that may not be reached. */
export const nowhere = 'not-permitted.invalid'

/** Names backends as Istio does. */
export interface Backends {
  /** Istio's Destination. */
  destination(backend: BackendReference, remarks: Remarks): JsonObject
  /** Services that need a ServiceEntry, as routes name them and Kubernetes does not have them. */
  readonly named: ReadonlySet<Service>
}

export function createBackends({ services }: Writable): Backends {
  const byHost = new Map(services.map((service) => [service.host, service]))
  const named = new Set<Service>()
  return {
    named,
    destination(backend, remarks) {
      const { host, subset } = backend
      const service = byHost.get(host)
      const port = backend.port ?? onlyPort(service)
      const behind = service?.endpointsOf?.[port ?? 0]
      if (behind?.labels !== undefined && Object.keys(behind.labels).length > 0) {
        remarks.add(
          ['host'],
          `not carried, the selector of ${nameOf(service?.origin ?? backend.origin)}: all pods of the ` +
            `Service get requests`,
        )
      }
      if (behind !== undefined) return destinationOf(behind.host, behind.port, undefined)
      if (service === undefined || isKubernetes(service) || isOfIstio(service))
        return destinationOf(host, backend.port, subset)
      named.add(service)
      return destinationOf(entryHost(host), port, subset)
    },
  }
}

function destinationOf(host: string, port: number | undefined, subset: string | undefined): JsonObject {
  return present<Json>({ host, port: port === undefined ? undefined : { number: port }, subset })
}

function onlyPort(service: Service | undefined): number | undefined {
  const [only, ...more] = service?.ports ?? []
  return more.length === 0 ? only?.number : undefined
}

function isKubernetes({ origin }: Service): boolean {
  return origin.object.group === ''
}

function isOfIstio({ origin }: Service): boolean {
  return origin.object.group === 'networking.istio.io'
}

/** The host of the ServiceEntry for a service: only what a name for DNS may have. */
export function entryHost(host: string): string {
  return host.replaceAll(/[^a-z0-9.-]/g, '-')
}
