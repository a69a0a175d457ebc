import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message, parts } from '../../../manifest/message.ts'
import { clientTls } from './client-tls.ts'
import {
  keepaliveTime,
  maglevTableSize,
  nonEmpty,
  portNumber,
  positiveDuration,
  ringSize,
} from '../../reading/constraint.ts'
import { localitySetting } from './locality.ts'
import { tcpKeepalive } from './tcp-keepalive.ts'

const optionalCount = z.number().int().min(0).max(2147483647).optional()

const tcpSettings = message({
  maxConnections: optionalCount,
  connectTimeout: positiveDuration.optional(),
  tcpKeepalive: tcpKeepalive.optional(),
  maxConnectionDuration: durationSchema.optional(),
  idleTimeout: durationSchema.optional(),
})

const httpSettings = message({
  http1MaxPendingRequests: optionalCount,
  http2MaxRequests: optionalCount,
  maxRequestsPerConnection: optionalCount,
  maxRetries: optionalCount,
  idleTimeout: durationSchema.optional(),
  h2UpgradePolicy: z.enum(['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE']).optional(),
  useClientProtocol: z.boolean().optional(),
  maxConcurrentStreams: optionalCount,
  http2KeepAlive: message({ interval: keepaliveTime.optional(), timeout: keepaliveTime }).optional(),
})

const consistentHash = message({
  httpHeaderName: nonEmpty.optional(),
  httpCookie: message({
    name: nonEmpty,
    path: z.string().optional(),
    ttl: durationSchema.optional(),
    attributes: z.unknown().optional(),
  }).optional(),
  useSourceIp: z.boolean().optional(),
  httpQueryParameterName: nonEmpty.optional(),
  ringHash: message({ minimumRingSize: ringSize.optional() }).optional(),
  maglev: message({ tableSize: maglevTableSize.optional() }).optional(),
  minimumRingSize: ringSize.optional(),
})

/** Envoy takes no aggression of 0. */
const warmup = message({
  duration: positiveDuration,
  aggression: z.number().gt(0).optional(),
  minimumPercent: z.number().min(0).max(100).optional(),
})

const loadBalancer = message({
  simple: z
    .enum(['UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'])
    .optional(),
  consistentHash: consistentHash.optional(),
  localityLbSetting: localitySetting.optional(),
  zoneAwareLbSetting: z.unknown().optional(),
  warmupDurationSecs: positiveDuration.optional(),
  warmup: warmup.optional(),
})

const outlierDetection = message({
  consecutiveErrors: optionalCount,
  splitExternalLocalOriginErrors: z.boolean().optional(),
  consecutiveLocalOriginFailures: optionalCount,
  consecutiveGatewayErrors: optionalCount,
  consecutive5xxErrors: optionalCount,
  interval: positiveDuration.optional(),
  baseEjectionTime: positiveDuration.optional(),
  maxEjectionPercent: z.number().int().min(0).max(100).optional(),
  minHealthPercent: z.number().int().min(0).max(100).optional(),
  outlierDetectionHttpErrorCodes: z.unknown().optional(),
})

const blocks = {
  connectionPool: message({ tcp: tcpSettings.optional(), http: httpSettings.optional() }).optional(),
  outlierDetection: outlierDetection.optional(),
  loadBalancer: loadBalancer.optional(),
  tls: clientTls.optional(),
}

const retryBudget = message({
  percent: z.number().min(0).max(100).optional(),
  minRetryConcurrency: optionalCount,
  budgetInterval: durationSchema.optional(),
})

const portPolicy = message({ ...blocks, port: message({ number: portNumber }) })

/** Istio's TrafficPolicy. */
export const trafficPolicy = message({
  ...blocks,
  portLevelSettings: parts(portPolicy).optional(),
  tunnel: z.unknown().optional(),
  proxyProtocol: z.unknown().optional(),
  retryBudget: retryBudget.optional(),
})

export type TrafficPolicy = z.infer<typeof trafficPolicy>
/** The part of a policy that a port or a subset may replace. */
export type PolicyBlocks = Pick<
  TrafficPolicy,
  'connectionPool' | 'outlierDetection' | 'loadBalancer' | 'tls' | 'retryBudget'
>

/** The parts of a policy, or of its settings for a port, that a mistake in them costs alone. */
export const removableBlocks = [
  'connectionPool',
  'outlierDetection',
  'loadBalancer',
  'loadBalancer.localityLbSetting',
  'loadBalancer.localityLbSetting.distribute.*',
  'loadBalancer.localityLbSetting.failover.*',
  'tls',
  'retryBudget',
] as const

export const unsupportedPolicyFields = ['tunnel', 'proxyProtocol'] as const
export const unsupportedLoadBalancerFields = ['zoneAwareLbSetting'] as const
export const unsupportedOutlierFields = ['outlierDetectionHttpErrorCodes'] as const
