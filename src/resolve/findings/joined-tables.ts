import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { finding, nameOf } from '../../diagnostics/finding.ts'
import { isCatchAll } from '../../model/catch-all.ts'
import { compareText } from '../../model/names.ts'
import type { Route, RouteTable } from '../../model/route.ts'
import { createCoverIndex } from './cover-index.ts'
import { lostMirrors } from './unreachable.ts'

/** A route of a virtual host that several tables share, and the table that it is from. */
export interface JoinedRoute {
  readonly route: Route
  readonly table: RouteTable
}

/** The routes of one table, or of all that join together as one. */
export interface JoinedTables {
  readonly routes: readonly JoinedRoute[]
  /** Routes behind a catch-all: no request gets to them. */
  readonly cutOff: readonly JoinedRoute[]
}

/**
 * Groups the tables that join together, and sorts the routes of each group by precedence. Tables without
 * routes are left out.
 */
export function joinTables(
  tables: readonly { readonly table: RouteTable; readonly routes: readonly Route[] }[],
): readonly JoinedTables[] {
  const groups = Map.groupBy(
    tables.filter(({ routes }) => routes.length > 0),
    ({ table }) => table.joins ?? table,
  )
  return [...groups.values()].map((group): JoinedTables => {
    const all = group
      .flatMap(({ table, routes }) => routes.map((route) => ({ table, route })))
      .toSorted((a, b) => compareText(a.route.precedence ?? '', b.route.precedence ?? ''))
    const last = all.findIndex(({ route }) => isCatchAll(route.match))
    return last < 0
      ? { routes: all, cutOff: [] }
      : { routes: all.slice(0, last + 1), cutOff: all.slice(last + 1) }
  })
}

/**
 * The routes, in the order in which Envoy tries them, that get no request because a route of another table
 * takes them all.
 */
export function joinedConflicts(routes: readonly JoinedRoute[], domain: string): readonly Diagnostic[] {
  const earlier = createCoverIndex<JoinedRoute>()
  return routes.flatMap((each): readonly Diagnostic[] => {
    const by = earlier.firstCovering(each.route.match)
    earlier.add(each.route.match, each)
    return by === undefined ? [] : conflict(each, by, domain)
  })
}

/** The routes behind a catch-all of another table. */
export function cutOffConflicts({ routes, cutOff }: JoinedTables, domain: string): readonly Diagnostic[] {
  const by = routes.at(-1)
  return by === undefined ? [] : cutOff.flatMap((each) => conflict(each, by, domain))
}

function conflict({ route, table }: JoinedRoute, by: JoinedRoute, domain: string): readonly Diagnostic[] {
  if (by.table === table) return []
  const joins = table.joins !== undefined && table.joins === by.table.joins
  return [
    finding('virtual-host/conflict', route.origin, {
      message:
        `${joins ? '' : 'on gateways, '}${nameOf(by.table.origin)} takes all of these requests for ` +
        `${domain} first${lostMirrors(route)}`,
      hint: joins
        ? 'give one of the two another match: of equal matches the older object wins, then the first ' +
          'by name'
        : 'join the rules in one object, in the order that you want: the oldest object comes first, ' +
          'then the first by name',
    }),
  ]
}
