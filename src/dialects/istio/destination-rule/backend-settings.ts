import type {
  BackendSettings,
  HashPolicy,
  LoadBalancer,
  OutlierDetection,
  PortSettings,
  RetryBudget,
  Warmup,
} from '../../../model/backend.ts'
import type { UpstreamTls } from '../../../model/tls.ts'
import type { ClientTls } from './client-tls.ts'
import { localityBalancing } from './locality.ts'
import { tcpKeepaliveOf } from './tcp-keepalive.ts'
import type { PolicyBlocks, TrafficPolicy } from './traffic-policy.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Settings by port with Istio's precedence applied: a port's settings replace the host's whole; over them a
 * subset's policy counts block by block, and a subset's own settings for the port replace every block, also
 * the absent ones. `tlsOf` reads the TLS settings of any of the two.
 */
export function portSettings(
  host: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  tlsOf: TlsOf,
): PortSettings {
  const hostPorts = byPort(host)
  const subsetPorts = byPort(subset)
  const numbers = [...new Set([...hostPorts.keys(), ...subsetPorts.keys()])].toSorted((a, b) => a - b)
  const settingsOf = (base: PolicyBlocks | undefined, port: number | undefined): BackendSettings => {
    const own = port === undefined ? undefined : subsetPorts.get(port)
    return backendSettings(
      own === undefined ? overlay(base ?? {}, subset ?? {}) : { ...own, retryBudget: base?.retryBudget },
      tlsOf,
    )
  }
  return {
    all: settingsOf(host, undefined),
    ports: Object.fromEntries(numbers.map((port) => [port, settingsOf(hostPorts.get(port) ?? host, port)])),
  }
}

export type TlsOf = (value: ClientTls) => UpstreamTls | undefined

function byPort(policy: TrafficPolicy | undefined): ReadonlyMap<number, PolicyBlocks> {
  return new Map(
    (policy?.portLevelSettings ?? []).flatMap((each) =>
      each === undefined ? [] : [[each.port.number, each] as const],
    ),
  )
}

function overlay(base: PolicyBlocks, over: PolicyBlocks): PolicyBlocks {
  return {
    connectionPool: over.connectionPool ?? base.connectionPool,
    outlierDetection: over.outlierDetection ?? base.outlierDetection,
    loadBalancer: over.loadBalancer ?? base.loadBalancer,
    tls: over.tls ?? base.tls,
    retryBudget: over.retryBudget ?? base.retryBudget,
  }
}

function backendSettings(
  { connectionPool, outlierDetection, loadBalancer, tls, retryBudget }: PolicyBlocks,
  tlsOf: TlsOf,
): BackendSettings {
  const { tcp, http } = connectionPool ?? {}
  return defined({
    connectTimeout: tcp?.connectTimeout,
    maxConnections: positive(tcp?.maxConnections),
    maxPendingRequests: positive(http?.http1MaxPendingRequests),
    maxRequests: positive(http?.http2MaxRequests),
    maxRetries: positive(http?.maxRetries),
    maxRequestsPerConnection: positive(http?.maxRequestsPerConnection),
    maxConcurrentStreams: positive(http?.maxConcurrentStreams),
    maxConnectionDuration: tcp?.maxConnectionDuration,
    idleTimeout: http?.idleTimeout ?? tcp?.idleTimeout,
    tcpKeepalive: tcp?.tcpKeepalive === undefined ? undefined : tcpKeepaliveOf(tcp.tcpKeepalive),
    upgradeToHttp2: http?.h2UpgradePolicy === 'UPGRADE' ? (true as const) : undefined,
    useClientProtocol: http?.useClientProtocol === true ? (true as const) : undefined,
    outlierDetection: outlierDetection === undefined ? undefined : outliers(outlierDetection),
    http2Keepalive:
      http?.http2KeepAlive === undefined
        ? undefined
        : { timeout: http.http2KeepAlive.timeout, ...defined({ interval: http.http2KeepAlive.interval }) },
    loadBalancer: loadBalancer === undefined ? undefined : balancer(loadBalancer),
    locality:
      loadBalancer?.localityLbSetting === undefined
        ? undefined
        : (localityBalancing(loadBalancer.localityLbSetting) ?? ('off' as const)),
    warmup: warmupOf(loadBalancer),
    retryBudget: retryBudget === undefined ? undefined : budget(retryBudget),
    tls: tls === undefined ? undefined : tlsOf(tls),
  })
}

