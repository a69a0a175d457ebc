import { isDeepStrictEqual } from 'node:util'
import type { Code } from '../../../diagnostics/codes.ts'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { Wording } from '../../../diagnostics/finding.ts'
import { isRedirect, isShadow, nameOfMapping } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import type { MappingSpec } from './mapping-spec.ts'
import { takesSeveralShadows } from './several-shadows.ts'

/** Mappings with one key: what answers, and what gets copies. */
export interface Group {
  /** Either one redirect, or destinations. */
  readonly primaries: readonly Mapping[]
  readonly shadows: readonly Mapping[]
  readonly refusals: readonly Refusal[]
}

/** Why a Mapping is left out of its group. */
export interface Refusal {
  readonly mapping: Mapping
  readonly code: Code
  readonly path: FieldPath
  readonly wording: Wording
}

/**
 * Fields that all Mappings of a group must agree on, if they set them (`IRHTTPMappingGroup.CoreMappingKeys`).
 */
const agreed = [
  'bypass_auth',
  'circuit_breakers',
  'cluster_idle_timeout_ms',
  'cluster_max_connection_lifetime_ms',
  'connect_timeout_ms',
  'keepalive',
  'labels',
  'load_balancer',
  'prefix_regex',
  'prefix_exact',
  'headers',
  'regex_headers',
  'query_parameters',
  'regex_query_parameters',
  'method_regex',
  'host_regex',
] as const satisfies readonly (keyof MappingSpec)[]

/** Flags that are unset if they are false. */
const flags: ReadonlySet<string> = new Set([
  'bypass_auth',
  'prefix_regex',
  'prefix_exact',
  'method_regex',
  'host_regex',
])

/**
 * Forms a group of Mappings with one key, in their order; primaries come before shadows, so that no shadow
 * can ever turn one away.
 */
export function groupOf(members: readonly Mapping[]): Group {
  const ordered = [
    ...members.filter((each) => !isShadow(each) && each.rejected === undefined),
    ...members.filter(isShadow),
  ]
  const primaries: Mapping[] = []
  const shadows: Mapping[] = []
  const refusals: Refusal[] = []
  for (const mapping of ordered) {
    const refusal =
      mismatch(mapping, ordered[0]) ??
      (isShadow(mapping) ? secondShadow(mapping, shadows) : mixedRedirect(mapping, primaries))
    if (refusal !== undefined) refusals.push(refusal)
    else if (isShadow(mapping)) shadows.push(mapping)
    else primaries.push(mapping)
  }
  return { primaries: [...primaries, ...rejectedAmong(members, primaries)], shadows, refusals }
}

/**
 * Mappings with a mistake whose share is answered with an error. None if another Mapping redirects, or a
 * share is unknown.
 */
function rejectedAmong(members: readonly Mapping[], primaries: readonly Mapping[]): readonly Mapping[] {
  const all = members.filter(({ rejected }) => rejected !== undefined)
  if (primaries.length === 0) return all.slice(0, 1)
  return primaries.some(isRedirect) ? [] : all.filter(({ rejected }) => rejected === 'readable')
}

function mismatch(mapping: Mapping, first: Mapping | undefined): Refusal | undefined {
  if (first === undefined || first === mapping) return undefined
  const field = agreed.find(
    (each) => said(mapping, each) !== undefined && !isDeepStrictEqual(said(mapping, each), said(first, each)),
  )
  if (field === undefined) return undefined
  const own = JSON.stringify(mapping.spec[field])
  return {
    mapping,
    code: 'mapping/mismatched-field',
    path: ['spec', field],
    wording: {
      message:
        `${field} is ${own}, and Mapping ${nameOfMapping(first)}, the first of its group, has ` +
        `${first.spec[field] === undefined ? 'none' : JSON.stringify(first.spec[field])}: this Mapping is ` +
        `left out`,
      hint: `write the same ${field} in all Mappings of the group`,
    },
  }
}

function said({ spec }: Mapping, field: (typeof agreed)[number]): unknown {
  const value: unknown = spec[field]
  return flags.has(field) && value === false ? undefined : value
}

function secondShadow(mapping: Mapping, [first]: readonly Mapping[]): Refusal | undefined {
  if (first === undefined || takesSeveralShadows(mapping.manifest)) return undefined
  return {
    mapping,
    code: 'mapping/second-shadow',
    path: ['spec', 'shadow'],
    wording: {
      message:
        `Mapping ${nameOfMapping(first)} is the shadow of its group already, and Emissary allows ` +
        `one: nothing is mirrored to ${mapping.spec.service}`,
      hint: 'remove one of them, or annotate this one with shadowplane.io/several-shadows: "true"',
    },
  }
}

function mixedRedirect(mapping: Mapping, [first]: readonly Mapping[]): Refusal | undefined {
  if (first === undefined || (!isRedirect(first) && !isRedirect(mapping))) return undefined
  const [own, other] = [mapping, first].map((each) => (isRedirect(each) ? 'a redirect' : 'no redirect'))
  return {
    mapping,
    code: 'mapping/mixed-redirect',
    path: ['spec', isRedirect(mapping) ? 'host_redirect' : 'service'],
    wording: {
      message:
        `it is ${own ?? ''}, and Mapping ${nameOfMapping(first)}, the first of its group, is ` +
        `${other ?? ''}: this Mapping is left out`,
      hint: 'a redirect must be alone in its group',
    },
  }
}

/** Labels of all Mappings of the group that answer; a later one's take precedence. */
export function labelsOf({ primaries }: Pick<Group, 'primaries'>): Readonly<Record<string, string>> {
  return Object.fromEntries(primaries.flatMap(({ manifest }) => Object.entries(manifest.labels)))
}
