import type { FieldPath, Origin } from '../../../diagnostics/diagnostic.ts'
import { decode } from '../../../manifest/decode.ts'
import type { Decoded } from '../../../manifest/decode.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { compareText } from '../../../model/names.ts'
import { conditionsOf } from './condition.ts'
import type { Conditions } from './condition.ts'
import { mappingSpec, removableParts } from './mapping-spec.ts'
import { rejectedConsequence, rejectedSpec } from './rejected-mapping.ts'
import type { RejectedSpec } from './rejected-mapping.ts'
import type { MappingSpec } from './mapping-spec.ts'

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
