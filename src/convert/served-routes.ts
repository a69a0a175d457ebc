import type { GatewayListener } from '../model/gateway.ts'
import { isCatchAll } from '../model/catch-all.ts'
import { compareText, intersectHosts } from '../model/names.ts'
import type { Route, RouteTable } from '../model/route.ts'

/**
 * The joint effect of the tables for one host in one place: their routes, in the order in which Envoy tries
 * them.
 */
export interface ServedRoutes {
  /** In their order; at least one. */
  readonly tables: readonly RouteTable[]
  readonly routes: readonly Route[]
  readonly host: string
  /** Undefined: the mesh. */
  readonly socket: Socket | undefined
}

/** Listeners that share a port, and so their virtual hosts. */
export interface Socket {
  readonly key: string
  /** Listeners of the tables' gateways; empty if the gateway does not exist. */
  readonly listeners: readonly GatewayListener[]
  readonly gateways: readonly string[]
  readonly port: number | undefined
  readonly scheme: 'http' | 'https'
}

interface Member {
  readonly table: RouteTable
  readonly host: string
  readonly key: string
  /** `mesh`, or a gateway. */
  readonly place: string
  readonly listeners: readonly GatewayListener[]
}

/** The routes that the tables serve, by host and place. */
export function servedRoutes(
  tables: readonly RouteTable[],
  listeners: readonly GatewayListener[],
): readonly ServedRoutes[] {
  const members = tables
    .toSorted((a, b) => compareText(a.order, b.order))
    .flatMap((table, index) =>
      table.attachedTo.flatMap((place) =>
        table.hosts.flatMap(({ host }) => membersOf({ table, host, place }, index, listeners)),
      ),
    )
  return [...Map.groupBy(members, ({ key }) => key).values()].map((group): ServedRoutes => {
    const [first] = group
    const socket = first === undefined || first.place === 'mesh' ? undefined : socketOf(group)
    const own = [...new Set(group.map(({ table }) => table))]
    return { tables: own, routes: inOrder(own, socket), host: first?.host ?? '*', socket }
  })
}

type Declared = Pick<Member, 'table' | 'host' | 'place'>

function membersOf(
  declared: Declared,
  index: number,
  listeners: readonly GatewayListener[],
): readonly Member[] {
  const { table, host, place } = declared
  if (place === 'mesh')
    return [
      {
        ...declared,
        key: JSON.stringify(['mesh', host, table.visibility, table.joins ?? index]),
        listeners: [],
      },
    ]
  const ofGateway = listeners.filter(({ gateway }) => gateway === place)
  if (ofGateway.length === 0)
    return [{ ...declared, key: JSON.stringify(['unknown', place, host]), listeners: [] }]
  return ofGateway
    .filter(({ serves }) => serves.kind !== 'passthrough')
    .flatMap((listener) =>
      commonHosts(listener, table.namespace, host).map((common): Member => ({
        ...declared,
        host: common,
        key: JSON.stringify([socketKey(listener), common]),
        listeners: [listener],
      })),
    )
}

function commonHosts({ hosts }: GatewayListener, namespace: string, host: string): readonly string[] {
  const visible = hosts.filter((each) => each.namespace === '*' || each.namespace === namespace)
  return [...new Set(visible.flatMap((each) => intersectHosts(each.host, host) ?? []))]
}

/** TLS listeners are distinguished by server name, so each has its own virtual hosts. */
function socketKey({
  selector,
  onlyIn,
  port,
  bind,
  serves: { kind },
  gateway,
  index,
}: GatewayListener): string {
  return JSON.stringify([
    Object.entries(selector).toSorted(([a], [b]) => compareText(a, b)),
    onlyIn,
    port,
    bind,
    ...(kind === 'https' ? [gateway, index] : []),
  ])
}

function socketOf(group: readonly Member[]): Socket {
  const listeners = [...new Set(group.flatMap((each) => each.listeners))]
  const [first] = listeners
  return {
    key: first === undefined ? '' : socketKey(first),
    listeners,
    gateways: [...new Set(group.map(({ place }) => place))],
    port: first?.port,
    scheme: first?.serves.kind === 'https' ? 'https' : 'http',
  }
}

/**
 * Tables that join are sorted by precedence; on gateways the others follow each other, what takes everything
 * last.
 */
function inOrder(tables: readonly RouteTable[], socket: Socket | undefined): readonly Route[] {
  const groups = [...Map.groupBy(tables, (table) => table.joins ?? table).values()]
  const all = groups.flatMap((group) => {
    const routes = group.flatMap((table) => table.routes.filter((route) => applies(route, socket)))
    return upToCatchAll(routes.toSorted((a, b) => compareText(a.precedence ?? '', b.precedence ?? '')))
  })
  return upToCatchAll([
    ...all.filter(({ match }) => !isCatchAll(match)),
    ...all.filter(({ match }) => isCatchAll(match)),
  ])
}

function applies({ applies: condition }: Route, socket: Socket | undefined): boolean {
  if (
    condition.attachedTo !== undefined &&
    !condition.attachedTo.some((each) =>
      socket === undefined ? each === 'mesh' : socket.gateways.includes(each),
    )
  )
    return false
  return socket === undefined || condition.port === undefined || condition.port === socket.port
}

function upToCatchAll(routes: readonly Route[]): readonly Route[] {
  const last = routes.findIndex(({ match }) => isCatchAll(match))
  return last < 0 ? routes : routes.slice(0, last + 1)
}
