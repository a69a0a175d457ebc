import { isIP } from 'node:net'
import type { Diagnostic, Origin } from '../diagnostics/diagnostic.ts'
import type { BackendSettings, Discovery, Endpoint, Protocol, Service } from '../model/backend.ts'
import { hasLabels } from '../model/labels.ts'
import { strictest } from '../model/mirror.ts'
import type { MirrorLimits } from '../model/mirror.ts'
import { mirrorClusterName } from '../model/names.ts'
import { findService, portsWithClusters, serviceCluster } from './backend.ts'
import type { FoundBackend } from './backend.ts'
import { canFollow, demandedTls, withDemandedTls } from './findings/demanded-tls.ts'
import { understoodSettings } from './findings/older-envoy.ts'
import { placed, planLocalities } from './locality.ts'
import type { LocalityPlan } from './locality.ts'
import { policyFor, settingsFor } from './policy.ts'
import type { ClusterUse, EndpointTarget } from './resolved.ts'
import { resolveUpstreamTls } from './secrets/secret-use.ts'
import type { ResolvedUpstreamTls } from './secrets/secret-use.ts'
import type { VisibleModel } from './visible-model.ts'

type EndpointSource = NonNullable<Service['endpointsOf']>[number]

/** A cluster as the proxies of one scope get it. */
export interface ResolvedCluster {
  readonly name: string
  readonly discovery: Discovery
  /** Name of its load assignment: that of the primary's cluster, also for a mirror's own cluster. */
  readonly assignment: string
  readonly localities: Pick<LocalityPlan, 'weights' | 'isWeighted'>
  /** The endpoints of the subset, for this port. */
  readonly endpoints: readonly ResolvedEndpoint[]
  readonly protocol: Protocol
  readonly settings: Omit<BackendSettings, 'tls'>
  /** Undefined: plain text. */
  readonly tls: ResolvedUpstreamTls | undefined
  /** Present only if nothing but mirrors uses the cluster. */
  readonly limits: MirrorLimits | undefined
  readonly origins: readonly Origin[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface ResolvedEndpoint extends Pick<Endpoint, 'weight' | 'locality' | 'address' | 'health'> {
  readonly port: number
  /** 0 is the first. */
  readonly priority: number
}

export interface HostQuestions {
  readonly visible: VisibleModel
  /** All endpoints of a host. */
  readonly endpoints: (host: string) => readonly Endpoint[]
  /** The uses of a cluster by the virtual hosts of the scope. */
  readonly usesOf: (cluster: string) => readonly ClusterUse[]
}

/**
 * The clusters of a host: one for each port, one for each port and subset, and the dedicated clusters of
 * mirrors.
 */
export function clustersOfHost(
  host: string,
  { visible, endpoints: endpointsOf, usesOf }: HostQuestions,
): readonly ResolvedCluster[] {
  const service = findService(host, visible)
  if (service?.host !== host) return []
  const policy = policyFor(service, visible)
  const subsets = [undefined, ...(policy?.subsets ?? [])]
  return portsWithClusters(service).flatMap((port) =>
    subsets.flatMap((subset) => {
      const name = serviceCluster(service, port.number, subset?.name)
      const source: EndpointSource = service.endpointsOf?.[port.number] ?? { host, port: port.number }
      const selected = endpointsOf(source.host).filter(({ labels }) =>
        hasLabels(labels, { ...source.labels, ...subset?.labels }),
      )
      const demanded = isOpaque(port, usesOf(name), visible)
        ? undefined
        : demandedTls(service, port.number, visible)
      const understood = understoodSettings(
        settingsFor(policy, port.number, subset?.name),
        visible.scope,
        policy?.origin,
      )
      if (demanded !== undefined && !canFollow(demanded, understood.value, visible)) return []
      const settings = withDemandedTls(understood.value, demanded)
      const { priorityOf, ...localities } = planLocalities(settings, selected, {
        scope: visible.scope,
        mesh: visible.settings,
      })
      const members = placed(
        selected.flatMap((endpoint) =>
          endpointOf(endpoint, source.port).map((each) => ({ ...each, priority: priorityOf(endpoint) })),
        ),
        localities,
      )
      const common = {
        ...usable(discoveryFor(service, visible), members),
        localities,
        assignment: name,
        protocol: port.protocol,
        ...settled(withPeerNames(settings, service), port.protocol, visible),
        origins: policy === undefined ? [service.origin] : [policy.origin, service.origin],
        diagnostics: understood.diagnostics,
      }
      const dedicated = mirrorClusterName(port.number, subset?.name, service.host)
      const dedicatedUses = usesOf(dedicated)
      return [
        { ...common, name, limits: mirrorLimits(usesOf(name)) },
        ...(dedicatedUses.length === 0
          ? []
          : [
              {
                ...common,
                ...usable(mirrorDiscoveryFor(service, visible), members),
                name: dedicated,
                limits: mirrorLimits(dedicatedUses),
              },
            ]),
      ]
    }),
  )
}

/** Whether sidecars only pass on what their clients encrypt themselves. */
function isOpaque(
  { protocol }: Service['ports'][number],
  uses: readonly ClusterUse[],
  { scope }: VisibleModel,
): boolean {
  return scope.role === 'sidecar' && protocol === 'tls' && uses.length === 0
}

/**
 * The strictest of every limit if all uses are mirrors. A primary use lifts them, because no mirror may
 * throttle a primary.
 */
function mirrorLimits(uses: readonly ClusterUse[]): MirrorLimits | undefined {
  const limits = uses.map((use) => (use.by === 'mirror' ? use.limits : undefined))
  return limits.reduce(
    (sum, each) => (sum === undefined || each === undefined ? undefined : strictest(sum, each)),
    limits[0],
  )
}

/**
 * Bound listeners know no original destination: there a headless Service is reached by its endpoints, as
 * gateways do. A host that has no endpoints at all keeps the kind of cluster that Istio gives it.
 */
export function discoveryFor(service: Service, { scope }: VisibleModel): Discovery {
  if (service.discovery === 'strict-dns' && scope.role === 'grpc') return 'logical-dns'
  if (service.discovery !== 'original-destination' || scope.interception === 'redirect')
    return service.discovery
  return scope.role !== 'sidecar' || service.selector !== undefined ? 'endpoints' : 'original-destination'
}

/**
 * The discovery of a mirror's cluster. A copy goes to the service's own endpoints; the original destination
 * is where the primary request goes.
 */
export function mirrorDiscoveryFor(service: Service, visible: VisibleModel): Discovery {
  const discovery = discoveryFor(service, visible)
  return discovery === 'original-destination' && service.selector !== undefined ? 'endpoints' : discovery
}

/** The settings, and what comes of those for TLS. */
function settled(
  { tls, ...settings }: BackendSettings,
  protocol: Protocol,
  visible: VisibleModel,
): Pick<ResolvedCluster, 'settings' | 'tls'> {
  return {
    settings: settingsOfRole(settings, protocol, visible),
    tls: resolveUpstreamTls(tls, visible.scope),
  }
}

/**
 * gRPC refuses a cluster with a balancer that it lacks: it has round robin (proposal A27) and ring hash
 * (A42).
 */
function settingsOfRole(
  settings: BackendSettings,
  protocol: Protocol,
  { scope }: VisibleModel,
): BackendSettings {
  // A sidecar passes a detected protocol on unchanged. A gateway's clients do not know which protocol the
  // backend speaks.
  if (scope.role === 'sidecar' && protocol === 'detect' && settings.upgradeToHttp2 === undefined)
    return { ...settings, useClientProtocol: true }
  if (scope.role !== 'grpc' || settings.loadBalancer?.kind === 'ring-hash') return settings
  return { ...settings, loadBalancer: { kind: 'round-robin' } }
}

/**
 * The endpoints that Envoy can use. A cluster that a route may name always exists: a DNS cluster without a
 * name becomes one without endpoints (Istio omits it). EDS accepts addresses only; LOGICAL_DNS has exactly
 * one name.
 */
function usable(
  discovery: Discovery,
  endpoints: readonly ResolvedEndpoint[],
): Pick<ResolvedCluster, 'discovery' | 'endpoints'> {
  switch (discovery) {
    case 'strict-dns':
    case 'logical-dns': {
      if (endpoints.length === 0) return { discovery: 'endpoints', endpoints }
      return { discovery, endpoints: discovery === 'logical-dns' ? endpoints.slice(0, 1) : endpoints }
    }
    case 'endpoints':
      return {
        discovery,
        endpoints: endpoints.filter(({ address }) => isIP(address) !== 0 || address.startsWith('unix://')),
      }
    case 'original-destination':
      return { discovery, endpoints: [] }
  }
}

function endpointOf(endpoint: Endpoint, port: number): readonly Omit<ResolvedEndpoint, 'priority'>[] {
  const target = endpoint.ports[port]
  const { address, weight, locality, health } = endpoint
  return target === undefined
    ? []
    : [{ address, port: target, weight, locality, ...(health === undefined ? {} : { health }) }]
}

/** The endpoints that requests to a backend go to; undefined if the cluster does not use endpoints. */
export function endpointTarget(
  { service, host, port, labels }: FoundBackend,
  discovery: Discovery,
): EndpointTarget | undefined {
  const source = service.endpointsOf?.[port]
  return discovery === 'endpoints'
    ? { host, port, ...source, labels: { ...source?.labels, ...labels } }
    : undefined
}

/** Adds the names that the service declares to TLS settings that verify no name. */
function withPeerNames(
  settings: BackendSettings,
  { subjectAltNames = [] }: Pick<Service, 'subjectAltNames'>,
): BackendSettings {
  const { tls } = settings
  if (
    tls === undefined ||
    tls.verification === 'none' ||
    tls.verification.subjectAltNames.length > 0 ||
    subjectAltNames.length === 0
  )
    return settings
  return { ...settings, tls: { ...tls, verification: { ...tls.verification, subjectAltNames } } }
}
