import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { sectionName } from '../constraint.ts'
import { hostnames, parentReferences } from '../parent/parents.ts'
import { httpBackendRef } from './destinations.ts'
import { filterParts, httpFilter, httpFilterTypes } from './filter.ts'
import { httpMatch, matchOf } from './match/http-match.ts'
import { prefixOf } from './match/http-path.ts'
import { httpPrecedence } from './match/precedence.ts'
import { rejectedConsequences, rejectedWhole } from './match/rejected-matches.ts'
import type { RejectedRules } from './match/rejected-matches.ts'
import type { RouteContext } from './route-context.ts'
import { translateRoute } from './route-tables.ts'
import { ruleKey } from './rule-key.ts'
import type { PlacedRule } from './rule-routes.ts'
import { patienceOf, retry, timeouts } from './timeouts.ts'
import { widerHttpMatch } from './match/wider-match.ts'
import { decode } from '../../../manifest/decode.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { message, parts } from '../../../manifest/message.ts'

/** The Gateway API's HTTPRouteRule. */
const httpRule = message({
  name: sectionName.optional(),
  matches: parts(httpMatch).optional(),
  filters: z.array(httpFilter).optional(),
  backendRefs: parts(httpBackendRef).optional(),
  timeouts: timeouts.optional(),
  retry: retry.optional(),
  sessionPersistence: z.unknown().optional(),
})

type HttpRule = z.infer<typeof httpRule>

const spec = message({
  parentRefs: parentReferences.optional(),
  hostnames: hostnames.optional(),
  rules: parts(httpRule).min(1).optional(),
  useDefaultGateways: z.enum(['All', 'None']).optional(),
})

/** The parts that can be left out separately if the object has no last good version. */
const removableParts = [
  ...filterParts('rules.*.filters'),
  ...filterParts('rules.*.backendRefs.*.filters'),
  'rules.*.backendRefs.*',
  'rules.*.matches.*',
  'rules.*.name',
  'rules.*.timeouts',
  'rules.*.retry',
  'rules.*',
  'parentRefs.*',
  'hostnames.*',
  'useDefaultGateways',
] as const

const protocol = { filterTypes: httpFilterTypes, failure: 500 } as const
const joins = ''

const rejectedRules: RejectedRules<HttpRule> = {
  widerMatch: widerHttpMatch,
  ruleOf: (matches) => ({ matches: [...matches] }),
  fields: ['name', 'matches', 'filters', 'backendRefs', 'timeouts', 'retry', 'sessionPersistence'],
  status: 500,
}

/** A gateway.networking.k8s.io HTTPRoute. */
export function translateHttpRoute(manifest: Manifest, lookup: ObjectLookup): Translated {
  const decoded = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: removableParts,
    consequence: rejectedConsequences(manifest, { ...rejectedRules, spec }),
  })
  const { value, diagnostics, rejected } = decoded
  if (value === undefined) {
    const whole = rejectedWhole(manifest, spec)
    if (whole === undefined) return translated({ diagnostics, rejected })
    return translateRoute(
      { ...whole, decoded, protocol, place: placedHttpRule, rejected: rejectedRules, joins },
      lookup,
    )
  }
  // HTTPRouteSpec.rules: without any, one that takes every request.
  const route = { ...value, rules: value.rules ?? [{}] }
  return translateRoute(
    { manifest, decoded, route, protocol, place: placedHttpRule, rejected: rejectedRules, joins },
    lookup,
  )
}

/** Undefined if none of its matches remains. A rule without any takes every request. */
function placedHttpRule(rule: HttpRule, index: number, { report }: RouteContext): PlacedRule | undefined {
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
