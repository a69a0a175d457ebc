import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message } from '../../../manifest/message.ts'
import type { BackendSettings, LoadBalancer, OutlierDetection } from '../../../model/backend.ts'
import { largestWeight, positiveDuration, ringSize } from '../../reading/constraint.ts'
import { noteUnsupported } from '../../reading/report.ts'
import { inert, inertFields } from '../inert.ts'
import type { Site } from '../reference.ts'

const count = z.number().int().min(0).max(largestWeight)

const inertConnection = ['http1ProtocolOptions', 'perConnectionBufferLimitBytes'] as const
const inertHttp = ['headersWithUnderscoresAction', 'maxHeadersCount', 'maxStreamDuration'] as const
const inertOutliers = [
  'enforcingConsecutive5xx',
  'enforcingConsecutiveGatewayFailure',
  'enforcingConsecutiveLocalOriginFailure',
  'enforcingLocalOriginSuccessRate',
  'enforcingSuccessRate',
  'successRateMinimumHosts',
  'successRateRequestVolume',
  'successRateStdevFactor',
] as const
const inertBalancing = [
  'closeConnectionsOnHostSetChange',
  'healthyPanicThreshold',
  'localityWeightedLbConfig',
  'updateMergeWindow',
  'useHostnameForHashing',
] as const

/** Fields of Gloo's UpstreamSpec about connections to its endpoints, without TLS. */
export const connectionFields = {
  connectionConfig: message({
    connectTimeout: positiveDuration.optional(),
    maxRequestsPerConnection: count.optional(),
    tcpKeepalive: message({
      keepaliveInterval: positiveDuration.optional(),
      keepaliveProbes: count.optional(),
      keepaliveTime: positiveDuration.optional(),
    }).optional(),
    commonHttpProtocolOptions: message({
      idleTimeout: durationSchema.optional(),
      ...inertFields(inertHttp),
    }).optional(),
    ...inertFields(inertConnection),
  }).optional(),
  circuitBreakers: message({
    maxConnections: count.optional(),
    maxPendingRequests: count.optional(),
    maxRequests: count.optional(),
    maxRetries: count.optional(),
    trackRemaining: inert,
  }).optional(),
  outlierDetection: message({
    consecutive5xx: count.optional(),
    consecutiveGatewayFailure: count.optional(),
    consecutiveLocalOriginFailure: count.optional(),
    splitExternalLocalOriginErrors: z.boolean().optional(),
    interval: positiveDuration.optional(),
    baseEjectionTime: positiveDuration.optional(),
    maxEjectionPercent: count.max(100).optional(),
    ...inertFields(inertOutliers),
  }).optional(),
  loadBalancerConfig: message({
    roundRobin: message({ slowStartConfig: inert }).optional(),
    leastRequest: message({ choiceCount: inert, slowStartConfig: inert }).optional(),
    random: message({}).optional(),
    ringHash: message({
      ringHashConfig: message({
        minimumRingSize: z.coerce.number().pipe(ringSize).optional(),
        maximumRingSize: inert,
      }).optional(),
    }).optional(),
    maglev: message({}).optional(),
    ...inertFields(inertBalancing),
  }).optional(),
  maxConcurrentStreams: count.optional(),
  protocolSelection: z.enum(['USE_CONFIGURED_PROTOCOL', 'USE_DOWNSTREAM_PROTOCOL']).optional(),
}

const connection = message(connectionFields)

type Connection = z.infer<typeof connection>

/** Gloo's own default; Envoy's is the same. */
const defaultConnectTimeout = 5_000

/** Settings of the Upstream's cluster, with Gloo's defaults written out. `site` is that of the spec. */
export function settingsOf(value: Connection, { report, path }: Site): BackendSettings {
  const { connectionConfig, circuitBreakers, outlierDetection, loadBalancerConfig } = value
  noteUnsupported(report, { path: [...path, 'connectionConfig'], value: connectionConfig }, inertConnection)
  noteUnsupported(
    report,
    {
      path: [...path, 'connectionConfig', 'commonHttpProtocolOptions'],
      value: connectionConfig?.commonHttpProtocolOptions,
    },
    inertHttp,
  )
  noteUnsupported(report, { path: [...path, 'circuitBreakers'], value: circuitBreakers }, ['trackRemaining'])
  noteUnsupported(report, { path: [...path, 'outlierDetection'], value: outlierDetection }, inertOutliers)
  noteUnsupported(
    report,
    { path: [...path, 'loadBalancerConfig'], value: loadBalancerConfig },
    inertBalancing,
  )
  const {
    keepaliveInterval: interval,
    keepaliveProbes: probes,
    keepaliveTime: time,
  } = connectionConfig?.tcpKeepalive ?? {}
  return present({
    connectTimeout: connectionConfig?.connectTimeout ?? defaultConnectTimeout,
    maxRequestsPerConnection: positive(connectionConfig?.maxRequestsPerConnection),
    idleTimeout: connectionConfig?.commonHttpProtocolOptions?.idleTimeout,
    tcpKeepalive:
      connectionConfig?.tcpKeepalive === undefined ? undefined : present({ interval, probes, time }),
    maxConnections: circuitBreakers?.maxConnections,
    maxPendingRequests: circuitBreakers?.maxPendingRequests,
    maxRequests: circuitBreakers?.maxRequests,
    maxRetries: circuitBreakers?.maxRetries,
    maxConcurrentStreams: positive(value.maxConcurrentStreams),
    useClientProtocol: value.protocolSelection === 'USE_DOWNSTREAM_PROTOCOL' ? (true as const) : undefined,
    outlierDetection: outlierDetection === undefined ? undefined : outliers(outlierDetection),
    loadBalancer: balancer(loadBalancerConfig),
    locality: 'off' as const,
  })
}

function outliers(value: NonNullable<Connection['outlierDetection']>): OutlierDetection {
  return present({
    consecutive5xx: value.consecutive5xx,
    consecutiveGatewayErrors: value.consecutiveGatewayFailure,
    consecutiveLocalOriginFailures: value.consecutiveLocalOriginFailure,
    splitExternalLocalOriginErrors:
      value.splitExternalLocalOriginErrors === true ? (true as const) : undefined,
    interval: value.interval,
    baseEjectionTime: value.baseEjectionTime,
    maxEjectionPercent: value.maxEjectionPercent,
  })
}

/** Envoy's default is round robin, and Gloo leaves it. */
function balancer(value: Connection['loadBalancerConfig']): LoadBalancer {
  if (value?.leastRequest !== undefined) return { kind: 'least-request' }
  if (value?.random !== undefined) return { kind: 'random' }
  if (value?.ringHash !== undefined)
    return {
      kind: 'ring-hash',
      minimumRingSize: value.ringHash.ringHashConfig?.minimumRingSize ?? 1024,
      hash: [],
    }
  return value?.maglev === undefined
    ? { kind: 'round-robin' }
    : { kind: 'maglev', tableSize: undefined, hash: [] }
}

function positive(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value
}

function present<T extends object>(value: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>
  }
}
