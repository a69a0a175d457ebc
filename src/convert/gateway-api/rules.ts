import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { Rewrite, Route } from '../../model/route.ts'
import type { PlacedMirror } from '../mirror-annotation.ts'
import { commentsAt } from '../rendered.ts'
import type { Comment } from '../rendered.ts'
import type { HttpMatch } from '../../dialects/gateway-api/route/match/http-match.ts'
import { literal, writtenMatches } from './match.ts'
import { inPrecedence } from './order.ts'
import { writtenBody } from './rule.ts'
import type { BodySite, RenderedBody } from './rule.ts'
import { isJsonObject } from '../../manifest/message.ts'
import { prefixOf } from '../../dialects/gateway-api/route/match/http-path.ts'
import type { PathMatch } from '../../dialects/gateway-api/route/match/http-path.ts'

export interface RenderedRules {
  readonly rules: readonly JsonObject[]
  /** Paths begin with the place of the rule; the empty path is that of all. */
  readonly mirrors: readonly PlacedMirror[]
  readonly comments: readonly Comment[]
}

/** A route to be written: its matches, and its action. */
interface Draft {
  readonly route: Route
  readonly matches: readonly HttpMatch[]
  /** Parts of the matches that the route does not take. */
  readonly except: readonly HttpMatch[]
  readonly body: RenderedBody
}

/** The rules of an HTTPRoute for routes in their order. */
export function writtenRules(routes: readonly Route[], site: BodySite): RenderedRules {
  const lost: Comment[] = []
  const drafts = withWholeSegments(
    routes.flatMap((route): readonly Draft[] => {
      const { route: meant, except } = replacingSegments(route)
      const [matches, exceptions] =
        whyUnsayable(route) === undefined
          ? [writtenMatches(meant.match), writtenMatches(except ?? meant.match)]
          : []
      if (matches !== undefined && exceptions !== undefined)
        return [
          { route, matches, except: except === undefined ? [] : exceptions, body: writtenBody(meant, site) },
        ]
      lost.push({
        path: [],
        text:
          `not carried, ${describe(route)}: the Gateway API cannot say ` +
          (whyUnsayable(route) ?? 'what it matches'),
      })
      return []
    }),
  )
  const { matches, untaken, misplaced } = inPrecedence(drafts)
  for (const index of misplaced) {
    const draft = drafts[index]
    if (draft !== undefined)
      lost.push({
        path: [],
        text:
          `not carried, ${describe(draft.route)}: an earlier rule takes some of its requests, and the ` +
          `Gateway API would ask this one first`,
      })
  }
  const rules = drafts.flatMap((draft, index) => {
    const own = matches.filter((each) => each.route === index).map(({ match }) => match)
    return own.length === 0 ? [] : rulesOf(draft, own)
  })
  const joined = withDistinctNames(
    joinedRules([...rules, ...inSixtyFours(untaken).map((each) => ({ matches: each, body: unanswered }))]),
  )
  return {
    rules: joined.map(({ matches: own, body }) => ({ ...named(body), ...present(own), ...unnamed(body) })),
    mirrors: joined.flatMap(({ body }, index) =>
      body.mirrors.map((each) => ({ ...each, path: [index, ...each.path] })),
    ),
    comments: [...lost, ...joined.flatMap(({ body }, index) => commentsAt([index], body.comments))],
  }
}

const unanswered: RenderedBody = {
  fields: {},
  mirrors: [],
  comments: [
    { path: [], text: 'not carried: no rule takes these; the requests are answered with 500 instead of 404' },
  ],
}

interface Replacing {
  readonly route: Route
  readonly except: Route['match'] | undefined
}

/**
 * Only PathPrefix can have its prefix replaced. So a prefix with a final slash, and a replacement with one,
 * means whole segments, except the path without the slash.
 */
