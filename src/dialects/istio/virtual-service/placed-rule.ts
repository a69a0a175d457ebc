import type { Origin } from '../../../diagnostics/diagnostic.ts'
import { compareText, shortHash } from '../../../model/names.ts'
import { resolveGateway } from '../host.ts'
import type { Rule } from './http-rule.ts'
import type { HttpMatch } from './match.ts'
import type { RuleSite } from './rule-site.ts'

/** One of the matches of a rule; undefined if the rule has none and takes every request. */
export interface PlacedMatch {
  readonly match: HttpMatch | undefined
  readonly origin: Origin
}

/**
 * An HTTP rule, and the place of each of its fields: the fields of a root and its delegate become one rule.
 */
export interface PlacedRule {
  readonly rule: Rule
  /** At least one; gateways are named `<namespace>/<name>`. */
  readonly matches: readonly PlacedMatch[]
  /**
   * The rule's name in the runtime keys of its mirrors: its own name, otherwise its matches, so that its
   * index in the list does not matter.
   */
  readonly key: string
  siteOf(field: keyof Rule): RuleSite
}

/** A rule and its place in its object. */
export function placedRule(rule: Rule, site: RuleSite): PlacedRule {
  const { id } = site.manifest
  const declared = rule.match ?? []
  const matches = declared.map((match, index): PlacedMatch => ({
    match:
      match.gateways === undefined
        ? match
        : { ...match, gateways: match.gateways.map((gateway) => resolveGateway(gateway, id.namespace)) },
    origin: { object: id, path: [...site.path, 'match', index] },
  }))
  return {
    rule,
    matches: matches.length > 0 ? matches : [{ match: undefined, origin: { object: id, path: site.path } }],
    key: ruleKey(rule.name, declared),
    siteOf: () => site,
  }
}

export function ruleKey(name: string | undefined, matches: readonly HttpMatch[]): string {
  return name === undefined || name === '' ? shortHash(canonical(matches)) : name
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => compareText(a, b)))
      : field,
  )
}
