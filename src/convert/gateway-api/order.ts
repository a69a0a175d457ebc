import { RE2JS } from 're2js'
import type { Manifest } from '../../manifest/manifest.ts'
import type { HttpMatch, NamedMatch } from '../../dialects/gateway-api/route/match/http-match.ts'
import { httpPrecedence } from '../../dialects/gateway-api/route/match/precedence.ts'
import { prefixOf } from '../../dialects/gateway-api/route/match/http-path.ts'
import type { PathMatch } from '../../dialects/gateway-api/route/match/http-path.ts'
import { literal } from './match.ts'

/** The requests of a route, as matches of the Gateway API. */
export interface Taken {
  readonly matches: readonly HttpMatch[]
  /** Parts of its matches that later routes take. */
  readonly except: readonly HttpMatch[]
}

/** A match, and the index of its route among all routes. */
export interface PlacedMatch {
  readonly match: HttpMatch
  readonly route: number
}

export interface Ordered {
  /**
   * Includes further matches for earlier routes, if a later one would come first: they take the common part
   * of both.
   */
  readonly matches: readonly PlacedMatch[]
  /** Exceptions that no route takes; they come after all routes. */
  readonly untaken: readonly HttpMatch[]
  /** Routes that would take precedence over earlier ones, which cannot be avoided. */
  readonly misplaced: ReadonlySet<number>
}

const mostMatches = 256

/** Matches that have the same order in the Gateway API's precedence as the routes. */
export function inPrecedence(routes: readonly Taken[]): Ordered {
  let kept: readonly Ranked[] = []
  const misplaced = new Set<number>()
  const nobody = routes.length
  routes.forEach(({ matches, except }, route) => {
    const exceptions = except.flatMap((match) =>
      behind(match, routes.slice(route + 1)).map((each) => ({ ...each, route: each.route + route + 1 })),
    )
    const added = [...exceptions, ...matches.map((match) => ({ match, route }))]
    const attempt = added.reduce<readonly Ranked[] | undefined>(
      (so, each) =>
        so === undefined ? undefined : withMatch(so, { ...each, key: rank(each.match) }, routes),
      kept,
    )
    if (attempt === undefined) misplaced.add(route)
    else kept = attempt
  })
  return {
    matches: kept.filter(({ route }) => route < nobody).toSorted((a, b) => a.route - b.route),
    untaken: kept.filter(({ route }) => route === nobody).map(({ match }) => match),
    misplaced,
  }
}

/** The routes that take parts of the match, in order; the index after all routes means none. */
function behind(match: HttpMatch, routes: readonly Taken[]): readonly PlacedMatch[] {
  const found: PlacedMatch[] = []
  for (const [route, { matches, except }] of routes.entries()) {
    for (const own of matches) {
      const common = intersection(own, match)
      // An exception of a route is not for it either; an undecidable one is left to the match itself.
      if (common.kind !== 'match' || except.some((each) => isWithin(each, common.match))) continue
      found.push({ match: common.match, route })
      if (isWithin(own, match)) return found
    }
  }
  return [...found, { match, route: routes.length }]
}

interface Ranked extends PlacedMatch {
  readonly key: string
}

/** Undefined if an earlier route would lose requests to it. */
function withMatch(
  kept: readonly Ranked[],
  added: Ranked,
  routes: readonly Taken[],
): readonly Ranked[] | undefined {
  if (
    kept.some(
      (each) =>
        each.route <= added.route &&
        isWithin(each.match, added.match) &&
        (each.route < added.route || each.key <= added.key),
    )
  )
    return kept
  const overtaken = kept.filter((each) => each.route < added.route && added.key < each.key)
  let all: readonly Ranked[] | undefined = kept
  for (const each of overtaken) {
    const common = intersection(each.match, added.match)
    if (
      common.kind === 'none' ||
      (common.kind === 'match' &&
        routes[each.route]?.except.some((exception) => isWithin(exception, common.match)) === true)
    )
      continue
    if (common.kind === 'unknown' || all.length >= mostMatches) return undefined
    const first = [common.match, asRegex(common.match)].find(
      (match) => match !== undefined && rank(match) <= added.key,
    )
    if (first === undefined) return undefined
    all = withMatch(all, { match: first, route: each.route, key: rank(first) }, routes)
    if (all === undefined) return undefined
  }
  return [...all, added]
}

/** All matches belong to one object, so that only their content decides. */
const object: Manifest = {
  id: { group: '', kind: '', namespace: '', name: '' },
  apiVersion: '',
  labels: {},
  annotations: {},
  created: '',
  object: {},
  exactNumbers: {},
}

function rank(match: HttpMatch): string {
  return httpPrecedence(match, { manifest: object, rule: 0, match: 0 })
}

/** The common part of two matches; `unknown` if one match cannot express it. */
type Intersection =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'match'; readonly match: HttpMatch }

const none = { kind: 'none' } as const
const unknown = { kind: 'unknown' } as const