function replacingSegments(route: Route): Replacing {
  const { action, match } = route
  const replacement =
    action.kind === 'forward'
      ? action.rewrite.prefix
      : action.kind === 'redirect' && action.path?.kind === 'prefix'
        ? action.path.value
        : undefined
  const { kind, value } = match.path
  if (
    replacement === undefined ||
    !replacement.endsWith('/') ||
    kind !== 'prefix' ||
    !value.endsWith('/') ||
    value === '/' ||
    match.caseSensitive === false
  )
    return { route, except: undefined }
  const segments = value.slice(0, -1)
  const path = { kind: 'segments', value: segments } as const
  const away = { pattern: `^${literal(segments)}/?`, substitution: '/' }
  const changed =
    action.kind === 'redirect'
      ? {
          ...action,
          path:
            replacement === '/'
              ? { kind: 'regex' as const, ...away }
              : { kind: 'prefix' as const, value: replacement.slice(0, -1) },
        }
      : action.kind === 'forward'
        ? {
            ...action,
            rewrite:
              replacement === '/'
                ? { ...withoutPrefix(action.rewrite), regex: away }
                : { ...action.rewrite, prefix: replacement.slice(0, -1) },
          }
        : action
  return {
    route: { ...route, match: { ...match, path }, action: changed },
    except: { ...match, path: { kind: 'exact', value: segments } },
  }
}

function withoutPrefix({ authority, explicit }: Rewrite): Rewrite {
  return { explicit, ...(authority === undefined ? {} : { authority }) }
}

interface Rule {
  readonly matches: readonly HttpMatch[]
  readonly body: RenderedBody
}

function named({ fields }: RenderedBody): JsonObject {
  return fields['name'] === undefined ? {} : { name: fields['name'] }
}

function unnamed({ fields }: RenderedBody): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== 'name'))
}

/** A rule that takes everything needs no matches. */
function present(matches: readonly HttpMatch[]): JsonObject {
  const written = matches.map((match) => JSON.parse(JSON.stringify(match)) as Json)
  return written.length === 1 && JSON.stringify(written[0]) === '{}' ? {} : { matches: written }
}

function whyUnsayable({ applies, match }: Route): string | undefined {
  if (applies.proxyLabels !== undefined && Object.keys(applies.proxyLabels).length > 0)
    return 'which labels its clients have'
  if (applies.proxyNamespace !== undefined) return 'which namespace its clients are in'
  if (match.headers.some(({ invert }) => invert)) return 'that a header does not exist, or not so'
  const pseudo = match.headers.find(({ name }) => name.startsWith(':') && name !== ':method')
  return pseudo === undefined ? undefined : `what ${pseudo.name} must be`
}

function describe({ name, match: { path } }: Route): string {
  return `${name === '' ? 'a rule' : `rule ${name}`} for ${path.kind} ${path.value}`
}

/** A prefix is replaced in a rule with one match only. */
function rulesOf({ body, matches: [{ path } = {}] }: Draft, matches: readonly HttpMatch[]): readonly Rule[] {
  if (
    (matches.length === 1 && JSON.stringify(matches[0]?.path) === JSON.stringify(path)) ||
    !JSON.stringify(body.fields).includes('"ReplacePrefixMatch"')
  )
    return inSixtyFours(matches).map((each) => ({ matches: each, body }))
  const own = JSON.stringify(path)
  return matches.map((match) => {
    const fields = JSON.stringify(match.path) === own ? body.fields : narrowed(body.fields, path, match.path)
    return { matches: [match], body: fields === undefined ? unrewritten : { ...body, fields } }
  })
}

/** The prefix would differ for requests that are matched separately because a later rule would take them. */
const unrewritten: RenderedBody = {
  fields: {},
  mirrors: [],
  comments: [
    {
      path: [],
      text:
        'not carried, a rewrite of the path for requests that a later rule would take first: they are ' +
        'answered with 500',
    },
  ],
}

function inSixtyFours(matches: readonly HttpMatch[]): readonly (readonly HttpMatch[])[] {
  return Array.from({ length: Math.ceil(matches.length / 64) }, (_, index) =>
    matches.slice(index * 64, index * 64 + 64),
  )
}

