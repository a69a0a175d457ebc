import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { valueAt } from '../../../manifest/issue.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { writtenMatches, meantFields } from '../../reading/meant-fields.ts'
import { leftOutOf, rejectedConsequence, rejectedStatus } from '../../reading/rejected-rule.ts'
import type { RejectedMatches } from '../../reading/rejected-rule.ts'
import { httpRule } from './http-rule.ts'
import type { HttpRule } from './http-rule.ts'
import type { HttpMatch } from './match.ts'
import { isRecord } from '../../../manifest/message.ts'
import { httpMatch } from './match.ts'
import { pathMatch, valueMatch } from './string-match.ts'

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

const comparableFields = Object.keys(httpMatch.out.shape)

/**
 * A match with a mistake, read in its most likely intention: it takes all the intended requests, and those
 * that differ only in the unreadable part. Undefined if it would also take requests of other rules.
 */
function widerMatch(written: unknown): HttpMatch | undefined {
  const strict = httpMatch.safeParse(written)
  if (strict.success) return strict.data
  const meant = meantFields(
    typeof written === 'string' && written.startsWith('/') ? { uri: written } : written,
    comparableFields,
  )
  if (meant === undefined) return undefined
  const texts = Object.fromEntries(
    (['uri', 'scheme', 'method', 'authority'] as const).flatMap((field) =>
      meant[field] === undefined ? [] : [[field, widerText(meant[field]) ?? meant[field]] as const],
    ),
  )
  const named = Object.fromEntries(
    (['headers', 'queryParams'] as const).flatMap((field) =>
      meant[field] === undefined ? [] : [[field, widerNamed(meant[field])] as const],
    ),
  )
  return httpMatch.safeParse({ ...meant, ...texts, ...named }).data
}

/** A text in place of an object is a prefix, which includes the requests of an exact match. */
function widerText(written: unknown): unknown {
  if (typeof written === 'string') return written === '' ? undefined : { prefix: written }
  if (pathMatch.safeParse(written).success) return written
  return meantFields(written, ['exact', 'prefix', 'regex'])
}

/** A header or query parameter whose value cannot be read only has to be present. */
function widerNamed(written: unknown): unknown {
  if (!isRecord(written)) return written
  return Object.fromEntries(
    Object.entries(written).map(([name, value]) => [
      name,
      value === null || valueMatch.safeParse(value).success ? value : {},
    ]),
  )
}