/** The requests that both matches take. */
function intersection(a: HttpMatch, b: HttpMatch): Intersection {
  if (a.method !== undefined && b.method !== undefined && a.method !== b.method) return none
  const parts = [
    commonPath(a.path, b.path),
    commonNamed(a.headers ?? [], b.headers ?? [], lower),
    commonNamed(a.queryParams ?? [], b.queryParams ?? [], same),
  ] as const
  if (parts.some((part) => part === 'none')) return none
  const [path, headers, queryParams] = parts
  if (typeof path === 'string' || typeof headers === 'string' || typeof queryParams === 'string')
    return unknown
  const method = a.method ?? b.method
  return {
    kind: 'match',
    match: {
      ...(path.path === undefined ? {} : { path: path.path }),
      ...(headers.length === 0 ? {} : { headers: [...headers] }),
      ...(queryParams.length === 0 ? {} : { queryParams: [...queryParams] }),
      ...(method === undefined ? {} : { method }),
    },
  }
}

/** Whether the first match surely takes every request of the second. */
function isWithin(wide: HttpMatch, narrow: HttpMatch): boolean {
  const all = (
    these: readonly NamedMatch[],
    those: readonly NamedMatch[],
    spelled: (name: string) => string,
  ): boolean =>
    these.every((each) =>
      those.some((other) => spelled(other.name) === spelled(each.name) && valueCovers(each, other)),
    )
  return (
    (wide.method === undefined || wide.method === narrow.method) &&
    pathCovers(wide.path, narrow.path) &&
    all(wide.headers ?? [], narrow.headers ?? [], lower) &&
    all(wide.queryParams ?? [], narrow.queryParams ?? [], same)
  )
}

function lower(name: string): string {
  return name.toLowerCase()
}

function same(name: string): string {
  return name
}

function commonPath(
  a: PathMatch | undefined,
  b: PathMatch | undefined,
): { readonly path: PathMatch | undefined } | 'none' | 'unknown' {
  if (pathCovers(a, b)) return { path: b }
  if (pathCovers(b, a)) return { path: a }
  const kinds = [meaningOf(a).kind, meaningOf(b).kind]
  // Except for regular expressions, paths are nested or have nothing in common.
  return !kinds.includes('regex') || kinds.includes('exact') ? 'none' : 'unknown'
}

/**
 * The paths of a match: `segments` and `start` take every path that begins so, with whole segments or
 * literally.
 */
type Meaning =
  | { readonly kind: 'all' }
  | { readonly kind: 'exact' | 'segments' | 'start' | 'regex'; readonly text: string }

const plain = String.raw`((?:[^\\.*+?^$\{}()|[\]]|\\[.*+?^$\{}()|[\]\\])*)`
const beginning = new RegExp(`^${plain}\\.\\*$`)
const wholeSegments = new RegExp(`^${plain}\\(/\\.\\*\\)\\?$`)

function meaningOf(path: PathMatch | undefined): Meaning {
  const prefix = prefixOf(path)
  if (path === undefined || prefix === '') return { kind: 'all' }
  if (prefix !== undefined) return { kind: 'segments', text: prefix }
  if (path.type === 'Exact') return { kind: 'exact', text: path.value }
  for (const [kind, form] of [
    ['segments', wholeSegments],
    ['start', beginning],
  ] as const) {
    const text = form.exec(path.value)?.[1]
    if (text !== undefined) return { kind, text: text.replaceAll(/\\(.)/g, '$1') }
  }
  return { kind: 'regex', text: path.value }
}

/**
 * The same path as a regular expression, if it can be one: the Gateway API asks these before every prefix.
 */
function asRegex({ path, ...rest }: HttpMatch): HttpMatch | undefined {
  const prefix = path?.type === 'PathPrefix' || path === undefined ? prefixOf(path) : undefined
  return prefix === undefined
    ? undefined
    : {
        ...rest,
        path: { type: 'RegularExpression', value: prefix === '' ? '/.*' : `${literal(prefix)}(/.*)?` },
      }
}

function pathCovers(a: PathMatch | undefined, b: PathMatch | undefined): boolean {
  const [wide, narrow] = [meaningOf(a), meaningOf(b)]
  if (wide.kind === 'all') return true
  if (narrow.kind === 'all') return false
  if (wide.kind === narrow.kind && wide.text === narrow.text) return true
  switch (wide.kind) {
    case 'exact':
      return false
    case 'segments':
      return (
        narrow.kind !== 'regex' &&
        (narrow.text.startsWith(`${wide.text}/`) || (narrow.text === wide.text && narrow.kind !== 'start'))
      )
    case 'start':
      return narrow.kind !== 'regex' && narrow.text.startsWith(wide.text)
    case 'regex':
      return narrow.kind === 'exact' && RE2JS.compile(wide.text).matches(narrow.text)
  }
}

function commonNamed(
  a: readonly NamedMatch[],
  b: readonly NamedMatch[],
  spelled: (name: string) => string,
): readonly NamedMatch[] | 'none' | 'unknown' {
  const common: NamedMatch[] = [...a]
  for (const each of b) {
    const index = common.findIndex(({ name }) => spelled(name) === spelled(each.name))
    const other = common[index]
    if (other === undefined) common.push(each)
    else if (valueCovers(other, each)) common[index] = each
    else if (!valueCovers(each, other))
      return other.type === 'Exact' || each.type === 'Exact' ? 'none' : 'unknown'
  }
  return common.length > 16 ? 'unknown' : common
}

function valueCovers(wide: NamedMatch, narrow: NamedMatch): boolean {
  if (wide.type === narrow.type)
    return wide.value === narrow.value || (wide.type === 'RegularExpression' && wide.value === '.*')
  return wide.type === 'RegularExpression' && RE2JS.compile(wide.value).matches(narrow.value)
}
