import { nameOf } from '../../diagnostics/finding.ts'
import type { JsonObject } from '../../manifest/manifest.ts'
import type { BackendReference, Service } from '../../model/backend.ts'
import { nameOfBackend } from '../written.ts'
import type { Writable } from '../written.ts'

/** Names backends as the Gateway API does: Services of Kubernetes, by port. */
export interface Backends {
  /** A BackendObjectReference from a route of the namespace, or why there is none. */
  reference(backend: BackendReference, from: ReferenceSite): JsonObject | string
  /** `<namespace of the route> <namespace of the Service>` of the references that need a ReferenceGrant. */
  readonly crossings: ReadonlySet<string>
}

export interface ReferenceSite {
  readonly namespace: string
  /** Port of the listener, for a backend that names none; undefined where there are several. */
  readonly port: number | undefined
}

export function createBackends({ services, settings: { domain } }: Writable): Backends {
  const byHost = new Map(services.map((service) => [service.host, service]))
  const named = (host: string): NamedService | undefined => byHost.get(host) ?? unknownService(host, domain)
  const crossings = new Set<string>()
  return {
    crossings,
    reference(backend, { namespace, port: listenerPort }) {
      if (backend.refused === true) return `${nameOfBackend(backend)} may not be used, or is not there`
      const first = named(backend.host)
      const [only, ...more] = first?.ports ?? []
      const namedPort = backend.port ?? (only !== undefined && more.length === 0 ? only.number : first?.ports.find(({ number }) => number === listenerPort)?.number)
      const behind = first?.endpointsOf?.[namedPort ?? 0]
      const service = behind === undefined ? first : named(behind.host)
      const port = behind?.port ?? namedPort
      const mistake = whyNot(service, backend, port)
      if (mistake !== undefined || service === undefined) return mistake ?? ''
      if (behind?.labels !== undefined && Object.keys(behind.labels).length > 0) return `${nameOf(first?.origin ?? backend.origin)} selects pods of its Service by label, and the Gateway API has no subsets`
      if (service.namespace !== namespace) crossings.add(`${namespace} ${service.namespace}`)
      return { name: service.name, ...(service.namespace === namespace ? {} : { namespace: service.namespace }), ...(port === undefined ? {} : { port }) }
    },
  }
}

type NamedService = Pick<Service, 'name' | 'namespace' | 'ports' | 'origin' | 'endpointsOf'>

/** A Service that is not among the files, which its name in the cluster tells. */
function unknownService(host: string, domain: string): NamedService | undefined {
  const suffix = `.svc.${domain}`
  const [name = '', namespace = '', ...more] = host.endsWith(suffix) ? host.slice(0, -suffix.length).split('.') : []
  return name === '' || namespace === '' || more.length > 0 ? undefined : { name, namespace, ports: [], origin: { object: { group: '', kind: 'Service', namespace, name }, path: [] } }
}

function whyNot(service: NamedService | undefined, { host, subset }: BackendReference, port: number | undefined): string | undefined {
  if (service === undefined) return `${host} is no Service that is known here`
  if (service.origin.object.group !== '') return `${host} is a ${service.origin.object.kind}, which the Gateway API cannot name`
  if (subset !== undefined) return `subset ${subset} of ${host}: the Gateway API has no subsets; write a Service that selects its labels`
  return port === undefined ? `${host} without a port: it has several` : undefined
}
