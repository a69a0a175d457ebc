import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { message, parts } from '../../../manifest/message.ts'
import { sectionName } from '../constraint.ts'
import { httpBackendRef } from './destinations.ts'
import { httpFilter } from './filter.ts'
import { httpMatch, matchOf } from './http-match.ts'
import { prefixOf } from './http-path.ts'
import { httpPrecedence } from './precedence.ts'
import { ruleKey } from './rule-key.ts'
import type { RouteContext } from './route-context.ts'
import type { PlacedRule } from './rule-routes.ts'
import { patienceOf, retry, timeouts } from './timeouts.ts'

/** The Gateway API's HTTPRouteRule. */
export const httpRule = message({
  name: sectionName.optional(),
  matches: parts(httpMatch).optional(),
  filters: z.array(httpFilter).optional(),
  backendRefs: parts(httpBackendRef).optional(),
  timeouts: timeouts.optional(),
  retry: retry.optional(),
  sessionPersistence: z.unknown().optional(),
})

export type HttpRule = z.infer<typeof httpRule>

/** Undefined where nothing is left of its matches. A rule without any takes every request. */
export function placedHttpRule(
  rule: HttpRule,
  index: number,
  { report }: RouteContext,
): PlacedRule | undefined {
  const { manifest } = report
  const path: FieldPath = ['spec', 'rules', index]
  const declared = (rule.matches ?? []).flatMap((match, at) => (match === undefined ? [] : [{ match, at }]))
  if (declared.length === 0 && (rule.matches ?? []).length > 0) return undefined
  const [only, ...more] = declared
  const matches =
    only === undefined
      ? [{ match: {}, at: 0, place: path }]
      : declared.map((each) => ({ ...each, place: [...path, 'matches', each.at] }))
  return {
    index,
    name: rule.name,
    path,
    matches: matches.map(({ match, at, place }) => ({
      match: matchOf(match),
      precedence: httpPrecedence(match, { manifest, rule: index, match: at }),
      path: place,
    })),
    prefix: more.length > 0 ? undefined : prefixOf(only?.match.path),
    key: ruleKey(
      rule.name,
      declared.map(({ match }) => match),
    ),
    filters: rule.filters ?? [],
    backendRefs: rule.backendRefs ?? [],
    patience: patienceOf(rule, { manifest, path }),
  }
}