/** Neighbours that do the same become one. */
function joinedRules(rules: readonly Rule[]): readonly Rule[] {
  return rules.reduce<readonly Rule[]>((all, next) => {
    const last = all.at(-1)
    const isSame =
      last !== undefined &&
      last.matches.length + next.matches.length <= 64 &&
      JSON.stringify(last.body) === JSON.stringify(next.body)
    if (!isSame || JSON.stringify(next.body.fields).includes('"ReplacePrefixMatch"')) return [...all, next]
    return [...all.slice(0, -1), { ...last, matches: [...last.matches, ...next.matches] }]
  }, [])
}

/** A name may be used once. */
function withDistinctNames(rules: readonly Rule[]): readonly Rule[] {
  const names = new Set<unknown>()
  return rules.map((rule) => {
    const name = rule.body.fields['name']
    if (name === undefined || !names.has(name)) {
      names.add(name)
      return rule
    }
    return { ...rule, body: { ...rule.body, fields: unnamed(rule.body) } }
  })
}

/**
 * A path and the paths below it, in two neighbours with the same action, become a prefix of whole segments.
 */
function withWholeSegments(drafts: readonly Draft[]): readonly Draft[] {
  return drafts.reduce<readonly Draft[]>((all, next) => {
    const last = all.at(-1)
    const joined = last === undefined ? undefined : wholeSegments(last, next)
    return joined === undefined ? [...all, next] : [...all.slice(0, -1), joined]
  }, [])
}

function wholeSegments(first: Draft, second: Draft): Draft | undefined {
  const [exact, below] =
    first.route.match.path.kind === 'exact' ? [first.route, second.route] : [second.route, first.route]
  const { path, ...rest } = exact.match
  const { path: belowPath, ...belowRest } = below.match
  if (
    second.except.length > 0 ||
    first.except.length > 0 ||
    path.kind !== 'exact' ||
    belowPath.kind !== 'prefix' ||
    belowPath.value !== `${path.value}/` ||
    !path.value.startsWith('/') ||
    path.value.endsWith('/')
  )
    return undefined
  if (
    JSON.stringify(rest) !== JSON.stringify(belowRest) ||
    JSON.stringify(first.body) !== JSON.stringify(second.body)
  )
    return undefined
  const matches = writtenMatches({ ...rest, path: { kind: 'segments', value: path.value } })
  return matches === undefined
    ? undefined
    : {
        ...first,
        matches,
        route: { ...exact, match: { ...rest, path: { kind: 'segments', value: path.value } } },
      }
}

/**
 * The fields of a rule with a replaced prefix, for a narrower path than its own: the prefix and its
 * replacement grow by the same part. Undefined if the narrower path is a regular expression, which has no
 * prefix to replace.
 */
function narrowed(
  fields: JsonObject,
  own: PathMatch | undefined,
  narrower: PathMatch | undefined,
): JsonObject | undefined {
  const prefix = prefixOf(own)
  if (prefix === undefined || narrower === undefined || narrower.type === 'RegularExpression')
    return undefined
  const rest = (prefixOf(narrower) ?? narrower.value).slice(prefix.length)
  const kind = narrower.type === 'Exact' ? 'whole' : 'prefix'
  const { filters } = fields
  if (!Array.isArray(filters)) return fields
  return { ...fields, filters: filters.map((filter: Json) => withLongerPath(filter, rest, kind)) }
}

function withLongerPath(filter: Json, rest: string, kind: 'whole' | 'prefix'): Json {
  if (!isJsonObject(filter)) return filter
  return Object.fromEntries(
    Object.entries(filter).map(([field, value]) => {
      const path = isJsonObject(value) ? value['path'] : undefined
      if (!isJsonObject(value) || !isJsonObject(path) || typeof path['replacePrefixMatch'] !== 'string')
        return [field, value]
      const replacement = `${path['replacePrefixMatch'].replace(/\/$/, '')}${rest}` || '/'
      return [
        field,
        {
          ...value,
          path:
            kind === 'whole'
              ? { type: 'ReplaceFullPath', replaceFullPath: replacement }
              : { type: 'ReplacePrefixMatch', replacePrefixMatch: replacement },
        },
      ]
    }),
  )
}
