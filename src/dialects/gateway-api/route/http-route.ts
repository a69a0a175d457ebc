import { z } from 'zod'
import { message, parts } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { decode } from '../../../manifest/decode.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { filterParts, httpFilterTypes } from './filter.ts'
import { httpRule, placedHttpRule } from './http-rule.ts'
import type { HttpRule } from './http-rule.ts'
import { hostnames, parentReferences } from '../parent/parents.ts'
import { rejectedConsequences, rejectedWhole } from './rejected-matches.ts'
import type { RejectedRules } from './rejected-matches.ts'
import { translateRoute } from './route-tables.ts'
import { widerHttpMatch } from './wider-match.ts'

const spec = message({
  parentRefs: parentReferences.optional(),
  hostnames: hostnames.optional(),
  rules: parts(httpRule).min(1).optional(),
  useDefaultGateways: z.enum(['All', 'None']).optional(),
})

/** What may be left out alone when there is no good version to fall back to. */
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

const rejected: RejectedRules<HttpRule> = {
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
    consequence: rejectedConsequences(manifest, { ...rejected, spec }),
  })
  const { value, diagnostics, refused } = decoded
  if (value === undefined) {
    const whole = rejectedWhole(manifest, spec)
    if (whole === undefined) return translated({ diagnostics, refused })
    return translateRoute({ ...whole, decoded, protocol, place: placedHttpRule, rejected, joins }, lookup)
  }
  // HTTPRouteSpec.rules: without any, one that takes every request.
  const route = { ...value, rules: value.rules ?? [{}] }
  return translateRoute(
    { manifest, decoded, route, protocol, place: placedHttpRule, rejected, joins },
    lookup,
  )
}
