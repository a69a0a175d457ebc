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

/** How the rules of one kind of route are read that have a mistake. */
export interface RejectedRules<R extends CheckedRule> {
  readonly widerMatch: (written: unknown) => MatchOf<R>
  /** A rule without backends, which is answered with an error. */
  readonly ruleOf: (matches: readonly MatchOf<R>[]) => R
  /** Fields of a rule. */
  readonly fields: readonly string[]
  readonly status: 500 | 503
}

/**
 * What is answered with an error of a rule that is left out, or of which matches are left out; undefined if
 * nothing is, or it cannot be read.
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

/**
 * What it means for requests that a part of the `spec` of a route is left out (`DecodeOptions.consequence`).
 */
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

/** What is needed of the `spec` of a route to know which requests are its. */
interface ReadSpec {
  readonly parentRefs?: Belonging['parentRefs'] | undefined
  readonly hostnames?: Belonging['hostnames'] | undefined
}

interface RejectedWhole {
  /** With the rules where they were most likely meant to be. */
  readonly manifest: Manifest
  readonly route: ReadSpec & { readonly rules: readonly undefined[] }
}

/**
 * A route with a mistake outside of its rules: what they match is answered with an error. Undefined if its
 * parents or hostnames cannot be read.
 */
export function rejectedWhole(manifest: Manifest, spec: z.ZodType<ReadSpec>): RejectedWhole | undefined {
  const meant = withMeantSpec(manifest, { known: specFields, lists: ['rules', 'hostnames'] })
  const { parentRefs, hostnames, rules } = isRecord(meant?.object['spec']) ? meant.object['spec'] : {}
  // A field that nobody knows may be the one for hostnames: without them the route would be for every host.
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
