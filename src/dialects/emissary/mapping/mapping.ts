import type { FieldPath, Origin } from '../../../diagnostics/diagnostic.ts'
import { decode } from '../../../manifest/decode.ts'
import type { Decoded } from '../../../manifest/decode.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { compareText } from '../../../model/names.ts'
import { conditionsOf } from './condition.ts'
import type { Conditions } from './condition.ts'
import { mappingSpec, removableParts } from './mapping-spec.ts'
import type { MappingSpec } from './mapping-spec.ts'
import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import { isRecord } from '../../../manifest/message.ts'
import { rejectedStatus } from '../../reading/rejected-rule.ts'

/** A readable Mapping, and its conditions on requests. */
export interface Mapping {
  readonly manifest: Manifest
  readonly spec: MappingSpec
  readonly conditions: Conditions
  /** It has a mistake: its requests are answered with an error, for its share if that is `readable`. */
  readonly rejected?: RejectedSpec['share']
}

/** Each Mapping is read by all of its group, and for its index keys. */
const readings = new WeakMap<Manifest, Decoded<Mapping>>()

export function readMapping(manifest: Manifest): Decoded<Mapping> {
  const reading = readings.get(manifest) ?? read(manifest)
  readings.set(manifest, reading)
  return reading
}

function read(manifest: Manifest): Decoded<Mapping> {
  const consequence = (left: FieldPath): string | undefined =>
    left.length === 0 ? rejectedConsequence(manifest) : undefined
  const { value, ...found } = decode({
    manifest,
    path: ['spec'],
    schema: mappingSpec,
    parts: removableParts,
    consequence,
  })
  const rejected = value === undefined ? rejectedSpec(manifest) : undefined
  const spec = value ?? rejected?.spec
  if (spec === undefined) return { ...found, value: undefined }
  return {
    ...found,
    value: {
      manifest,
      spec,
      conditions: conditionsOf(spec, manifest.apiVersion),
      ...(rejected === undefined ? {} : { rejected: rejected.share }),
    },
  }
}

/** The readable Mappings in order of precedence: creation time, then namespace and name. */
export function mappingsIn(manifests: readonly Manifest[]): readonly Mapping[] {
  return manifests.toSorted(byAge).flatMap((manifest) => readMapping(manifest).value ?? [])
}

function byAge(a: Manifest, b: Manifest): number {
  return (
    compareText(a.created, b.created) ||
    compareText(a.id.namespace, b.id.namespace) ||
    compareText(a.id.name, b.id.name)
  )
}

/** The origin of a field of the Mapping. */
export function fieldOf({ manifest }: Mapping, ...path: Origin['path']): Origin {
  return { object: manifest.id, path: ['spec', ...path] }
}

/** `default/reviews`. */
export function nameOfMapping({ manifest: { id } }: Mapping): string {
  return `${id.namespace}/${id.name}`
}

export function isShadow({ spec }: Mapping): boolean {
  return spec.shadow === true
}

/** Whether it answers with a redirect; a shadow never does. */
export function isRedirect({ spec }: Mapping): boolean {
  return spec.host_redirect === true && spec.shadow !== true
}

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
interface RejectedSpec {
  readonly spec: MappingSpec
  /** `unreadable`: of the requests of a group with other Mappings, it is not known how many are its. */
  readonly share: 'readable' | 'unreadable'
}

/**
 * Undefined if the conditions cannot be read, or the Mapping is or may be a shadow: then only its copies are
 * lost.
 */
function rejectedSpec(manifest: Manifest): RejectedSpec | undefined {
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
function rejectedConsequence(manifest: Manifest): string | undefined {
  const rejected = rejectedSpec(manifest)
  if (rejected === undefined)
    return mayBeShadow(manifest)
      ? 'it is left out, as it may be a shadow'
      : 'other Mappings take its requests, because its matches cannot be read'
  return rejected.share === 'readable'
    ? `requests that it matches are answered with ${rejectedStatus}`
    : `requests that it matches are answered with ${rejectedStatus}, if no other Mapping is in its group`
}
