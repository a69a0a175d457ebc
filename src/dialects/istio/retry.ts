import { z } from 'zod'
import { durationSchema } from '../../manifest/duration.ts'
import { message } from '../../manifest/message.ts'
import type { RetryPolicy } from '../../model/route.ts'
import { positiveDuration } from './constraint.ts'

/** Istio's HTTPRetry. */
export const retries = message({
  attempts: z.number().int().optional(),
  perTryTimeout: durationSchema.optional(),
  retryOn: z.string().optional(),
  retryRemoteLocalities: z.boolean().optional(),
  retryIgnorePreviousHosts: z.boolean().optional(),
  backoff: positiveDuration.optional(),
})

/** A policy starts from the default one. Numbers in `retryOn` are status codes. */
export function retryPolicy(value: z.infer<typeof retries>, defaults: RetryPolicy | 'never'): RetryPolicy | 'never' {
  if ((value.attempts ?? 0) <= 0) return 'never'
  const conditions = value.retryOn === undefined || value.retryOn === '' ? defaultConditions(defaults) : parseConditions(value.retryOn)
  return {
    attempts: value.attempts ?? 0,
    ...conditions,
    perTryTimeout: value.perTryTimeout,
    backoff: value.backoff,
    ignorePreviousHosts: value.retryIgnorePreviousHosts ?? true,
    otherLocalities: value.retryRemoteLocalities ?? false,
  }
}

type Conditions = Pick<RetryPolicy, 'retryOn' | 'statusCodes'>

function defaultConditions(defaults: RetryPolicy | 'never'): Conditions {
  return defaults === 'never'
    ? { retryOn: 'connect-failure,refused-stream,unavailable,cancelled', statusCodes: [] }
    : { retryOn: defaults.retryOn, statusCodes: defaults.statusCodes }
}

function parseConditions(retryOn: string): Conditions {
  const tokens = retryOn.split(',').map((token) => token.trim()).filter((token) => token !== '')
  const statusCodes = tokens.filter((token) => /^[1-5]\d\d$/.test(token)).map(Number)
  const conditions = tokens.filter((token) => !/^\d+$/.test(token))
  const complete = statusCodes.length > 0 && !conditions.includes('retriable-status-codes') ? [...conditions, 'retriable-status-codes'] : conditions
  return { retryOn: complete.join(','), statusCodes }
}
