import type { z } from 'zod'
import type { FieldPath } from '../../../../diagnostics/diagnostic.ts'
import { valueAt } from '../../../../manifest/issue.ts'
import type { Manifest } from '../../../../manifest/manifest.ts'
import { isRecord } from '../../../../manifest/message.ts'
import { meantFields, withMeantSpec, writtenMatches } from '../../../reading/meant-fields.ts'
import { leftOutOf, once, rejectedConsequence } from '../../../reading/rejected-rule.ts'
import type { RejectedMatches } from '../../../reading/rejected-rule.ts'
import type { Belonging } from '../../parent/parents.ts'
import type { CheckedRule } from '../rule-check.ts'

type MatchOf<R extends CheckedRule> = NonNullable<R['matches']>[number]

/** Reads rules with a mistake, for one kind of route. */
export interface RejectedRules<R extends CheckedRule> {
  readonly widerMatch: (written: unknown) => MatchOf<R>
  /** A rule without backends, which is answered with an error. */
  readonly ruleOf: (matches: readonly MatchOf<R>[]) => R
  /** Fields of a rule. */
  readonly fields: readonly string[]
  readonly status: 500 | 503
}

/**
 * The matches that are answered with an error, of a rule that is left out or that lost matches; undefined if
 * there are none, or they cannot be read.
 */
export function rejectedRule<R extends CheckedRule>(
  rule: R | undefined,
  index: number,
  site: RejectedRules<R> & { readonly manifest: Manifest },
): R | undefined {
  if (rule === undefined) {
    const matches = matchesOf(site.manifest, index, site)
    return matches === undefined ? undefined : site.ruleOf(matches)
  }
  const lost = (rule.matches ?? []).map((match, at) =>
    match === undefined ? matchAt(site.manifest, { rule: index, match: at }, site) : undefined,
  )
  return lost.some((match) => match !== undefined) ? site.ruleOf(lost) : undefined
}

/** The consequence for requests of leaving out a part of a route's `spec` (`DecodeOptions.consequence`). */
export function rejectedConsequences<R extends CheckedRule>(
  manifest: Manifest,
  rules: RejectedRules<R> & { readonly spec: z.ZodType<ReadSpec> },
): (left: FieldPath) => string | undefined {
  const whole = once(() => rejectedWhole(manifest, rules.spec))
  return (left) => {
    if (left.length === 0) return whole() === undefined ? undefined : rejectedConsequence([], rules.status)
    const found = leftOutOf(left, ['rules'], 'matches')
    if (found === undefined) return undefined
    const { rule, match } = found
    return rejectedConsequence(
      match === undefined ? matchesOf(manifest, rule, rules) : [matchAt(manifest, { rule, match }, rules)],
      rules.status,
    )
  }
}

/** The parts of a route's `spec` that decide which requests belong to it. */
interface ReadSpec {
  readonly parentRefs?: Belonging['parentRefs'] | undefined
  readonly hostnames?: Belonging['hostnames'] | undefined
}

interface RejectedWhole {
  /** The manifest with its rules at their most likely place. */
  readonly manifest: Manifest
  readonly route: ReadSpec & { readonly rules: readonly undefined[] }
}

/**
 * A route with a mistake outside of its rules: the requests that they match are answered with an error.
 * Undefined if its parents or hostnames cannot be read.
 */
export function rejectedWhole(manifest: Manifest, spec: z.ZodType<ReadSpec>): RejectedWhole | undefined {
  const meant = withMeantSpec(manifest, { known: specFields, lists: ['rules', 'hostnames'] })
  const { parentRefs, hostnames, rules } = isRecord(meant?.object['spec']) ? meant.object['spec'] : {}
  // An unknown field may be the intended hostnames: without them the route would be for every host.
  if (
    meant === undefined ||
    !Array.isArray(rules) ||
    (hostnames === undefined && meantFields(manifest.object['spec'], specFields) === undefined)
  )
    return undefined
  const { data } = spec.safeParse({ parentRefs, hostnames })
  return data === undefined
    ? undefined
    : {
        manifest: meant,
        route: { parentRefs: data.parentRefs, hostnames: data.hostnames, rules: rules.map(() => undefined) },
      }
}

const specFields = ['parentRefs', 'hostnames', 'rules', 'useDefaultGateways']

function matchesOf<R extends CheckedRule>(
  { object }: Manifest,
  index: number,
  { fields, widerMatch }: RejectedRules<R>,
): RejectedMatches<MatchOf<R>> {
  return writtenMatches(valueAt(object, ['spec', 'rules', index]), fields)?.map(widerMatch)
}

function matchAt<R extends CheckedRule>(
  { object }: Manifest,
  { rule, match }: { readonly rule: number; readonly match: number },
  { widerMatch }: RejectedRules<R>,
): MatchOf<R> {
  return widerMatch(valueAt(object, ['spec', 'rules', rule, 'matches', match]))
}
