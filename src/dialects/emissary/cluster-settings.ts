import type { BackendSettings, LoadBalancer } from '../../model/backend.ts'
import { isGiven } from '../reading/constraint.ts'
import { originatesTls } from './cluster-name.ts'
import type { MappingSpec } from './mapping/mapping-spec.ts'

/** Emissary's default for `connect_timeout_ms`. */
const connectTimeout = 3000

/**
 * Connection settings of a Mapping's cluster: Emissary balances round robin, and verifies no certificate of
 * an upstream.
 */
export function clusterSettings(spec: MappingSpec): BackendSettings {
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
