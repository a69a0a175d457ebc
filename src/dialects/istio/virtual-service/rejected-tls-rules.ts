import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { valueAt } from '../../../manifest/issue.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { isRecord } from '../../../manifest/message.ts'
import { keptFields, writtenMatches } from '../../reading/meant-fields.ts'
import { leftOutOf } from '../../reading/rejected-rule.ts'
import { tlsMatch, tlsRule } from './tls-rule.ts'
import type { TlsMatch, TlsRule } from './tls-rule.ts'

const ruleFields = Object.keys(tlsRule.out.shape)
const matchFields = Object.keys(tlsMatch.out.shape)

/**
 * The tls rules of a VirtualService, one with a mistake as a rule without destinations; undefined if its
 * sniHosts cannot be read.
 */
export function withRejectedTlsRules(
  rules: readonly (TlsRule | undefined)[],
  manifest: Manifest,
): readonly (TlsRule | undefined)[] {
  return rules.map((rule, index) => {
    if (rule !== undefined) return rule
    const match = matchesOf(manifest, index)
    return match.length === 0 ? undefined : { match: [...match], route: [] }
  })
}

/**
 * The consequence for connections of leaving out a part of a VirtualService's `spec`
 * (`DecodeOptions.consequence`).
 */
export function rejectedTlsConsequences(manifest: Manifest): (left: FieldPath) => string | undefined {
  return (left) => {
    const found = leftOutOf(left, ['tls'], 'match')
    if (found === undefined) return undefined
    return matchesOf(manifest, found.rule).length > 0
      ? 'connections that it matches are closed'
      : 'other rules take its connections, as its sniHosts cannot be read'
  }
}

function matchesOf({ object }: Manifest, index: number): readonly TlsMatch[] {
  return (writtenMatches(valueAt(object, ['spec', 'tls', index]), ruleFields) ?? []).flatMap(widerMatch)
}

/**
 * A match with a mistake, for all connections that it was intended for: for any port or gateway if these
 * cannot be read. Empty if no name can be read.
 */
function widerMatch(written: unknown): readonly TlsMatch[] {
  const fields = isRecord(written) ? written : typeof written === 'string' ? { sniHosts: written } : {}
  const { sniHosts, port, gateways } = keptFields(fields, {
    known: matchFields,
    lists: ['sniHosts', 'gateways'],
  })
  const names = (Array.isArray(sniHosts) ? sniHosts : []).filter(
    (each: unknown) => tlsMatch.safeParse({ sniHosts: [each] }).success,
  )
  const candidates = [{ port, gateways }, { gateways }, { port }, {}]
  return candidates.flatMap((each) => tlsMatch.safeParse({ ...each, sniHosts: names }).data ?? []).slice(0, 1)
}
