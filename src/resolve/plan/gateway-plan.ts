import type { GatewayListener } from '../../model/gateway.ts'
import { compareSpecificity, compareText, intersectHosts } from '../../model/names.ts'
import type { Scope, ScopeKey } from '../../xds/scope.ts'
import { gatewaySockets, hostsFor } from './gateway-servers.ts'
import type { GatewaySockets, SocketServers } from './gateway-servers.ts'
import type { ListenerPlan, RouteConfigurationPlan, RouteTableHead, VirtualHostPlan } from './plan.ts'
import { tablesInOrder } from './table-order.ts'

export interface GatewayModel extends GatewaySockets {
  /** Tables attached to a gateway, `<namespace>/<name>`. */
  readonly tablesOf: (gateway: string) => readonly RouteTableHead[]
}

/**
 * The route configurations of a gateway proxy: one for all servers of an HTTP port, one for each HTTPS
 * server.
 */
export function planGateway(
  key: ScopeKey,
  scope: Scope,
  model: GatewayModel,
): readonly RouteConfigurationPlan[] {
  return gatewaySockets(scope, model).flatMap((socket) => {
    const plan = (servers: readonly GatewayListener[], name: string, listener: ListenerPlan) =>
      planServers({ key, scope, model, servers, name, listener })
    if (socket.protocol === 'http')
      return [
        {
          ...plan(socket.servers, `http.${socket.binding}`, plainListener(socket)),
          diagnostics: socket.diagnostics,
        },
      ]
    return socket.servers.flatMap((server) =>
      server.serves.kind === 'https'
        ? [plan([server], routeConfigurationOf(server), { kind: 'shared', name: socket.listener })]
        : [],
    )
  })
}

function plainListener({ listener: name, address, port }: SocketServers): ListenerPlan {
  return { kind: 'socket', side: 'gateway', name, address, port }
}

/** `https.<port>.<port name>.<gateway>.<namespace>`, as Istio names it. */
export function routeConfigurationOf({ gateway, port, portName, bind }: GatewayListener): string {
  const [namespace = '', name = ''] = gateway.split('/')
  return `https.${port}.${portName}.${name}.${namespace}${bind === '' ? '' : `.${bind}`}`
}

interface ServersQuestion {
  readonly key: ScopeKey
  readonly scope: Scope
  readonly model: GatewayModel
  readonly servers: readonly GatewayListener[]
  readonly name: string
  readonly listener: ListenerPlan
}

function planServers({
  key,
  scope,
  model,
  servers,
  name,
  listener,
}: ServersQuestion): RouteConfigurationPlan {
  const port = servers[0]?.port ?? 0
  const attachedTo = [...new Set(servers.map((server) => server.gateway))]
  const virtualHosts = collapse(hostsOf(servers, scope, model)).map(
    ({ hosts, tables, redirects }): VirtualHostPlan => ({
      scope: key,
      routeConfiguration: name,
      name: `${hosts[0] ?? '*'}:${port}`,
      domains: hosts,
      port,
      attachedTo,
      tables: tables.map((table) => table.key),
      sharing: 'all',
      fallback: { kind: 'nothing' },
      ...(redirects ? { requireTls: true } : {}),
      ...(servers.some(({ serves }) => serves.kind === 'https') ? { scheme: 'https' } : {}),
    }),
  )
  return {
    scope: key,
    name,
    listener,
    port,
    virtualHosts: virtualHosts.toSorted((a, b) => compareText(a.name, b.name)),
    origins: servers.map((server) => server.origin),
    diagnostics: [],
  }
}

interface ServedHost {
  readonly tables: readonly RouteTableHead[]
  /** Whether plain requests for it are redirected to HTTPS. */
  readonly redirects: boolean
}

/**
 * The hosts that a server shares with a table of its gateway, each with its tables in order, and the hosts
 * that are only redirected.
 */
function hostsOf(
  servers: readonly GatewayListener[],
  scope: Scope,
  model: GatewayModel,
): ReadonlyMap<string, ServedHost> {
  const found = new Map<string, { readonly tables: RouteTableHead[]; redirects: boolean }>()
  for (const server of servers) {
    const redirects = server.serves.kind === 'http' && server.serves.redirect === 'to-https'
    const hostOf = (host: string) => {
      const known = found.get(host) ?? { tables: [], redirects }
      found.set(host, known)
      return known
    }
    for (const table of tablesInOrder(model.tablesOf(server.gateway), scope.namespace)) {
      for (const host of commonHosts(server, table)) {
        const { tables } = hostOf(host)
        if (!tables.includes(table)) tables.push(table)
      }
    }
    if (redirects) for (const { host } of server.hosts) hostOf(host).redirects = true
  }
  return found
}

function commonHosts(server: GatewayListener, table: RouteTableHead): readonly string[] {
  return hostsFor(server, table.namespace).flatMap((host) =>
    table.hosts.flatMap((wanted) => intersectHosts(host, wanted) ?? []),
  )
}

interface SharedHosts extends ServedHost {
  readonly hosts: readonly string[]
}

/** Hosts with the same tables become one virtual host, named after the most specific. */
function collapse(served: ReadonlyMap<string, ServedHost>): readonly SharedHosts[] {
  const entries = [...served].toSorted(([a], [b]) => compareSpecificity(a, b))
  const groups = Map.groupBy(entries, ([, { tables, redirects }]) =>
    [String(redirects), ...tables.map((table) => table.key)].join('\n'),
  )
  return [...groups.values()].map((group) => ({
    tables: [],
    redirects: false,
    ...group[0]?.[1],
    hosts: group.map(([host]) => host),
  }))
}
