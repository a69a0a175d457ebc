import { isIP } from 'node:net'
import { objectKey } from '../../diagnostics/diagnostic.ts'
import type {
  BackendPolicy,
  BackendReference,
  EndpointSet,
  Service,
  BackendSettings,
  LoadBalancer,
} from '../../model/backend.ts'
import { objectHost, shortHash } from '../../model/names.ts'
import type { ObjectLookup } from '../dialect.ts'
import { serviceHost } from '../kubernetes/host.ts'
import { serviceOf, serviceReader } from '../kubernetes/service.ts'
import { clusterNameOf, originatesTls } from './cluster-name.ts'
import { indexKey } from './index-key.ts'
import { fieldOf } from './mapping/mapping.ts'
import type { Mapping } from './mapping/mapping.ts'
import { parseServiceName } from './service-name.ts'
import { isGiven } from '../reading/constraint.ts'
import type { MappingSpec } from './mapping/mapping-spec.ts'

/** The destination of a Mapping's requests. */
export interface Upstream {
  readonly backend: BackendReference
  /** The name as Emissary would have its proxy look it up: what `auto_host_rewrite` makes of the Host. */
  readonly hostname: string
  /**
   * The Mapping's own cluster, over the endpoints of a Service or by DNS; absent if the Service or its port
   * does not exist.
   */
  readonly cluster?: Pick<Cluster, 'services' | 'endpoints' | 'policies'>
}

interface Cluster {
  readonly services: readonly Service[]
  readonly endpoints: readonly EndpointSet[]
  readonly policies: readonly BackendPolicy[]
}

export function upstreamOf(mapping: Mapping, lookup: ObjectLookup): Upstream {
  const {
    spec,
    manifest: { id },
  } = mapping
  if (mapping.rejected !== undefined)
    return {
      backend: { host: '', port: undefined, subset: undefined, rejected: true, origin: fieldOf(mapping) },
      hostname: '',
    }
  const { host: hostname, port: written } = parseServiceName(spec.service) ?? { host: '', port: undefined }
  const port = written ?? (originatesTls(spec) ? 443 : 80)
  const origin = fieldOf(mapping, 'service')
  const named = kubernetesName(hostname, id.namespace, lookup)
  const host =
    named === undefined ? undefined : serviceHost(named.name, named.namespace, lookup.settings.domain)
  if (named !== undefined && host !== undefined && !hasPort(named, port, lookup)) {
    return { backend: { host, port, subset: undefined, origin }, hostname }
  }
  const own = clusterHost(mapping)
  return {
    backend: { host: own, port, subset: undefined, origin },
    hostname,
    cluster: clusterOf(mapping, { own, hostname, port, endpointsOf: host }),
  }
}

/** The Mappings of one cluster say the same of it; the first of them declares it. */
export function declaresCluster(mapping: Mapping, lookup: ObjectLookup): boolean {
  return lookup.firstIndexed(indexKey.cluster(clusterNameOf(mapping))) === objectKey(mapping.manifest.id)
}

interface KubernetesName {
  readonly namespace: string
  readonly name: string
}

/**
 * The Service that a host name means: `name` beside the Mapping, or `name.namespace`, with or without `.svc`
 * and the cluster's domain. In `a.b`, b is a namespace if one of that name exists; otherwise the whole is a
 * DNS name, like `example.com`.
 */
function kubernetesName(
  hostname: string,
  namespace: string,
  lookup: ObjectLookup,
): KubernetesName | undefined {
  if (hostname === 'localhost' || isIP(hostname) !== 0) return undefined
  const { domain } = lookup.settings
  const local = [`.svc.${domain}`, '.svc'].find((suffix) => hostname.endsWith(suffix))
  const [name = '', other, ...more] = (
    local === undefined ? hostname : hostname.slice(0, -local.length)
  ).split('.')
  if (more.length > 0 || (local !== undefined && other === undefined)) return undefined
  if (other === undefined) return { name, namespace }
  return local !== undefined || isNamespace(other, lookup) ? { name, namespace: other } : undefined
}

function isNamespace(name: string, { manifest, manifestsOf }: ObjectLookup): boolean {
  return (
    manifestsOf({ group: '', kind: 'Service' }, name).length > 0 ||
    manifest({ group: '', kind: 'Namespace', namespace: '', name }) !== undefined
  )
}

function hasPort({ namespace, name }: KubernetesName, port: number, lookup: ObjectLookup): boolean {
  const id = { group: '', kind: 'Service', namespace, name }
  const manifest = lookup.manifest(id)
  const value = lookup.value(serviceReader, id)
  if (manifest === undefined || value === undefined) return false
  const { ports, externalName } = serviceOf(manifest, value, lookup.settings)
  return (
    externalName === undefined && ports.some(({ number, protocol }) => number === port && protocol !== 'udp')
  )
}

