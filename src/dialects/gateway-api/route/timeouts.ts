import { z } from 'zod'
import type { FieldPath, Origin } from '../../../diagnostics/diagnostic.ts'
import { durationSchema } from '../../../manifest/duration.ts'
import { message } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Forward, RetryPolicy } from '../../../model/route.ts'
import { largestInt32 } from '../../reading/constraint.ts'

/** GEP-2257: whole numbers of hours, minutes, seconds and milliseconds. Milliseconds. */
const gatewayDuration = z
  .string()
  .regex(/^(?:[0-9]{1,5}(?:h|m|s|ms)){1,4}$/, {
    message: 'must be a duration of whole h, m, s and ms, such as 10s or 1m30s',
  })
  .pipe(durationSchema)

/** The Gateway API's HTTPRouteTimeouts. */
export const timeouts = message({
  request: gatewayDuration.optional(),
  backendRequest: gatewayDuration.optional(),
}).superRefine(({ request, backendRequest }, context) => {
  if (request === undefined || request === 0 || backendRequest === undefined || backendRequest <= request)
    return
  context.addIssue({
    code: 'custom',
    path: ['backendRequest'],
    message: 'is longer than request, must be at most that',
  })
})

/** The Gateway API's HTTPRouteRetry. */
export const retry = message({
  codes: z.array(z.number().int().min(400).max(599)).optional(),
  attempts: z.number().int().min(1).max(largestInt32).optional(),
  backoff: gatewayDuration.optional(),
})

/** The number of attempts without `attempts`, as in Envoy Gateway and Istio. */
const defaultAttempts = 2

/**
 * GEP-1731: in addition to the codes, connections that fail or end before an answer, including timeouts of
 * single attempts.
 */
const connectionErrors = 'connect-failure,refused-stream,reset'

interface Patience {
  readonly timeouts?: z.infer<typeof timeouts> | undefined
  readonly retry?: z.infer<typeof retry> | undefined
}

interface RulePlace {
  readonly manifest: Manifest
  readonly path: FieldPath
}

/**
 * A rule without `timeouts` has no timeout, and one without `retry` has no retries. A single attempt has the
 * timeout of the request.
 */
export function patienceOf(
  { timeouts: times, retry: declared }: Patience,
  at: RulePlace,
): Pick<Forward, 'timeout' | 'noTimeout' | 'retry'> {
  const request = times?.request ?? 0
  const single = times?.backendRequest ?? 0
  const noTimeout: Origin = { object: at.manifest.id, path: [...at.path, 'timeouts', 'request'] }
  return {
    timeout: declared === undefined && single > 0 ? single : request,
    ...(times?.request === 0 && single === 0 ? { noTimeout } : {}),
    retry: declared === undefined ? 'never' : retryPolicy(declared, single),
  }
}

function retryPolicy(
  { codes = [], attempts = defaultAttempts, backoff = 0 }: z.infer<typeof retry>,
  perTryTimeout: number,
): RetryPolicy {
  return {
    attempts,
    retryOn: codes.length === 0 ? connectionErrors : `${connectionErrors},retriable-status-codes`,
    statusCodes: [...new Set(codes)],
    perTryTimeout: perTryTimeout === 0 ? undefined : perTryTimeout,
    backoff: backoff === 0 ? undefined : backoff,
    ignorePreviousHosts: undefined,
    otherLocalities: false,
  }
}
