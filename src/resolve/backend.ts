import type {
  BackendPolicy,
  BackendReference,
  BackendSettings,
  HashPolicy,
  Service,
} from '../model/backend.ts'
import type { Origin } from '../diagnostics/diagnostic.ts'
import type { Labels } from '../model/labels.ts'
import { clusterName, rejectedClusterName } from '../model/names.ts'
import { canFollow, demandedTls, withDemandedTls } from './findings/demanded-tls.ts'
import { policyFor, settingsFor } from './policy.ts'
import { nearestService } from './plan/service-port.ts'
import type { HiddenService, VisibleModel } from './visible-model.ts'

/** A destination as a proxy of the scope finds it. */
export type ResolvedBackend = FoundBackend | MissingBackend | BackendWithoutTls | RejectedBackend

/**
 * A destination that its dialect rejected. Its host is not looked up: the service may exist, and have a
 * cluster.
 */
export interface RejectedBackend {
  readonly kind: 'rejected'
  /** Name of a cluster that never exists: Envoy answers with the route's error. */
  readonly cluster: typeof rejectedClusterName
}

export interface FoundBackend {
  readonly kind: 'found'
  readonly host: string
  readonly port: number
  readonly subset: string | undefined
  /** Name of the cluster for primary requests. */
  readonly cluster: string
  readonly settings: BackendSettings
  readonly service: Service
  /** Labels of the endpoints in the subset; empty if every endpoint belongs to it. */
  readonly labels: Labels
}

/** The backend exists, but proxies of the scope cannot use the TLS that a policy demands for it. */
export interface BackendWithoutTls {
  readonly kind: 'without-tls'
  readonly host: string
  readonly port: number
  /** Name of a cluster that cannot exist. */
  readonly cluster: string
  /** The policy. */
  readonly demandedBy: Origin
}

export interface MissingBackend {
  readonly kind: 'missing'
  readonly what: 'host' | 'port' | 'subset'
  readonly host: string
  readonly port: number
  /** Name of a cluster that does not exist: Envoy answers 503. */
  readonly cluster: string
  /** The host that an ExternalName Service points to, if nothing defines that host. */
  readonly standsFor?: string
  /** The hosts, ports or subsets that do exist. */
  readonly present: readonly string[]
  /** Policies that define the missing subset, but do not apply to these proxies. */
  readonly definedBy: readonly BackendPolicy[]
  /** The service, or that part of it, is there and the proxies of `namespace` may not see it. */
  readonly hidden: (HiddenService & { readonly namespace: string }) | undefined
}

export interface Listening {
  readonly visible: VisibleModel
  /** Port of the listener that took the request: used if a destination names no port. */
  readonly port: number
}

/**
 * Finds the backend of a destination. A destination without a port gets the host's only port, otherwise the
 * listener's. (Istio's sidecars always take the listener's port: their copies to a host with another port are
 * lost.)
 */
export function resolveBackend(
  reference: BackendReference,
  { visible, port: listenerPort }: Listening,
): ResolvedBackend {
  if (reference.rejected === true) return { kind: 'rejected', cluster: rejectedClusterName }
  const service = findService(reference.host, visible)
  const ports = service === undefined ? [] : portsWithClusters(service)
  const [only, ...more] = ports
  const port = reference.port ?? (only !== undefined && more.length === 0 ? only.number : listenerPort)
  const missing = (what: MissingBackend['what'], present: readonly string[]): MissingBackend => {
    const host = service?.host ?? reference.host
    const hidden =
      what === 'subset'
        ? undefined
        : visible
            .hidden(host)
            .find((each) => what === 'host' || each.service.ports.some(({ number }) => number === port))
    return {
      kind: 'missing',
      what,
      host,
      port,
      ...standsFor(reference, service, visible),
      cluster: clusterName(port, reference.subset, host),
      present,
      definedBy:
        what === 'subset'
          ? visible
              .policiesOf(host)
              .filter(({ subsets }) => subsets.some(({ name }) => name === reference.subset))
          : [],
      hidden: hidden === undefined ? undefined : { ...hidden, namespace: visible.scope.namespace },
    }
  }
  if (service === undefined) return missing('host', visible.hosts())
  if (!ports.some((each) => each.number === port))
    return missing(
      'port',
      ports.map((each) => String(each.number)),
    )
  const policy = policyFor(service, visible)
  const { subset } = reference
  if (subset !== undefined && !policy?.subsets.some((each) => each.name === subset)) {
    return missing(
      'subset',
      (policy?.subsets ?? []).map((each) => each.name),
    )
  }
  const demanded = demandedTls(service, port, visible)
  const own = settingsFor(policy, port, subset)
  if (demanded !== undefined && !canFollow(demanded, own, visible)) {
    return {
      kind: 'without-tls',
      host: service.host,
      port,
      cluster: rejectedClusterName,
      demandedBy: demanded.origin,
    }
  }
  const settings = withDemandedTls(own, demanded)
  const labels = policy?.subsets.find((each) => each.name === subset)?.labels ?? {}
  return {
    kind: 'found',
    host: service.host,
    port,
    subset,
    cluster: serviceCluster(service, port, subset),
    settings,
    service,
    labels,
  }
}

function standsFor(
  { host }: BackendReference,
  service: Service | undefined,
  visible: VisibleModel,
): Pick<MissingBackend, 'standsFor'> {
  const name =
    service !== undefined ? undefined : nearestService(visible.services(host), visible.scope)?.externalName
  return name === undefined ? {} : { standsFor: name }
}

/** Name of the cluster for primary requests to a port of a service. */
export function serviceCluster(
  { host, clusterNames }: Service,
  port: number,
  subset: string | undefined,
): string {
  return (subset === undefined ? clusterNames?.[port] : undefined) ?? clusterName(port, subset, host)
}

/** The ports that a service has clusters for. */
export function portsWithClusters({ ports }: Service): Service['ports'] {
  return ports.filter((port) => port.protocol !== 'udp')
}

/** The longest chain of ExternalNames that is followed. */
export const longestAliasChain = 5

/**
 * The service that a proxy means by a name: of several, the one in its namespace, else the first.
 * ExternalNames are followed, except to a service that only routes may name.
 */
export function findService(host: string, visible: VisibleModel): Service | undefined {
  let name = host
  for (let step = 0; step < longestAliasChain; step += 1) {
    const service = nearestService(visible.services(name), visible.scope)
    if (service?.externalName === undefined)
      return step > 0 && service?.namedBy === 'routes' ? undefined : service
    name = service.externalName
  }
  return undefined
}

/** The properties of a request that a consistent-hash load balancer uses; empty for every other balancer. */
export function hashOf(backend: ResolvedBackend): readonly HashPolicy[] {
  const balancer = backend.kind === 'found' ? backend.settings.loadBalancer : undefined
  return balancer !== undefined && 'hash' in balancer ? balancer.hash : []
}
