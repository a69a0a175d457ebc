import type { GatewayListener } from '../model/gateway.ts'
import { hasLabels } from '../model/labels.ts'
import { compareSpecificity, compareText, intersectHosts } from '../model/names.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import type { RouteConfigurationPlan, RouteTableHead, VirtualHostPlan } from './plan.ts'
import { tablesInOrder } from './table-order.ts'

export interface GatewayModel {
  readonly listeners: readonly GatewayListener[]
  /** Tables attached to a gateway, `<namespace>/<name>`. */
  readonly tablesOf: (gateway: string) => readonly RouteTableHead[]
  /** Port of the pods behind the port of a gateway's own Service, where it has one. */
  readonly targetPort: (port: number) => number
}

/** The listeners of a gateway proxy: one for each port of the servers that select it. */
export function planGateway(key: ScopeKey, scope: Scope, model: GatewayModel): readonly RouteConfigurationPlan[] {
  const selected = model.listeners.filter((listener) => scope.anyGateway || selects(listener, scope)).toSorted(byAge)
  const byBinding = Map.groupBy(selected, (listener) => `${model.targetPort(listener.port)}${listener.bind === '' ? '' : `.${listener.bind}`}`)
  return [...byBinding].map(([binding, listeners]) => planPort({ key, scope, model, binding, listeners }))
}

interface PortQuestion {
  readonly key: ScopeKey
  readonly scope: Scope
  readonly model: GatewayModel
  readonly binding: string
  readonly listeners: readonly GatewayListener[]
}

function planPort({ key, scope, model, binding, listeners }: PortQuestion): RouteConfigurationPlan {
  const [first] = listeners
  if (first === undefined) throw new Error('a port without listeners')
  const target = model.targetPort(first.port)
  const name = `http.${binding}`
  const address = scope.bindAddress !== '' ? scope.bindAddress : first.bind !== '' ? first.bind : '0.0.0.0'
  const attachedTo = [...new Set(listeners.map((listener) => listener.gateway))]
  const virtualHosts = collapse(tablesByHost(listeners, scope, model)).map(({ hosts, tables }): VirtualHostPlan => ({
    scope: key,
    routeConfiguration: name,
    name: `${hosts[0] ?? '*'}:${first.port}`,
    domains: hosts,
    port: first.port,
    attachedTo,
    tables: tables.map((table) => table.key),
    sharing: 'all',
    otherwise: { kind: 'nothing' },
  }))
  return {
    scope: key,
    name,
    listener: { kind: 'socket', side: 'gateway', name: `${first.bind === '' ? '0.0.0.0' : first.bind}_${target}`, address, port: scope.portMap[target] ?? target },
    port: first.port,
    virtualHosts: virtualHosts.toSorted((a, b) => compareText(a.name, b.name)),
    origins: listeners.map((listener) => listener.origin),
    diagnostics: [],
  }
}

/** Each host that a server and a table of its gateway have in common, with the tables in order. */
function tablesByHost(listeners: readonly GatewayListener[], scope: Scope, model: GatewayModel): ReadonlyMap<string, readonly RouteTableHead[]> {
  const found = new Map<string, RouteTableHead[]>()
  for (const listener of listeners) {
    for (const table of tablesInOrder(model.tablesOf(listener.gateway), scope.namespace)) {
      for (const host of commonHosts(listener, table)) {
        const tables = found.get(host) ?? []
        found.set(host, tables)
        if (!tables.includes(table)) tables.push(table)
      }
    }
  }
  return found
}

function commonHosts(listener: GatewayListener, table: RouteTableHead): readonly string[] {
  return listener.hosts
    .filter(({ namespace }) => namespace === '*' || namespace === table.namespace)
    .flatMap(({ host }) => table.hosts.map((wanted) => intersectHosts(host, wanted)))
    .filter((host) => host !== undefined)
}

interface SharedHosts {
  readonly hosts: readonly string[]
  readonly tables: readonly RouteTableHead[]
}

/** Hosts with the same tables become one virtual host, named after the most specific. */
function collapse(tables: ReadonlyMap<string, readonly RouteTableHead[]>): readonly SharedHosts[] {
  const entries = [...tables].toSorted(([a], [b]) => compareSpecificity(a, b))
  const groups = Map.groupBy(entries, ([, each]) => each.map((table) => table.key).join('\n'))
  return [...groups.values()].map((group) => ({ hosts: group.map(([host]) => host), tables: group[0]?.[1] ?? [] }))
}

function selects(listener: GatewayListener, scope: Scope): boolean {
  return hasLabels(scope.labels, listener.selector)
}

function byAge(a: GatewayListener, b: GatewayListener): number {
  return compareText(a.created, b.created) || compareText(a.gateway, b.gateway) || a.index - b.index
}
