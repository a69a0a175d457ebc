import type { BackendSettings, RetryBudget, Warmup, OutlierDetection } from '../model/backend.ts'
import type { Settings } from '../model/settings.ts'
import type { ResolvedCluster } from '../resolve/cluster.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { duration } from './duration.ts'
import { loadAssignment } from './endpoint.ts'
import { connectionBuffer, copyOutlierDetection, wholeRequests } from './mirror-limits.ts'
import { upstreamKeepalive } from './tcp-keepalive.ts'
import { upstreamSocket } from './tls.ts'

type Cluster = Message<'envoy.config.cluster.v3.Cluster'>

/** envoy.config.cluster.v3.Cluster */
export function cluster(
  resolved: ResolvedCluster,
  defaults: Pick<Settings, 'connectTimeout' | 'dnsRefreshRate' | 'tcpKeepalive'>,
): Cluster {
  const { name, settings } = resolved
  const found = discovery(resolved, defaults)
  return {
    name,
    ...found,
    ...loadBalancing(settings, found),
    connect_timeout: duration(settings.connectTimeout ?? defaults.connectTimeout),
    circuit_breakers: { thresholds: [thresholds(resolved)] },
    common_lb_config: {
      healthy_panic_threshold: panicThreshold(settings),
      ...(resolved.localities.isWeighted ? { locality_weighted_lb_config: {} } : {}),
    },
    ...connectionBuffer(resolved.limits),
    ...(settings.outlierDetection === undefined
      ? copyOutlierDetection(resolved.limits)
      : { outlier_detection: outlierDetection(settings.outlierDetection) }),
    ...upstreamKeepalive(defaults.tcpKeepalive, settings.tcpKeepalive),
    ...protocolOptions(resolved),
    ...(resolved.tls === undefined
      ? {}
      : { transport_socket: upstreamSocket(resolved.tls, { http2: speaksHttp2(resolved) }) }),
  }
}

function discovery(resolved: ResolvedCluster, { dnsRefreshRate }: Pick<Settings, 'dnsRefreshRate'>): Cluster {
  switch (resolved.discovery) {
    case 'endpoints':
      return {
        type: 'EDS',
        eds_cluster_config: {
          eds_config: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' },
          service_name: resolved.assignment,
        },
      }
    case 'original-destination':
      return { type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' }
    case 'strict-dns':
    case 'logical-dns':
      return {
        type: resolved.discovery === 'strict-dns' ? 'STRICT_DNS' : 'LOGICAL_DNS',
        load_assignment: loadAssignment(resolved),
        dns_refresh_rate: duration(dnsRefreshRate),
        dns_lookup_family: 'V4_ONLY',
        respect_dns_ttl: true,
        ...resolver,
      }
  }
}

const caresResolver = 'envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig'

/**
 * Like Istio's: c-ares with a new socket after 100 queries, and refreshes spread over a tenth of a second.
 */
const resolver: Partial<Cluster> = {
  dns_jitter: '0.1s',
  typed_dns_resolver_config: {
    name: 'envoy.network.dns_resolver.cares',
    typed_config: any(caresResolver, { udp_max_queries: 100 }),
  },
}

/** The largest number that the field holds. */
export const noLimit = 4294967295

/** The settings of a policy take precedence over the limits of a mirror. */
function thresholds({
  settings,
  limits,
}: ResolvedCluster): Message<'envoy.config.cluster.v3.CircuitBreakers.Thresholds'> {
  return {
    max_connections: settings.maxConnections ?? limits?.maxConnections ?? noLimit,
    max_pending_requests: settings.maxPendingRequests ?? limits?.maxPendingRequests ?? noLimit,
    max_requests: settings.maxRequests ?? limits?.maxRequests ?? noLimit,
    max_retries: settings.maxRetries ?? noLimit,
    ...(settings.retryBudget === undefined ? {} : { retry_budget: retryBudget(settings.retryBudget) }),
  }
}

function panicThreshold({ outlierDetection: outliers }: BackendSettings): Message<'envoy.type.v3.Percent'> {
  return outliers?.minHealthPercent === undefined ? {} : { value: outliers.minHealthPercent }
}

function retryBudget({
  percent,
  minimum,
  interval,
}: RetryBudget): Message<'envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget'> {
  return {
    budget_percent: { value: percent },
    min_retry_concurrency: minimum,
    ...(interval === undefined ? {} : { budget_interval: duration(interval) }),
  }
}

function loadBalancing(
  { loadBalancer: balancer, warmup }: BackendSettings,
  { lb_policy: given }: Cluster,
): Partial<Cluster> {
  if (given !== undefined) return {}
  switch (balancer?.kind) {
    case undefined:
    case 'least-request':
      return {
        lb_policy: 'LEAST_REQUEST',
        ...(warmup === undefined
          ? {}
          : { least_request_lb_config: { slow_start_config: slowStart(warmup) } }),
      }
    case 'random':
      return { lb_policy: 'RANDOM' }
    case 'round-robin':
      return {
        lb_policy: 'ROUND_ROBIN',
        ...(warmup === undefined ? {} : { round_robin_lb_config: { slow_start_config: slowStart(warmup) } }),
      }
    case 'passthrough':
      return {
        type: 'ORIGINAL_DST',
        eds_cluster_config: undefined,
        load_assignment: undefined,
        lb_policy: 'CLUSTER_PROVIDED',
      }
    case 'ring-hash':
      return { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: balancer.minimumRingSize } }
    case 'maglev':
      return {
        lb_policy: 'MAGLEV',
        ...(balancer.tableSize === undefined ? {} : { maglev_lb_config: { table_size: balancer.tableSize } }),
      }
  }
}

