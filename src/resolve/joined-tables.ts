import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { finding, nameOf } from '../diagnostics/finding.ts'
import type { Route, RouteTable } from '../model/route.ts'
import { covers } from './covers.ts'
import { lostMirrors } from './unreachable.ts'

/** A route of a virtual host that several tables share, and the table that it is from. */
export interface JoinedRoute {
  readonly route: Route
  readonly table: RouteTable
}

/** The routes, in the order in which they are asked, that get no request as a route of another table takes them all. */
export function joinedConflicts(routes: readonly JoinedRoute[], domain: string): readonly Diagnostic[] {
  return routes.flatMap(({ route, table }, index): readonly Diagnostic[] => {
    const by = routes.slice(0, index).find((earlier) => covers(earlier.route.match, route.match))
    if (by === undefined || by.table === table) return []
    return [finding('virtual-host/conflict', route.origin, {
      message: `on gateways, ${nameOf(by.table.origin)} takes all of these requests for ${domain} first${lostMirrors(route)}`,
      hint: 'join the rules in one object, in the order that you want: of several, the oldest goes first, then the first by name',
    })]
  })
}
