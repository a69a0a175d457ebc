import type { Code } from '../../../../diagnostics/codes.ts'
import type { FieldPath, Origin } from '../../../../diagnostics/diagnostic.ts'
import { below, nameOf } from '../../../../diagnostics/finding.ts'
import type { Wording } from '../../../../diagnostics/finding.ts'
import { renderPath } from '../../../../diagnostics/field-path.ts'
import type { Rule } from '../http-rule.ts'
import type { PlacedMatch, PlacedRule } from '../placed-rule.ts'
import { ruleKey } from '../placed-rule.ts'
import type { RuleSite } from '../rule-site.ts'
import type { HttpMatch } from '../match.ts'

/** Records a finding that follows from the merge. */
export type Note = (code: Code, origin: Origin, wording: Wording) => void

export interface RulePair {
  readonly root: PlacedRule
  readonly delegate: PlacedRule
}

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
] as const satisfies readonly (keyof Rule)[]

/**
 * Merges a root's rule with one of its delegate's. Undefined if their matches exclude each other, which is
 * reported at the delegate's.
 */
export function mergedRule({ root, delegate }: RulePair, note: Note): PlacedRule | undefined {
  const matches = mergedMatches({ root, delegate }, note)
  if (matches === undefined) return undefined
  const name = [root.rule.name ?? '', delegate.rule.name ?? ''].filter((each) => each !== '').join('-')
  const isOwn = (field: keyof Rule): boolean => isGiven(delegate.rule[field])
  const fromRoot = inherited.filter(
    (field) =>
      !isOwn(field) &&
      isGiven(root.rule[field]) &&
      (!percentages.includes(field) || hasMirror(root, delegate)),
  )
  const rule: Rule = {
    ...delegate.rule,
    ...Object.fromEntries(fromRoot.map((field) => [field, root.rule[field]])),
    name,
  }
  const siteOf = (field: keyof Rule): RuleSite =>
    (fromRoot.some((each) => each === field) ? root : delegate).siteOf(field)
  noteMixedPercentage({ rule, siteOf }, root, note)
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
function mergedMatches({ root, delegate }: RulePair, note: Note): readonly PlacedMatch[] | undefined {
  const merged: PlacedMatch[] = []
  for (const own of delegate.matches) {
    const pairs = root.matches.map(({ match }): Pair => pair(match, own.match))
    const agreeing = pairs.filter((each) => each.conflict === undefined)
    if (agreeing.length === 0) {
      note(...conflictOf(own, pairs[0]?.conflict ?? [], root))
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

function conflictOf({ origin }: PlacedMatch, conflict: FieldPath, root: PlacedRule): Parameters<Note> {
  const { manifest, path } = root.siteOf('match')
  const wanted = `${renderPath([...path, 'match'])} of ${nameOf({ object: manifest.id })}`
  return [
    'delegate/conflicting-match',
    below(origin, ...conflict),
    {
      message:
        `${renderPath(['match', ...conflict])} is not within ${wanted}, which delegates to it: the ` +
        `rule has no effect there`,
      hint: 'Istio compares exact texts and prefixes; a regular expression is within nothing',
    },
  ]
}

/** Fields are inherited one by one, so that a mirror and its percentage may come from different files. */
function noteMixedPercentage(
  { rule, siteOf }: Pick<PlacedRule, 'rule' | 'siteOf'>,
  root: PlacedRule,
  note: Note,
): void {
  const field = rule.mirrorPercentage !== undefined ? 'mirrorPercentage' : 'mirrorPercent'
  const mirror = siteOf('mirror')
  const percentage = siteOf(field)
  if (rule.mirror === undefined || rule[field] === undefined || mirror === percentage) return
  const isFromRoot = percentage === root.siteOf(field)
  const other = isFromRoot ? percentage : mirror
  const otherField =
    `${renderPath([...other.path, isFromRoot ? field : 'mirror'])} of ` +
    nameOf({ object: other.manifest.id })
  const own = isFromRoot ? mirror : percentage
  note(
    'delegate/mixed-percentage',
    { object: own.manifest.id, path: [...own.path, isFromRoot ? 'mirror' : field] },
    isFromRoot
      ? {
          message: `mirror has no percentage of its own and takes ${otherField}`,
          hint: 'write mirrorPercentage beside it',
        }
      : {
          message: `${field} has no mirror beside it and applies to ${otherField}`,
          hint: 'write mirror beside it',
        },
  )
}

/**
 * The field of a delegate's match that no request of the root's match can meet, or that Istio cannot compare;
 * undefined if they agree.
 */
function conflictBetween(root: HttpMatch, delegate: HttpMatch): FieldPath | undefined {
  for (const field of ['uri', 'scheme', 'method', 'authority'] as const) {
    if (!isWithin(delegate[field], root[field])) return [field]
  }
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    const outside = Object.entries(delegate[field] ?? {}).find(
      ([name, value]) => !isWithin(value, root[field]?.[name]),
    )
    if (outside !== undefined) return [field, outside[0]]
  }
  if ((root.ignoreUriCase ?? false) !== (delegate.ignoreUriCase ?? false)) return ['ignoreUriCase']
  if (root.port !== undefined && delegate.port !== undefined && root.port !== delegate.port) return ['port']
  if (given(root.sourceNamespace) !== undefined && delegate.sourceNamespace !== root.sourceNamespace)
    return ['sourceNamespace']
  const other = Object.entries(delegate.sourceLabels ?? {}).find(
    ([name, value]) => (root.sourceLabels?.[name] ?? value) !== value,
  )
  if (other !== undefined) return ['sourceLabels', other[0]]
  const gateways = root.gateways ?? []
  return gateways.length > 0 && (delegate.gateways ?? []).some((gateway) => !gateways.includes(gateway))
    ? ['gateways']
    : undefined
}

type Text = HttpMatch['method'] | null

/** Istio compares texts only: a regular expression is within nothing, not even within itself. */
function isWithin(delegate: Text, root: Text): boolean {
  if (delegate === undefined || delegate === null || root === undefined || root === null) return true
  const exact = given(root.exact)
  if (exact !== undefined) return delegate.exact === exact
  const prefix = given(root.prefix)
  return prefix !== undefined && (delegate.prefix ?? delegate.exact ?? '').startsWith(prefix)
}

/** The conditions of both matches; for a field that both have, the delegate's. */
function mergedMatch(root: HttpMatch, delegate: HttpMatch): HttpMatch {
  return {
    ...root,
    ...delegate,
    ...joined(
      'name',
      given([root.name, delegate.name].filter((name) => given(name) !== undefined).join('-')),
    ),
    ...joined('headers', both(root.headers, delegate.headers)),
    ...joined('withoutHeaders', both(root.withoutHeaders, delegate.withoutHeaders)),
    ...joined('queryParams', both(root.queryParams, delegate.queryParams)),
    ...joined('sourceLabels', both(root.sourceLabels, delegate.sourceLabels)),
    ...joined('sourceNamespace', given(delegate.sourceNamespace) ?? root.sourceNamespace),
    ...joined('statPrefix', given(delegate.statPrefix) ?? root.statPrefix),
    ...joined('gateways', (delegate.gateways ?? []).length > 0 ? delegate.gateways : root.gateways),
  }
}

function both<V>(
  root: Readonly<Record<string, V>> | undefined,
  delegate: Readonly<Record<string, V>> | undefined,
): Record<string, V> | undefined {
  return root === undefined && delegate === undefined ? undefined : { ...root, ...delegate }
}

function joined<Name extends keyof HttpMatch>(
  name: Name,
  value: HttpMatch[Name],
): Partial<Pick<HttpMatch, Name>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Pick<HttpMatch, Name>>)
}

/** An empty text is absent (protobuf's default value). */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
