import type { Diagnostic, FieldPath } from '../../../../diagnostics/diagnostic.ts'
import { nameOf } from '../../../../diagnostics/finding.ts'
import { renderPath } from '../../../../diagnostics/field-path.ts'
import type { HttpRule } from '../http-rule.ts'
import { conflictBetween, mergedMatch } from './merged-match.ts'
import type { PlacedMatch, PlacedRule } from '../placed-rule.ts'
import { ruleKey } from '../placed-rule.ts'
import type { RuleSite } from '../rule-site.ts'

/** Fields that a delegate's rule inherits from its root if it does not set them. */
const inherited = [
  'rewrite',
  'directResponse',
  'timeout',
  'retries',
  'fault',
  'mirror',
  'mirrorPercent',
  'mirrorPercentage',
  'corsPolicy',
  'mirrors',
  'headers',
] as const satisfies readonly (keyof HttpRule)[]

/**
 * Merges a root's rule with one of its delegate's. Undefined if their matches exclude each other, which is
 * reported at the delegate's.
 */
export function mergedRule(root: PlacedRule, delegate: PlacedRule): PlacedRule | undefined {
  const matches = mergedMatches(root, delegate)
  if (matches === undefined) return undefined
  const name = [root.rule.name ?? '', delegate.rule.name ?? ''].filter((each) => each !== '').join('-')
  const isOwn = (field: keyof HttpRule): boolean => isGiven(delegate.rule[field])
  const fromRoot = inherited.filter(
    (field) =>
      !isOwn(field) &&
      isGiven(root.rule[field]) &&
      (!percentages.includes(field) || hasMirror(root, delegate)),
  )
  const rule: HttpRule = {
    ...delegate.rule,
    ...Object.fromEntries(fromRoot.map((field) => [field, root.rule[field]])),
    name,
  }
  const siteOf = (field: keyof HttpRule): RuleSite =>
    (fromRoot.some((each) => each === field) ? root : delegate).siteOf(field)
  noteMixedPercentage(rule, siteOf, root)
  return {
    rule,
    matches,
    key: ruleKey(
      name,
      matches.flatMap(({ match }) => match ?? []),
    ),
    siteOf,
  }
}

const percentages: readonly string[] = ['mirrorPercentage', 'mirrorPercent']

function hasMirror(root: PlacedRule, delegate: PlacedRule): boolean {
  return root.rule.mirror !== undefined || delegate.rule.mirror !== undefined
}

/** An empty list is absent (protobuf). */
function isGiven(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0)
}

/**
 * Every compatible pair. A match of the delegate that is compatible with none of the root's removes its whole
 * rule, as in Istio.
 */
function mergedMatches(root: PlacedRule, delegate: PlacedRule): readonly PlacedMatch[] | undefined {
  const merged: PlacedMatch[] = []
  for (const own of delegate.matches) {
    const pairs = root.matches.map(({ match }): Pair => pair(match, own.match))
    const agreeing = pairs.filter((each) => each.conflict === undefined)
    if (agreeing.length === 0) {
      noteConflict(own, pairs[0]?.conflict ?? [], { root, delegate })
      return undefined
    }
    merged.push(...agreeing.map(({ match }) => ({ match, origin: own.origin })))
  }
  return merged
}

interface Pair {
  readonly match: PlacedMatch['match']
  readonly conflict: FieldPath | undefined
}

function pair(root: PlacedMatch['match'], delegate: PlacedMatch['match']): Pair {
  if (root === undefined || delegate === undefined) return { match: delegate ?? root, conflict: undefined }
  const conflict = conflictBetween(root, delegate)
  return { match: conflict === undefined ? mergedMatch(root, delegate) : undefined, conflict }
}

function noteConflict(
  { origin }: PlacedMatch,
  conflict: FieldPath,
  { root, delegate }: { readonly root: PlacedRule; readonly delegate: PlacedRule },
): void {
  const { report, path } = root.siteOf('match')
  const wanted = `${renderPath([...path, 'match'])} of ${nameOf({ object: report.manifest.id })}`
  delegate.siteOf('match').report.note('delegate/conflicting-match', [...origin.path, ...conflict], {
    message:
      `${renderPath(['match', ...conflict])} is not within ${wanted}, which delegates to it: the ` +
      `rule has no effect there`,
    hint: 'Istio compares exact texts and prefixes; a regular expression is within nothing',
  })
}

/** Fields are inherited one by one, so that a mirror and its percentage may come from different files. */
function noteMixedPercentage(rule: HttpRule, siteOf: PlacedRule['siteOf'], root: PlacedRule): void {
  const field = rule.mirrorPercentage !== undefined ? 'mirrorPercentage' : 'mirrorPercent'
  const mirror = siteOf('mirror')
  const percentage = siteOf(field)
  if (rule.mirror === undefined || rule[field] === undefined || mirror === percentage) return
  const isFromRoot = percentage === root.siteOf(field)
  const other = isFromRoot ? percentage : mirror
  const otherField =
    `${renderPath([...other.path, isFromRoot ? field : 'mirror'])} of ` +
    nameOf({ object: other.report.manifest.id })
  const own = isFromRoot ? mirror : percentage
  own.report.note(
    'delegate/mixed-percentage',
    [...own.path, isFromRoot ? 'mirror' : field],
    isFromRoot
      ? {
          message: `mirror has no percentage of its own and takes ${otherField}`,
          hint: 'write mirrorPercentage beside it',
        }
      : {
          message: `${field} has no mirror beside it and counts for ${otherField}`,
          hint: 'write mirror beside it',
        },
  )
}

/** A finding that only the merge can make; all others are reported for each object by itself. */
export function followsFromMerge({ code }: Diagnostic): boolean {
  return (
    code.startsWith('delegate/') ||
    code === 'mirror/without-forward' ||
    code === 'mirror/percentage-without-mirror'
  )
}
