import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { isRecord } from '../../../manifest/message.ts'
import { rejectedStatus } from '../../reading/rejected-rule.ts'
import { mappingSpec } from './mapping-spec.ts'
import type { MappingSpec } from './mapping-spec.ts'

const fields = Object.keys(mappingSpec.out.shape)

/** The fields of a Mapping's conditions, and its share among the Mappings of its group. */
const conditions = [
  'ambassador_id',
  'prefix',
  'prefix_exact',
  'prefix_regex',
  'hostname',
  'host',
  'host_regex',
  'method',
  'method_regex',
  'headers',
  'regex_headers',
  'v2BoolHeaders',
  'query_parameters',
  'regex_query_parameters',
  'v2BoolQueryParameters',
  'case_sensitive',
  'precedence',
] as const satisfies readonly (keyof MappingSpec)[]

/** The conditions of a Mapping with a mistake, whose requests are answered with an error. */
export interface RejectedSpec {
  readonly spec: MappingSpec
  /** `unreadable`: of the requests of a group with other Mappings, it is not known how many are its. */
  readonly share: 'readable' | 'unreadable'
}

/**
 * Undefined if the conditions cannot be read, or the Mapping is or may be a shadow: then only its copies are
 * lost.
 */
export function rejectedSpec(manifest: Manifest): RejectedSpec | undefined {
  const written = manifest.object['spec']
  if (!isRecord(written)) return undefined
  const meant = Object.keys(written)
    .filter((key) => !fields.includes(key))
    .map((key) => didYouMean(key, fields))
  if (meant.some((field) => conditions.some((each) => each === field))) return undefined
  if (mayBeShadow(manifest)) return undefined
  const { weight } = written
  const matched = Object.fromEntries(
    conditions.flatMap((field) => (written[field] === undefined ? [] : [[field, written[field]] as const])),
  )
  const whole = mappingSpec.safeParse({ ...matched, weight, service: 'rejected' })
  const spec = whole.data ?? mappingSpec.safeParse({ ...matched, service: 'rejected' }).data
  return spec === undefined ? undefined : { spec, share: whole.success ? 'readable' : 'unreadable' }
}

function mayBeShadow({ object }: Manifest): boolean {
  const { spec } = object
  if (!isRecord(spec)) return false
  return Object.entries(spec).some(
    ([key, value]) =>
      value !== null &&
      value !== false &&
      (key === 'shadow' || (!fields.includes(key) && didYouMean(key, fields) === 'shadow')),
  )
}

/** The consequence for the requests of a Mapping that is left out; the end of a sentence. */
export function rejectedConsequence(manifest: Manifest): string | undefined {
  const rejected = rejectedSpec(manifest)
  if (rejected === undefined)
    return mayBeShadow(manifest)
      ? 'it is left out, as it may be a shadow'
      : 'other Mappings take its requests, because its matches cannot be read'
  return rejected.share === 'readable'
    ? `requests that it matches are answered with ${rejectedStatus}`
    : `requests that it matches are answered with ${rejectedStatus}, if no other Mapping is in its group`
}