/** Envoy wants a runtime key beside the aggression; nothing sets this one. */
function slowStart({
  window,
  aggression,
  minimumPercent,
}: Warmup): Message<'envoy.config.cluster.v3.Cluster.SlowStartConfig'> {
  return {
    slow_start_window: duration(window),
    ...(aggression === undefined ? {} : { aggression: { default_value: aggression, runtime_key: '(' } }),
    ...(minimumPercent === undefined ? {} : { min_weight_percent: { value: minimumPercent } }),
  }
}

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/**
 * HTTP/2 if it is declared, and the limits of a connection or, for mirrors, a stream. Absent if Envoy's
 * defaults are right.
 */
function protocolOptions(resolved: ResolvedCluster): Partial<Cluster> {
  const { settings, limits } = resolved
  const http2 = speaksHttp2(resolved)
  const names = serverName(resolved)
  const common = {
    ...(settings.idleTimeout === undefined ? {} : { idle_timeout: duration(settings.idleTimeout) }),
    ...(settings.maxRequestsPerConnection === undefined
      ? {}
      : { max_requests_per_connection: settings.maxRequestsPerConnection }),
    ...(settings.maxConnectionDuration === undefined
      ? {}
      : { max_connection_duration: duration(settings.maxConnectionDuration) }),
    ...(limits === undefined ? {} : { max_stream_duration: duration(limits.maxStreamDuration) }),
  }
  const isBare = Object.keys(common).length === 0
  const filters = wholeRequests(limits)
  if (
    isBare &&
    !http2 &&
    settings.useClientProtocol === undefined &&
    names === undefined &&
    filters.length === 0
  )
    return {}
  const http2Options = {
    ...(settings.maxConcurrentStreams === undefined
      ? {}
      : { max_concurrent_streams: settings.maxConcurrentStreams }),
    ...(settings.http2Keepalive === undefined
      ? {}
      : { connection_keepalive: pings(settings.http2Keepalive) }),
  }
  const options: Message<typeof httpOptions> = {
    ...(isBare ? {} : { common_http_protocol_options: common }),
    ...(names === undefined ? {} : { upstream_http_protocol_options: names }),
    ...(settings.useClientProtocol === true
      ? {
          use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: http2Options },
        }
      : {
          explicit_http_config: http2
            ? { http2_protocol_options: http2Options }
            : { http_protocol_options: {} },
        }),
    ...(filters.length === 0 ? {} : { http_filters: filters }),
  }
  return { typed_extension_protocol_options: { [httpOptions]: any(httpOptions, options) } }
}

function pings({
  interval,
  timeout,
}: NonNullable<BackendSettings['http2Keepalive']>): Message<'envoy.config.core.v3.KeepaliveSettings'> {
  return { ...(interval === undefined ? {} : { interval: duration(interval) }), timeout: duration(timeout) }
}

function speaksHttp2({ protocol, settings }: ResolvedCluster): boolean {
  return protocol === 'http2' || settings.upgradeToHttp2 === true
}

/**
 * Without an SNI, each request's Host is the server name, which its certificate must have unless names are
 * listed.
 */
function serverName({
  tls,
}: ResolvedCluster): Message<'envoy.config.core.v3.UpstreamHttpProtocolOptions'> | undefined {
  if (tls === undefined || tls.sni !== undefined) return undefined
  const isVerified = tls.verification !== 'none' && tls.verification.subjectAltNames.length === 0
  return { auto_sni: true, ...(isVerified ? { auto_san_validation: true } : {}) }
}

/** envoy.config.cluster.v3.OutlierDetection. Success rates never eject; 0 turns a detector off. */
function outlierDetection(value: OutlierDetection): Message<'envoy.config.cluster.v3.OutlierDetection'> {
  return {
    enforcing_success_rate: 0,
    ...(value.consecutive5xx === undefined
      ? {}
      : value.consecutive5xx === 0
        ? { consecutive_5xx: 0, enforcing_consecutive_5xx: 0 }
        : { consecutive_5xx: value.consecutive5xx, enforcing_consecutive_5xx: 100 }),
    ...(value.consecutiveGatewayErrors === undefined
      ? {}
      : value.consecutiveGatewayErrors === 0
        ? { consecutive_gateway_failure: 0, enforcing_consecutive_gateway_failure: 0 }
        : {
            consecutive_gateway_failure: value.consecutiveGatewayErrors,
            enforcing_consecutive_gateway_failure: 100,
          }),
    ...(value.splitExternalLocalOriginErrors === true
      ? { split_external_local_origin_errors: true, enforcing_local_origin_success_rate: 0 }
      : {}),
    ...(value.splitExternalLocalOriginErrors !== true ||
    value.consecutiveLocalOriginFailures === undefined ||
    value.consecutiveLocalOriginFailures === 0
      ? {}
      : {
          consecutive_local_origin_failure: value.consecutiveLocalOriginFailures,
          enforcing_consecutive_local_origin_failure: 100,
        }),
    ...(value.interval === undefined ? {} : { interval: duration(value.interval) }),
    ...(value.baseEjectionTime === undefined ? {} : { base_ejection_time: duration(value.baseEjectionTime) }),
    ...(value.maxEjectionPercent === undefined ? {} : { max_ejection_percent: value.maxEjectionPercent }),
  }
}
