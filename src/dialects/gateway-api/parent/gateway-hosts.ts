import type { FieldPath, ObjectId } from '../../../diagnostics/diagnostic.ts'
import { compareText, hostIsWithin, intersectHosts } from '../../../model/names.ts'
import type { RouteTable } from '../../../model/route.ts'
import type { Report } from '../../reading/report.ts'
import type { Listener } from '../gateway/gateway-spec.ts'
import { listenerKey } from '../gateway/gateway.ts'
import type { Belonging, ParentTable } from './parents.ts'

/** A listener that takes a route, and the hosts that they have in common. */
export interface GatewayPlace {
  readonly key: string
  /** Its name. */
  readonly listener: string
  /** Without the hosts that a more specific listener takes. */
  readonly hosts: readonly RankedHost[]
  /** Whether there is a host in common at all. */
  readonly common: boolean
  /**
   * For each of the route's hostnames, by index: the part that the listener takes, or the listener that takes
   * it instead.
   */
  readonly hostnames: readonly CommonHost[]
}

type RankedHost = RouteTable['hosts'][number] & {
  /** Rank of the route's own hostname (`rankOf`). */
  readonly rank: string
}

interface CommonHost {
  readonly host: string | undefined
  readonly takenBy: string | undefined
}

interface Place {
  readonly gateway: ObjectId
  /** All listeners of the Gateway that are served. */
  readonly siblings: readonly Listener[]
  readonly route: Belonging
  /** Path of the reference to the Gateway. */
  readonly path: FieldPath
}

/**
 * The hosts that each listener has in common with a route. Without hostnames a route takes all of the
 * listener's.
 */
export function placesAt(
  listeners: readonly Listener[],
  { gateway, siblings, route, path }: Place,
): readonly GatewayPlace[] {
  const object = route.manifest.id
  const named = route.hostnames.map((host, index) => ({
    host,
    origin: { object, path: ['spec', 'hostnames', index] },
  }))
  const wanted = named.length === 0 ? [{ host: '*', origin: { object, path } }] : named
  return listeners.map((listener): GatewayPlace => {
    const found = wanted.map(({ host, origin }) => ({
      origin,
      rank: rankOf(host ?? '*'),
      ...commonHost(host, listener, siblings),
    }))
    const hosts = found.flatMap(({ host, takenBy, origin, rank }) =>
      host === undefined || takenBy !== undefined ? [] : [{ host, origin, rank }],
    )
    return {
      key: listenerKey(gateway, listener.name),
      listener: listener.name,
      hosts: hosts
        .toSorted((a, b) => compareText(a.rank, b.rank))
        .filter(({ host }, index, all) => all.findIndex((each) => each.host === host) === index),
      common: found.some(({ host }) => host !== undefined),
      hostnames: named.length === 0 ? [] : found,
    }
  })
}

/**
 * Requests for a host go to the listener with the most specific hostname on the port, and to its routes only
 * ("Listener Isolation").
 */
function commonHost(
  wanted: string | undefined,
  listener: Listener,
  siblings: readonly Listener[],
): CommonHost {
  const own = listener.hostname ?? '*'
  const host = wanted === undefined ? undefined : intersectHosts(wanted, own)
  if (host === undefined) return { host: undefined, takenBy: undefined }
  const closer = siblings.find(
    (each) =>
      each.port === listener.port &&
      each.hostname !== undefined &&
      each.hostname !== own &&
      hostIsWithin(each.hostname, own) &&
      hostIsWithin(host, each.hostname),
  )
  return { host, takenBy: closer?.name }
}

/** One table for all listeners with the same hosts, for each rank of the route's own hostnames. */
export function gatewayTables(places: readonly GatewayPlace[]): readonly ParentTable[] {
  const ranked = places.flatMap(({ key, hosts }) =>
    [...Map.groupBy(hosts, ({ rank }) => rank)].map(([rank, ofRank]) => ({ key, rank, hosts: ofRank })),
  )
  const groups = Map.groupBy(ranked, ({ rank, hosts }) =>
    [rank, ...hosts.map(({ host }) => host).toSorted()].join(' '),
  )
  return [...groups.values()].flatMap((group): readonly ParentTable[] => {
    const [first] = group
    if (first === undefined) return []
    const attachedTo = [...new Set(group.map(({ key }) => key))].toSorted()
    const hosts = first.hosts.map(({ host, origin }) => ({ host, origin }))
    return [
      {
        kind: 'gateway',
        attachedTo,
        hosts,
        applies: {},
        visibility: 'everywhere',
        joins: 'gateway-api',
        rank: first.rank,
      },
    ]
  })
}

/**
 * Rank of a route by the hostname that it names, before that meets a listener's: an exact one first, then the
 * longest wildcard, then none (HTTPRouteSpec.hostnames: the most specific of overlapping hostnames takes
 * precedence).
 */
function rankOf(hostname: string): string {
  if (!hostname.startsWith('*')) return '0'
  return `1${String(9999 - hostname.length).padStart(4, '0')}`
}

/** Notes hostnames that none of the listeners takes, if they take another one. */
export function noteUntakenHostnames(
  { hostnames }: Belonging,
  places: readonly GatewayPlace[],
  report: Report,
): void {
  if (places.length === 0) return
  hostnames.forEach((name, index) => {
    const found = places.map((place) => place.hostnames[index])
    if (name === undefined || found.some((each) => each?.host !== undefined && each.takenBy === undefined))
      return
    const takenBy = found.find((each) => each?.takenBy !== undefined)?.takenBy
    report.note('parent/host-mismatch', ['spec', 'hostnames', index], {
      message:
        takenBy === undefined
          ? `no listener that takes the route serves ${name}, so its rules do not apply to it`
          : `requests for ${name} are those of listener ${takenBy}, to which the route does not belong, ` +
            `so its rules do not apply to them`,
      hint:
        takenBy === undefined
          ? 'remove it, or add it to a listener'
          : `name ${takenBy} in sectionName, or remove it`,
    })
  })
}
