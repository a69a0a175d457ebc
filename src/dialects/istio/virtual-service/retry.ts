import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message } from '../../../manifest/message.ts'
import type { RetryPolicy } from '../../../model/route.ts'
import { largestInt32, positiveDuration } from '../../reading/constraint.ts'

/** Istio's HTTPRetry. */
export const retries = message({
  attempts: z.number().int().max(largestInt32).optional(),
  perTryTimeout: durationSchema.optional(),
  retryOn: z.string().optional(),
  retryRemoteLocalities: z.boolean().optional(),
  retryIgnorePreviousHosts: z.boolean().optional(),
  backoff: positiveDuration.optional(),
})

/**
 * Without `retryOn` it retries under the conditions of Istio's own default, whatever the mesh's is. Numbers
 * in `retryOn` are status codes.
 */
export function retryPolicy(value: z.infer<typeof retries>): RetryPolicy | 'never' {
  if ((value.attempts ?? 0) <= 0) return 'never'
  const conditions =
    value.retryOn === undefined || value.retryOn === '' ? defaultConditions : parseConditions(value.retryOn)
  return {
    attempts: value.attempts ?? 0,
    ...conditions,
    perTryTimeout: value.perTryTimeout,
    backoff: value.backoff,
    ignorePreviousHosts: value.retryIgnorePreviousHosts,
    otherLocalities: value.retryRemoteLocalities ?? false,
  }
}

type Conditions = Pick<RetryPolicy, 'retryOn' | 'statusCodes'>

const ofStatusCodes = 'retriable-status-codes'

/** Without any code the condition would have no effect. */
const unavailable = 503

const defaultConditions: Conditions = {
  retryOn: `connect-failure,refused-stream,unavailable,cancelled,${ofStatusCodes}`,
  statusCodes: [unavailable],
}

/**
 * Joined as istiod joins them, with a comma before the condition that it adds. A status code that HTTP does
 * not have is a condition that Envoy does not have.
 */
function parseConditions(retryOn: string): Conditions {
  const tokens = tokensOf(retryOn)
  const statusCodes = tokens.filter(isStatusCode).map(Number)
  const conditions = tokens.filter((token) => !isStatusCode(token)).join(',')
  if (conditions.includes(ofStatusCodes))
    return { retryOn: conditions, statusCodes: statusCodes.length > 0 ? statusCodes : [unavailable] }
  return { retryOn: statusCodes.length > 0 ? `${conditions},${ofStatusCodes}` : conditions, statusCodes }
}

function tokensOf(retryOn: string): readonly string[] {
  return retryOn
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '')
}

function isStatusCode(token: string): boolean {
  return /^\d+$/.test(token) && STATUS_CODES[Number(token)] !== undefined
}

const known = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  ofStatusCodes,
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]

/**
 * The conditions of Envoy's `x-envoy-retry-on` and `x-envoy-retry-grpc-on` (router filter), and those of a
 * `retryOn` that are unknown.
 */
export const retryConditions = {
  known,
  unknown: (retryOn: string): readonly string[] =>
    tokensOf(retryOn).filter((token) => !known.includes(token) && !isStatusCode(token)),
}
