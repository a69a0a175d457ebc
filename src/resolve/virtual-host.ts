import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Diagnostic, Origin } from '../diagnostics/diagnostic.ts'
import { finding } from '../diagnostics/finding.ts'
import { isCatchAll } from '../model/catch-all.ts'
import { hasLabels } from '../model/labels.ts'
import type { Route, RouteTable } from '../model/route.ts'
import type { Scope } from '../xds/scope.ts'
import { cutOffConflicts, joinedConflicts, joinTables } from './findings/joined-tables.ts'
import type { JoinedRoute } from './findings/joined-tables.ts'
import { resolveOtherwise } from './otherwise.ts'
import type { VirtualHostPlan } from './plan/plan.ts'
import { resolveRoute } from './route.ts'
import type { RouteResolution } from './route.ts'
import type { ResolvedMirror, ResolvedVirtualHost } from './resolved.ts'
import type { Sight } from './sight.ts'

/** Resolves a planned virtual host with the routes of its tables. Undefined if it would answer nothing. */
export function resolveVirtualHost(
  plan: VirtualHostPlan,
  tables: readonly RouteTable[],
  sight: Sight,
): ResolvedVirtualHost | undefined {
  const applicable = joinTables(
    tables.map((table) => ({
      table,
      routes: table.routes.filter((route) => applies(route, plan, sight.scope)),
    })),
  )
  const chosen = plan.sharing === 'first' ? applicable.slice(0, 1) : applicable
  const chosenRoutes = chosen.flatMap(({ routes: own }) => own)
  const resolutions = chosenRoutes.map(({ route, table }) => ({
    route,
    table,
    ...resolveRoute(route, table, { sight, port: plan.port, scheme: plan.scheme ?? 'http' }),
  }))
  const ordered = plan.sharing === 'all' ? catchAllsLast(resolutions) : resolutions
  const routes: readonly RouteResolution[] = ordered.length > 0 ? ordered : resolveOtherwise(plan, sight)
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
    missing: isPrivate(plan, sight) ? [] : routes.flatMap((each) => each.missing),
    origins: originsOf(chosenRoutes),
  }
}

/**
 * Whether the host belongs to a service that proxies of the scope may not see, so that they are not expected
 * to call it.
 */
function isPrivate({ name, port }: VirtualHostPlan, sight: Sight): boolean {
  const host = name.slice(0, -`:${port}`.length)
  return sight.scope.role !== 'gateway' && sight.services(host).length === 0 && sight.hidden(host).length > 0
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