function clusterHost(mapping: Mapping): string {
  const name = clusterNameOf(mapping)
  const unique = name === name.toLowerCase() ? name : `${name}-${shortHash(name)}`
  return objectHost({
    group: 'getambassador.io',
    kind: 'cluster',
    namespace: mapping.manifest.id.namespace,
    name: unique,
  })
}

interface ClusterParts {
  readonly own: string
  readonly hostname: string
  readonly port: number
  /** A Service's host; undefined: the name is looked up in DNS. */
  readonly endpointsOf: string | undefined
}

function clusterOf(mapping: Mapping, { own, hostname, port, endpointsOf }: ClusterParts): Cluster {
  const {
    spec,
    manifest: {
      id: { namespace },
      created,
    },
  } = mapping
  const name = clusterNameOf(mapping)
  const origin = fieldOf(mapping, 'service')
  const service: Service = {
    host: own,
    name,
    namespace,
    ports: [
      { number: port, name: '', protocol: spec.grpc === true ? 'http2' : 'http1', targetPort: undefined },
    ],
    discovery: endpointsOf === undefined ? 'strict-dns' : 'endpoints',
    aliases: [],
    addresses: [],
    // Not marked as external, because the advice for external hosts is to keep the Host of copies, and a
    // Mapping cannot.
    external: false,
    selector: undefined,
    externalName: undefined,
    namedBy: 'routes',
    ...(endpointsOf === undefined ? {} : { endpointsOf: { [port]: { host: endpointsOf, port } } }),
    clusterNames: { [port]: name },
    visibility: 'everywhere',
    origin,
  }
  const settings = { all: clusterSettings(spec), ports: {} }
  return {
    services: [service],
    endpoints:
      endpointsOf === undefined
        ? [
            {
              host: own,
              endpoints: [
                { address: hostname, ports: { [port]: port }, labels: {}, weight: 1, locality: '' },
              ],
              origin,
            },
          ]
        : [],
    policies: [
      { host: own, namespace, name, visibility: 'everywhere', created, settings, subsets: [], origin },
    ],
  }
}

/** Emissary's default for `connect_timeout_ms`. */
const connectTimeout = 3000

/**
 * Connection settings of a Mapping's cluster: Emissary balances round robin, and verifies no certificate of
 * an upstream.
 */
function clusterSettings(spec: MappingSpec): BackendSettings {
  const {
    cluster_idle_timeout_ms: idleTimeout,
    cluster_max_connection_lifetime_ms: maxConnectionDuration,
    keepalive,
  } = spec
  return {
    connectTimeout: spec.connect_timeout_ms ?? connectTimeout,
    loadBalancer: balancerOf(spec.load_balancer),
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(maxConnectionDuration === undefined ? {} : { maxConnectionDuration }),
    ...(keepalive === undefined ? {} : { tcpKeepalive: keepaliveOf(keepalive) }),
    ...breakersOf(spec),
    ...(originatesTls(spec)
      ? {
          tls: {
            certificate: undefined,
            verification: 'none',
            sni: isGiven(spec.host_rewrite) ? spec.host_rewrite : undefined,
            appliesTo: 'all',
          },
        }
      : {}),
  }
}

function keepaliveOf({
  probes,
  idle_time: idle,
  interval,
}: NonNullable<MappingSpec['keepalive']>): NonNullable<BackendSettings['tcpKeepalive']> {
  return {
    ...(probes === undefined ? {} : { probes }),
    ...(idle === undefined ? {} : { time: idle * 1000 }),
    ...(interval === undefined ? {} : { interval: interval * 1000 }),
  }
}

/** The circuit breakers of the default priority: no route here has the high one. */
function breakersOf({ circuit_breakers: declared = [] }: MappingSpec): BackendSettings {
  const breaker = declared.find((each) => each !== undefined && each.priority !== 'high')
  if (breaker === undefined) return {}
  const {
    max_connections: maxConnections,
    max_pending_requests: maxPendingRequests,
    max_requests: maxRequests,
    max_retries: maxRetries,
  } = breaker
  return {
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(maxPendingRequests === undefined ? {} : { maxPendingRequests }),
    ...(maxRequests === undefined ? {} : { maxRequests }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
  }
}

/** Envoy's own default of `minimum_ring_size`. */
const minimumRingSize = 1024

function balancerOf(declared: MappingSpec['load_balancer']): LoadBalancer {
  const { policy = 'round_robin', cookie, header } = declared ?? {}
  const hash =
    cookie !== undefined
      ? [{ kind: 'cookie', name: cookie.name, path: cookie.path, ttl: cookie.ttl } as const]
      : header !== undefined
        ? [{ kind: 'header', name: header } as const]
        : [{ kind: 'source-ip' } as const]
  switch (policy) {
    case 'round_robin':
      return { kind: 'round-robin' }
    case 'least_request':
      return { kind: 'least-request' }
    case 'ring_hash':
      return { kind: 'ring-hash', minimumRingSize, hash }
    case 'maglev':
      return { kind: 'maglev', tableSize: undefined, hash }
  }
}
