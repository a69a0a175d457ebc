import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message } from '../../../manifest/message.ts'
import type { RetryPolicy } from '../../../model/route.ts'
import { largestWeight, positiveDuration } from '../../reading/constraint.ts'
import { noteUnsupported } from '../../reading/report.ts'
import type { Site } from '../reference.ts'

/** Gloo's RetryPolicy. */
export const retries = message({
  retryOn: z.string().optional(),
  numRetries: z.number().int().min(0).max(largestWeight).optional(),
  perTryTimeout: durationSchema.optional(),
  retriableStatusCodes: z.array(z.number().int().min(100).max(599)).optional(),
  retryBackOff: message({
    baseInterval: positiveDuration.optional(),
    maxInterval: positiveDuration.optional(),
  }).optional(),
  previousPriorities: message({ updateFrequency: z.number().int().optional() }).optional(),
  rateLimitedRetryBackOff: z.unknown().optional(),
})

/** Envoy's own default for num_retries. */
const defaultAttempts = 1

/** Retries need `retryOn`, and a `numRetries` other than 0. */
export function retryOf(value: z.infer<typeof retries>, { report, path }: Site): RetryPolicy | 'never' {
  noteUnsupported(report, { path, value }, ['rateLimitedRetryBackOff'])
  noteUnsupported(report, { path: [...path, 'retryBackOff'], value: value.retryBackOff }, ['maxInterval'])
  const { retryOn = '', numRetries: attempts = defaultAttempts } = value
  if (retryOn === '' || attempts === 0) return 'never'
  return {
    attempts,
    retryOn,
    statusCodes: value.retriableStatusCodes ?? [],
    perTryTimeout: value.perTryTimeout,
    backoff: value.retryBackOff?.baseInterval,
    ignorePreviousHosts: false,
    otherLocalities: value.previousPriorities !== undefined,
  }
}
