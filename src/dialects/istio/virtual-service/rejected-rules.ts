import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { valueAt } from '../../../manifest/issue.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { writtenMatches } from '../../reading/meant-fields.ts'
import { leftOutOf, rejectedConsequence, rejectedStatus } from '../../reading/rejected-rule.ts'
import type { RejectedMatches } from '../../reading/rejected-rule.ts'
import { httpRule } from './http-rule.ts'
import type { HttpRule } from './http-rule.ts'
import type { HttpMatch } from './match.ts'
import { widerMatch } from './wider-match.ts'

const fields = Object.keys(httpRule.out.shape)

/**
 * The rules of a VirtualService; a rule with a mistake becomes one that answers with an error. Undefined if
 * its matches cannot be read.
 */
export function withRejectedRules(
  rules: readonly (HttpRule | undefined)[],
  manifest: Manifest,
): readonly (HttpRule | undefined)[] {
  return rules.map((rule, index) => {
    if (rule !== undefined) return rule
    const matches = matchesOf(manifest, index)
    const readable = matches?.filter((match) => match !== undefined)
    if (readable === undefined || (readable.length === 0 && matches?.length !== 0)) return undefined
    return {
      directResponse: { status: rejectedStatus },
      ...(readable.length === 0 ? {} : { match: readable }),
    }
  })
}

/**
 * The consequence for requests of leaving out a part of a VirtualService's `spec`
 * (`DecodeOptions.consequence`).
 */
export function rejectedConsequences(manifest: Manifest): (left: FieldPath) => string | undefined {
  return (left) => {
    const found = leftOutOf(left, ['http'], 'match')
    return found === undefined ? undefined : rejectedConsequence(matchesOf(manifest, found.rule))
  }
}

function matchesOf({ object }: Manifest, index: number): RejectedMatches<HttpMatch> {
  return writtenMatches(valueAt(object, ['spec', 'http', index]), fields)?.map(widerMatch)
}
