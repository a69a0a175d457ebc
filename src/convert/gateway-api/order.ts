import type { Manifest } from '../../manifest/manifest.ts'
import type { HttpMatch } from '../../dialects/gateway-api/route/match/http-match.ts'
import { asRegex, intersection, isWithin } from './match-intersection.ts'
import { httpPrecedence } from '../../dialects/gateway-api/route/match/precedence.ts'

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
