import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { decode } from '../../../manifest/decode.ts'
import { message, parts } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { sectionName } from '../constraint.ts'
import { grpcBackendRef } from './destinations.ts'
import { filterParts, grpcFilter, grpcFilterTypes } from './filter.ts'
import { grpcMatch, grpcMatchOf } from './match/grpc-match.ts'
import { hostnames, parentReferences } from '../parent/parents.ts'
import { grpcPrecedence } from './match/precedence.ts'
import { ruleKey } from './rule-key.ts'
import { rejectedConsequences, rejectedWhole } from './match/rejected-matches.ts'
import type { RejectedRules } from './match/rejected-matches.ts'
import { translateRoute } from './route-tables.ts'
import type { RouteContext } from './route-context.ts'
import type { PlacedRule } from './rule-routes.ts'
import { patienceOf } from './timeouts.ts'
import { widerGrpcMatch } from './match/wider-match.ts'

/** The Gateway API's GRPCRouteRule. */
const grpcRule = message({
  name: sectionName.optional(),
  matches: parts(grpcMatch).optional(),
  filters: z.array(grpcFilter).optional(),
  backendRefs: parts(grpcBackendRef).optional(),
  sessionPersistence: z.unknown().optional(),
})

type GrpcRule = z.infer<typeof grpcRule>

const spec = message({
  parentRefs: parentReferences.optional(),
  hostnames: hostnames.optional(),
  rules: parts(grpcRule).optional(),
  useDefaultGateways: z.enum(['All', 'None']).optional(),
})

const removableParts = [
  ...filterParts('rules.*.filters'),
  ...filterParts('rules.*.backendRefs.*.filters'),
  'rules.*.backendRefs.*',
  'rules.*.matches.*',
  'rules.*.name',
  'rules.*',
  'parentRefs.*',
  'hostnames.*',
  'useDefaultGateways',
] as const

const protocol = { filterTypes: grpcFilterTypes, failure: 503 } as const
const joins = ' grpc'

const rejectedRules: RejectedRules<GrpcRule> = {
  widerMatch: widerGrpcMatch,
  ruleOf: (matches) => ({ matches: [...matches] }),
  fields: ['name', 'matches', 'filters', 'backendRefs', 'sessionPersistence'],
  status: 503,
}

/**
 * A gateway.networking.k8s.io GRPCRoute. Its routes are not sorted among those of HTTPRoutes, because the two
 * may not be merged (GRPCRouteRule.matches).
 */
export function translateGrpcRoute(manifest: Manifest, lookup: ObjectLookup): Translated {
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
      { ...whole, decoded, protocol, place: placedGrpcRule, rejected: rejectedRules, joins },
      lookup,
    )
  }
  const route = { ...value, rules: value.rules ?? [] }
  return translateRoute(
    { manifest, decoded, route, protocol, place: placedGrpcRule, rejected: rejectedRules, joins },
    lookup,
  )
}

function placedGrpcRule(rule: GrpcRule, index: number, { report }: RouteContext): PlacedRule | undefined {
  const { manifest } = report
  const path: FieldPath = ['spec', 'rules', index]
  const declared = (rule.matches ?? []).flatMap((match, at) =>
    match === undefined ? [] : [{ match, at, place: [...path, 'matches', at] }],
  )
  if (declared.length === 0 && (rule.matches ?? []).length > 0) return undefined
  const matches = declared.length === 0 ? [{ match: {}, at: 0, place: path }] : declared
  return {
    index,
    name: rule.name,
    path,
    matches: matches.map(({ match, at, place }) => ({
      match: grpcMatchOf(match),
      precedence: grpcPrecedence(match, { manifest, rule: index, match: at }),
      path: place,
    })),
    prefix: undefined,
    key: ruleKey(
      rule.name,
      declared.map(({ match }) => match),
    ),
    filters: rule.filters ?? [],
    backendRefs: rule.backendRefs ?? [],
    patience: patienceOf({}, { manifest, path }),
  }
}
