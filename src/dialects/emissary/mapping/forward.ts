import type { Destination, Forward, RetryPolicy, Rewrite } from '../../../model/route.ts'
import { noHeaderChanges } from '../../../model/route.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { rejectedStatus } from '../../reading/rejected-rule.ts'
import { isGiven } from '../../reading/constraint.ts'
import { fieldOf } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import type { MappingSpec } from './mapping-spec.ts'
import { mirrorOf } from './mirror.ts'
import { upstreamOf } from '../upstream.ts'
import { sharesOf } from './weight.ts'
import type { Group } from './group.ts'

/** Emissary's default for `timeout_ms`. */
const timeout = 3000

/** The destinations of a group's requests and copies. Undefined if the weights leave no destination. */
export function forwardOf({ primaries, shadows }: Group, lookup: ObjectLookup): Forward | undefined {
  const [first] = primaries
  const { weights } = sharesOf(primaries)
  const destinations = primaries
    .map((mapping, index) => destinationOf(mapping, weights[index] ?? 0, lookup))
    .filter(({ weight }) => weight > 0)
  if (first === undefined || destinations.length === 0) return undefined
  return {
    kind: 'forward',
    destinations,
    mirrors: shadows.flatMap((mapping) => mirrorOf(mapping, lookup)),
    timeout: first.spec.timeout_ms ?? timeout,
    ...(first.spec.timeout_ms === 0 ? { noTimeout: fieldOf(first, 'timeout_ms') } : {}),
    retry: retryOf(lastSaid(primaries, 'retry_policy')),
    rewrite: rewriteOf(first.spec, lastSaid(primaries, 'regex_rewrite')),
    ...(primaries.some(({ rejected }) => rejected !== undefined) ? { missingStatus: rejectedStatus } : {}),
  }
}

/** The value of the last Mapping of a group that sets the field, as in Emissary. */
export function lastSaid<F extends keyof MappingSpec>(
  primaries: readonly Mapping[],
  field: F,
): MappingSpec[F] | undefined {
  return primaries.findLast(({ spec }) => spec[field] !== undefined)?.spec[field]
}

function destinationOf(mapping: Mapping, weight: number, lookup: ObjectLookup): Destination {
  const { host_rewrite: literal, auto_host_rewrite: auto } = mapping.spec
  const { backend, hostname } = upstreamOf(mapping, lookup)
  return {
    backend,
    weight,
    headers: noHeaderChanges,
    authority: isGiven(literal) ? literal : auto === true ? hostname : undefined,
  }
}

/** Without `rewrite` the prefix becomes `/`; an empty one keeps the path. */
function rewriteOf({ rewrite = '/' }: MappingSpec, pattern: MappingSpec['regex_rewrite']): Rewrite {
  if (pattern !== undefined)
    return { regex: { pattern: pattern.pattern, substitution: pattern.substitution ?? '' }, explicit: true }
  return rewrite === '' ? { explicit: true } : { prefix: rewrite, explicit: true }
}

function retryOf(declared: MappingSpec['retry_policy']): RetryPolicy | 'never' {
  if (declared === undefined) return 'never'
  return {
    attempts: declared.num_retries ?? 1,
    retryOn: declared.retry_on,
    statusCodes: [],
    perTryTimeout: declared.per_try_timeout,
    backoff: undefined,
    ignorePreviousHosts: false,
    otherLocalities: false,
  }
}
