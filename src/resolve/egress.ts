import type { Collection, Fetch } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import type { Origin } from '../diagnostics/diagnostic.ts'
import type { Service } from '../model/backend.ts'
import type { EgressHost, EgressListener, EgressRule } from '../model/egress.ts'
import { hasLabels } from '../model/labels.ts'
import { compareText, hostIsWithin, intersectHosts } from '../model/names.ts'
import type { RouteTable } from '../model/route.ts'
import type { OutsideTraffic, Settings } from '../model/settings.ts'
import { isVisible } from '../model/visibility.ts'
import type { Scope } from '../xds/scope.ts'
import type { RouteTableHead } from './plan/plan.ts'
import { nearestService } from './plan/service-port.ts'
import { tablesInOrder } from './plan/table-order.ts'

/**
 * The hosts that the egress rule of a scope shows to its proxies. A scope without a rule sees everything that
 * is visible to it.
 */
export interface EgressScope {
  readonly rule: Origin
  /** Namespaces are resolved: `.` does not occur. */
  readonly listeners: readonly EgressListener[]
  /**
   * Hosts that visible route tables send requests or copies to. They have clusters even if no listener shows
   * them.
   */
  readonly destinations: readonly ReachedDestination[]
  readonly outsideTraffic: OutsideTraffic | undefined
}

/** `ports` of the host; empty if every port may be used. */
interface ReachedDestination {
  readonly host: string
  readonly ports: readonly number[]
}

/** A host that a route table names, for the proxies of a namespace or, undefined, of every one. */
export interface TableDestination {
  readonly host: string
  readonly port: number | undefined
  readonly proxyNamespace: string | undefined
}

/** Every destination and mirror of a table, each once: what an edited percentage leaves equal. */
export function destinationsOf({ routes }: RouteTable): readonly TableDestination[] {
  const named = routes.flatMap(({ action, applies }) =>
    action.kind !== 'forward'
      ? []
      : [...action.destinations, ...action.mirrors].map(({ backend: { host, port } }): TableDestination => ({
          host,
          port,
          proxyNamespace: applies.proxyNamespace,
        })),
  )
  return [...new Map(named.map((each) => [JSON.stringify(each), each])).values()]
}

export interface ReachCollections {
  readonly graph: Graph
  readonly settings: (fetch: Fetch) => Settings
  readonly scopes: Collection<Scope>
  readonly rules: Collection<EgressRule>
  readonly tables: Collection<RouteTable>
  readonly tablesByAttachment: Collection<readonly RouteTableHead[]>
}

/** The egressScopes of each scope that has a rule. */
export function reaches({
  graph,
  settings,
  scopes,
  rules,
  tables,
  tablesByAttachment,
}: ReachCollections): Collection<EgressScope> {
  const rulesByNamespace = graph.groupBy('egress rules by namespace', rules, ({ namespace }) => [namespace])
  const destinations = graph.derive('destinations of route tables', tables, (table, _, key) => [
    [key, destinationsOf(table)] as const,
  ])
  return graph.derive('egressScopes', scopes, (scope, fetch, key) => {
    if (scope.role === 'gateway') return []
    const root = () =>
      (fetch(rulesByNamespace, settings(fetch).rootNamespace) ?? []).filter(
        ({ selector }) => selector === undefined,
      )
    const rule = ruleFor(scope, fetch(rulesByNamespace, scope.namespace) ?? []) ?? ruleFor(scope, root())
    if (rule === undefined) return []
    const heads = tablesInOrder(fetch(tablesByAttachment, 'mesh') ?? [], scope.namespace)
    const listeners = rule.listeners.map((each) => ({
      ...each,
      hosts: each.hosts.map((host) =>
        host.namespace === '.' ? { ...host, namespace: scope.namespace } : host,
      ),
    }))
    const seen = [...new Set(listeners.flatMap((listener) => tablesThrough(listener, heads)))]
    const named = seen
      .flatMap((head) => fetch(destinations, head.key) ?? [])
      .filter(({ proxyNamespace }) => proxyNamespace === undefined || proxyNamespace === scope.namespace)
    return [
      [
        key,
        { rule: rule.origin, listeners, destinations: joined(named), outsideTraffic: rule.outsideTraffic },
      ] as const,
    ]
  })
}

/**
 * The rule of a proxy: a rule whose selector matches takes precedence over one without a selector, then the
 * oldest wins.
 */
