import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Diagnostic, Origin } from '../diagnostics/diagnostic.ts'
import { finding, nameOf } from '../diagnostics/finding.ts'
import { isCatchAll } from '../model/catch-all.ts'
import { hasLabels } from '../model/labels.ts'
import type { Route, RouteTable } from '../model/route.ts'
import type { Scope } from '../xds/scope.ts'
import { resolveFallback } from './fallback-route.ts'
import type { VirtualHostPlan } from './plan/plan.ts'
import { resolveRoute } from './route.ts'
import type { RouteResolution } from './route.ts'
import type { ResolvedMirror, ResolvedVirtualHost } from './resolved.ts'
import type { VisibleModel } from './visible-model.ts'
import { compareText } from '../model/names.ts'
import { createCoverIndex } from './findings/cover-index.ts'
import { lostMirrors } from './findings/unreachable.ts'

/** Resolves a planned virtual host with the routes of its tables. Undefined if it would answer nothing. */
export function resolveVirtualHost(
  plan: VirtualHostPlan,
  tables: readonly RouteTable[],
  visible: VisibleModel,
): ResolvedVirtualHost | undefined {
  const applicable = joinTables(
    tables.map((table) => ({
      table,
      routes: table.routes.filter((route) => applies(route, plan, visible.scope)),
    })),
  )
  const chosen = plan.sharing === 'first' ? applicable.slice(0, 1) : applicable
  const chosenRoutes = chosen.flatMap(({ routes: own }) => own)
  const resolutions = chosenRoutes.map(({ route, table }) => ({
    route,
    table,
    ...resolveRoute(route, table, { visible, port: plan.port, scheme: plan.scheme ?? 'http' }),
  }))
  const ordered = plan.sharing === 'all' ? catchAllsLast(resolutions) : resolutions
  const routes: readonly RouteResolution[] = ordered.length > 0 ? ordered : resolveFallback(plan, visible)
  if (routes.length === 0 && plan.requireTls !== true) return undefined
  return {
    scope: plan.scope,
    routeConfiguration: plan.routeConfiguration,
    name: plan.name,
    domains: plan.domains,
    routes: routes.map((each) => each.resolved),
    ...(plan.requireTls === true ? { requireTls: plan.requireTls } : {}),
    uses: routes.flatMap((each) => each.uses),
    diagnostics: [
      ...routes.flatMap((each) => each.diagnostics),
      ...joinedConflicts(ordered, plan.domains[0] ?? plan.name),
      ...chosen.flatMap((group) => cutOffConflicts(group, plan.domains[0] ?? plan.name)),
      ...overruled(
        plan,
        [...byTable(applicable.slice(chosen.length).flatMap(({ routes: own }) => own)).keys()].filter(
          (table) => !isReplaced(table, chosenRoutes),
        ),
      ),
    ],
    missing: isPrivate(plan, visible) ? [] : routes.flatMap((each) => each.missing),
    origins: originsOf(chosenRoutes),
  }
}

/**
 * Whether the host belongs to a service that proxies of the scope may not see, so that they are not expected
 * to call it.
 */
function isPrivate({ name, port }: VirtualHostPlan, visible: VisibleModel): boolean {
  const host = name.slice(0, -`:${port}`.length)
  return (
    visible.scope.role !== 'gateway' && visible.services(host).length === 0 && visible.hidden(host).length > 0
  )
}

/** The mirrors of a virtual host's routes. */
export function mirrorsOf({ routes }: ResolvedVirtualHost): readonly ResolvedMirror[] {
  return routes.flatMap(({ action }) => (action.kind === 'forward' ? action.mirrors : []))
}

/** The origins of routes that delegates added to a table: the first of each object. */
function delegateOrigins(table: RouteTable, routes: readonly JoinedRoute[]): readonly Origin[] {
  const byObject = Map.groupBy(
    routes.map(({ route }) => route.origin),
    ({ object }) => objectKey(object),
  )
  byObject.delete(objectKey(table.origin.object))
  return [...byObject.values()].flatMap(([first]) => first ?? [])
}

function applies({ applies: condition }: Route, plan: VirtualHostPlan, scope: Scope): boolean {
  if (condition.port !== undefined && condition.port !== plan.port) return false
  if (
    condition.attachedTo !== undefined &&
    !condition.attachedTo.some((each) => plan.attachedTo.includes(each))
  )
    return false
  if (condition.proxyNamespace !== undefined && condition.proxyNamespace !== scope.namespace) return false
  return hasLabels(scope.labels, condition.proxyLabels ?? {})
}

function byTable(routes: readonly JoinedRoute[]): ReadonlyMap<RouteTable, readonly JoinedRoute[]> {
  return Map.groupBy(routes, ({ table }) => table)
}

function originsOf(routes: readonly JoinedRoute[]): readonly Origin[] {
  const tables = byTable(routes)
  return [
    ...[...tables.keys()].map(({ origin }) => origin),
    ...[...tables].flatMap(([table, own]) => delegateOrigins(table, own)),
  ]
}

function catchAllsLast<R extends { readonly route: Route }>(resolutions: readonly R[]): readonly R[] {
  const specific = resolutions.filter(({ route }) => !isCatchAll(route.match))
  return [...specific, ...resolutions.filter(({ route }) => isCatchAll(route.match))]
}

function isReplaced({ joins }: RouteTable, by: readonly JoinedRoute[]): boolean {
  return joins !== undefined && by.some(({ table }) => table.replaces === joins)
}

function overruled(plan: VirtualHostPlan, tables: readonly RouteTable[]): readonly Diagnostic[] {
  return tables.map((table) => {
    const declared = table.hosts.find(({ host }) => plan.name === `${host}:${plan.port}`)
    return finding('virtual-host/duplicate-domain', declared?.origin ?? table.origin, {
      message:
        `sidecars take the routes of ${plan.domains[0] ?? plan.name} from an older object, so ` +
        `these have no effect there`,
      hint: 'join the rules in one object',
    })
  })
}

/** A route of a virtual host that several tables share, and the table that it is from. */
interface JoinedRoute {
  readonly route: Route
  readonly table: RouteTable
}

/** The routes of one table, or of all that join together as one. */
interface JoinedTables {
  readonly routes: readonly JoinedRoute[]
  /** Routes behind a catch-all: no request gets to them. */
  readonly cutOff: readonly JoinedRoute[]
}

/**
 * Groups the tables that join together, and sorts the routes of each group by precedence. Tables without
 * routes are left out.
 */
function joinTables(
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
function joinedConflicts(routes: readonly JoinedRoute[], domain: string): readonly Diagnostic[] {
  const earlier = createCoverIndex<JoinedRoute>()
  return routes.flatMap((each): readonly Diagnostic[] => {
    const by = earlier.firstCovering(each.route.match)
    earlier.add(each.route.match, each)
    return by === undefined ? [] : conflict(each, by, domain)
  })
}

/** The routes behind a catch-all of another table. */
function cutOffConflicts({ routes, cutOff }: JoinedTables, domain: string): readonly Diagnostic[] {
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