function outliers(value: NonNullable<PolicyBlocks['outlierDetection']>): OutlierDetection {
  return defined({
    consecutive5xx: value.consecutive5xxErrors,
    consecutiveGatewayErrors: value.consecutiveGatewayErrors,
    consecutiveLocalOriginFailures: value.consecutiveLocalOriginFailures,
    splitExternalLocalOriginErrors:
      value.splitExternalLocalOriginErrors === true ? (true as const) : undefined,
    interval: value.interval,
    baseEjectionTime: value.baseEjectionTime,
    maxEjectionPercent: positive(value.maxEjectionPercent),
    minHealthPercent: value.minHealthPercent,
  })
}

const simpleBalancers = {
  UNSPECIFIED: 'least-request',
  LEAST_CONN: 'least-request',
  LEAST_REQUEST: 'least-request',
  RANDOM: 'random',
  PASSTHROUGH: 'passthrough',
  ROUND_ROBIN: 'round-robin',
} as const

function balancer(value: NonNullable<PolicyBlocks['loadBalancer']>): LoadBalancer {
  const hash = value.consistentHash
  if (hash === undefined) return { kind: simpleBalancers[value.simple ?? 'UNSPECIFIED'] }
  const policies: readonly HashPolicy[] = [
    ...(hash.httpHeaderName === undefined ? [] : [{ kind: 'header' as const, name: hash.httpHeaderName }]),
    ...(hash.httpCookie === undefined
      ? []
      : [
          {
            kind: 'cookie' as const,
            name: hash.httpCookie.name,
            path: hash.httpCookie.path,
            ttl: hash.httpCookie.ttl,
          },
        ]),
    ...(hash.useSourceIp === true ? [{ kind: 'source-ip' as const }] : []),
    ...(hash.httpQueryParameterName === undefined
      ? []
      : [{ kind: 'query-parameter' as const, name: hash.httpQueryParameterName }]),
  ]
  return hash.maglev === undefined
    ? {
        kind: 'ring-hash',
        minimumRingSize: hash.ringHash?.minimumRingSize ?? hash.minimumRingSize ?? 1024,
        hash: policies,
      }
    : { kind: 'maglev', tableSize: hash.maglev.tableSize, hash: policies }
}

/** Istio's own defaults, which it writes out. */
function warmupOf(value: PolicyBlocks['loadBalancer']): Warmup | undefined {
  if (value?.warmup !== undefined)
    return {
      window: value.warmup.duration,
      aggression: value.warmup.aggression ?? 1,
      minimumPercent: value.warmup.minimumPercent ?? 10,
    }
  return value?.warmupDurationSecs === undefined ? undefined : { window: value.warmupDurationSecs }
}

function budget({
  percent = 20,
  minRetryConcurrency,
  budgetInterval,
}: NonNullable<PolicyBlocks['retryBudget']>): RetryBudget {
  return {
    percent,
    minimum: positive(minRetryConcurrency) ?? 3,
    ...(budgetInterval === undefined ? {} : { interval: budgetInterval }),
  }
}

/** Istio reads 0 as "not set". */
function positive(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(value: T): Defined<T> {
  const result: Partial<Mutable<T>> = {}
  for (const key of Object.keys(value) as (keyof T)[]) if (value[key] !== undefined) result[key] = value[key]
  return result as Defined<T>
}
