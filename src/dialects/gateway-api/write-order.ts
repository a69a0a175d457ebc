import type { Manifest } from '../../manifest/manifest.ts'
import type { HttpMatch } from './http-match.ts'
import { intersection, isWithin } from './match-intersection.ts'
import { httpPrecedence } from './precedence.ts'

/** A match, and the place among all routes of the one that it is for. */
export interface PlacedMatch {
  readonly match: HttpMatch
  readonly route: number
}

export interface Ordered {
  /** With further matches for earlier routes, where a later one would be asked first: they take what both have in common. */
  readonly matches: readonly PlacedMatch[]
  /** Routes that would be asked before earlier ones, which cannot be helped. */
  readonly misplaced: ReadonlySet<number>
}

const mostMatches = 256

/** Matches by which the Gateway API's precedence asks routes as their order does. */
export function inPrecedence(routes: readonly (readonly HttpMatch[])[]): Ordered {
  let kept: readonly Ranked[] = []
  const misplaced = new Set<number>()
  routes.forEach((matches, route) => {
    const attempt = matches.reduce<readonly Ranked[] | undefined>((so, match) => so === undefined ? undefined : withMatch(so, { match, route, key: rank(match) }), kept)
    if (attempt === undefined) misplaced.add(route)
    else kept = attempt
  })
  return { matches: kept.toSorted((a, b) => a.route - b.route), misplaced }
}

interface Ranked extends PlacedMatch {
  readonly key: string
}

/** Undefined where an earlier route would lose requests to it. */
function withMatch(kept: readonly Ranked[], added: Ranked): readonly Ranked[] | undefined {
  if (kept.some((each) => each.route <= added.route && isWithin(each.match, added.match) && (each.route < added.route || each.key <= added.key))) return kept
  const overtaken = kept.filter((each) => each.route < added.route && added.key < each.key)
  let all: readonly Ranked[] | undefined = kept
  for (const each of overtaken) {
    const common = intersection(each.match, added.match)
    if (common.kind === 'none') continue
    if (common.kind === 'unknown' || all.length >= mostMatches) return undefined
    all = withMatch(all, { match: common.match, route: each.route, key: rank(common.match) })
    if (all === undefined) return undefined
  }
  return [...all, added]
}

/** All matches are of one object, so that only what they say counts. */
const object: Manifest = { id: { group: '', kind: '', namespace: '', name: '' }, apiVersion: '', labels: {}, annotations: {}, created: '', object: {}, exactNumbers: {} }

function rank(match: HttpMatch): string {
  return httpPrecedence(match, { manifest: object, rule: 0, match: 0 })
}