function ruleFor(scope: Scope, rules: readonly EgressRule[]): EgressRule | undefined {
  const ordered = rules.toSorted(
    (a, b) =>
      Number(a.selector === undefined) - Number(b.selector === undefined) ||
      compareText(a.created, b.created) ||
      compareText(a.name, b.name),
  )
  return ordered.find(({ selector }) => selector === undefined || hasLabels(scope.labels, selector))
}

function joined(named: readonly TableDestination[]): readonly ReachedDestination[] {
  return [...Map.groupBy(named, ({ host }) => host)]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([host, same]) => {
      const ports = same.map(({ port }) => port).filter((port) => port !== undefined)
      return { host, ports: ports.length < same.length ? [] : [...new Set(ports)].toSorted((a, b) => a - b) }
    })
}

/** The services that a listener shows. A listener with a port shows only that port of each. */
export function servicesThrough(
  { hosts, port }: EgressListener,
  services: readonly Service[],
): readonly Service[] {
  return services
    .filter((service) => shows(hosts, service, (pattern) => hostIsWithin(service.host, pattern)))
    .flatMap((service) => narrowed(service, port === undefined ? [] : [port]))
}

/** The services that any listener of the egress scope shows, each with the ports that are shown. */
export function shownServices({ listeners }: EgressScope, services: readonly Service[]): readonly Service[] {
  return joinPorts(
    listeners.flatMap((listener) => servicesThrough(listener, services)),
    services,
  )
}

/** The tables that a listener shows: a host of the table covers a host of the listener, or the reverse. */
export function tablesThrough(
  { hosts }: EgressListener,
  tables: readonly RouteTableHead[],
): readonly RouteTableHead[] {
  return tables.filter(({ namespace, hosts: own }) =>
    own.some((host) =>
      shows(hosts, { namespace, host }, (pattern) => intersectHosts(host, pattern) !== undefined),
    ),
  )
}

function shows(
  hosts: readonly EgressHost[],
  { namespace, host }: Pick<Service, 'namespace' | 'host'>,
  fits: (pattern: string) => boolean,
): boolean {
  const applicable = hosts.filter((each) => each.namespace === '*' || each.namespace === namespace)
  if (applicable.some((each) => each.excluded && hostIsWithin(host, each.host))) return false
  return applicable.some((each) => !each.excluded && fits(each.host))
}

/** The service with only the named ports, or none if it has none of them. No named port means every port. */
function narrowed(service: Service, ports: readonly number[]): readonly Service[] {
  if (ports.length === 0) return [service]
  const kept = service.ports.filter(({ number }) => ports.includes(number))
  return kept.length === 0
    ? []
    : kept.length === service.ports.length
      ? [service]
      : [{ ...service, ports: kept }]
}

/**
 * The services of one host that a scope has clusters for: those that a listener shows, and the destinations
 * of its routes.
 */
export function reachedServices(
  egressScopes: EgressScope,
  services: readonly Service[],
  scope: Scope,
): readonly Service[] {
  const shown = shownServices(egressScopes, services)
  const destination = egressScopes.destinations.find(({ host }) => services[0]?.host === host)
  if (destination === undefined) return shown
  const visible = services
    .filter((service) => isVisible(service.visibility, scope.namespace))
    .toSorted((a, b) => compareText(a.namespace, b.namespace))
  const meant = shown[0] ?? nearestService(visible, scope)
  const whole = services.find((service) => service.namespace === meant?.namespace)
  if (whole === undefined) return shown
  const ports = egressScopes.listeners.every(({ port }) => port !== undefined)
    ? egressScopes.listeners.flatMap(({ port }) => port ?? [])
    : destination.ports
  return joinPorts([...shown, ...narrowed(whole, ports)], services)
}

/** One service for each namespace, with every port that one of the parts has. */
function joinPorts(parts: readonly Service[], services: readonly Service[]): readonly Service[] {
  const keyOf = ({ host, namespace }: Service): string => `${host}|${namespace}`
  const byService = Map.groupBy(parts, keyOf)
  return services.flatMap((service) => {
    const own = byService.get(keyOf(service))
    if (own === undefined) return []
    const numbers = new Set(own.flatMap(({ ports }) => ports.map(({ number }) => number)))
    return numbers.size === service.ports.length
      ? [service]
      : [{ ...service, ports: service.ports.filter(({ number }) => numbers.has(number)) }]
  })
}

/** The listener of a egressScopes that a port takes its hosts from. */
export function listenerForPort({ listeners }: EgressScope, port: number): EgressListener | undefined {
  return listeners.find((listener) => listener.port === undefined || listener.port === port)
}
