import { renderPath } from '../../diagnostics/field-path.ts'
import type { Diagnostic, FieldPath, Origin } from '../../diagnostics/diagnostic.ts'
import { objectKey } from '../../diagnostics/diagnostic.ts'
import { finding, nameOf } from '../../diagnostics/finding.ts'
import type { Route, RouteTable } from '../../model/route.ts'
import { createCoverIndex } from './cover-index.ts'
import { coversApplicability } from './covers.ts'

interface Covered {
  readonly route: Route
  /** The first route that takes all of its requests before it. */
  readonly by: Route
}

/** The matches and rules of a table that no request reaches, as an earlier rule takes all of theirs. */
export function unreachableRoutes(table: RouteTable): readonly Diagnostic[] {
  const covered = coveredRoutes(table).filter(({ route, by }) => ruleKey(route) !== ruleKey(by))
  const byRule = Map.groupBy(covered, ({ route }) => ruleKey(route))
  return [...byRule].flatMap(([rule, each]) => {
    const whole =
      each.length > 1 && each.length === table.routes.filter((route) => ruleKey(route) === rule).length
    const takers = [...new Set(each.map(({ route, by }) => placeOf(by, route)))]
    return (whole ? each.slice(0, 1) : each).map(({ route, by }) => {
      const origin = whole ? { object: route.origin.object, path: rulePath(route.origin) } : route.origin
      const taken =
        whole && takers.length > 1 ? `${takers.join(' and ')} take` : `${placeOf(by, route)} takes`
      return finding('route/unreachable', origin, {
        message: `no request gets here: ${taken} all of them before${lostMirrors(route)}`,
        hint:
          route.precedence === undefined
            ? `move it above ${renderPath(rulePath(by.origin))}, or remove it`
            : 'give it another match, or remove it',
      })
    })
  })
}

/** The matches that another match of their own rule makes superfluous. */
export function redundantMatches(table: RouteTable): readonly Diagnostic[] {
  return coveredRoutes(table)
    .filter(({ route, by }) => ruleKey(route) === ruleKey(by))
    .map(({ route, by }) =>
      finding('route/redundant-match', route.origin, {
        message: `${renderPath(by.origin.path)} of the same rule takes all of these requests`,
        hint: 'remove one of the two',
      }),
    )
}

function coveredRoutes({ routes, attachedTo }: RouteTable): readonly Covered[] {
  const before = createCoverIndex<Route>()
  return routes.flatMap((route) => {
    const by = before.firstCovering(route.match, (earlier) => coversApplicability(earlier, route, attachedTo))
    before.add(route.match, route)
    return by === undefined ? [] : [{ route, by }]
  })
}

const matchLists: readonly unknown[] = ['match', 'matches', 'matchers']

/** The field of the rule that a route was made of: each match of a rule is a route. */
function rulePath({ path }: Origin): FieldPath {
  return matchLists.includes(path.at(-2)) ? path.slice(0, -2) : path
}

function ruleKey({ origin }: Route): string {
  return `${objectKey(origin.object)}|${JSON.stringify(rulePath(origin))}`
}

function placeOf(by: Route, route: Route): string {
  const path = renderPath(by.origin.path)
  return objectKey(by.origin.object) === objectKey(route.origin.object)
    ? path
    : `${path} of ${nameOf(by.origin)}`
}

/** The end of a sentence about an unreachable route with mirrors. */
export function lostMirrors({ action }: Route): string {
  return action.kind === 'forward' && action.mirrors.length > 0 ? ', so its mirrors copy nothing' : ''
}
