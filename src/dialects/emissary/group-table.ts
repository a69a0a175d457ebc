import type { Origin } from '../../diagnostics/diagnostic.ts'
import type { Action, Route, RouteTable } from '../../model/route.ts'
import type { ObjectLookup } from '../dialect.ts'
import { rejectedStatus } from '../reading/rejected-rule.ts'
import { corsOf } from './cross-origin.ts'
import { forwardOf, lastSaid } from './forward.ts'
import type { Group } from './group.ts'
import { labelsOf } from './group.ts'
import { precedenceOf } from './group-key.ts'
import { headerChanges } from './header-change.ts'
import { hostsIn, takes } from './host.ts'
import type { Host } from './host.ts'
import { indexKey } from './index-key.ts'
import { binds, listenersIn } from './listener.ts'
import type { Listener } from './listener.ts'
import { isRedirect } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { matchOf } from './match.ts'
import { redirectOf } from './redirect.ts'
import { gatewayOf } from './server.ts'

/** The Hosts of an installation, and its Listeners. */
export interface Installation {
  readonly id: string
  readonly hosts: readonly Host[]
  readonly listeners: readonly Listener[]
}

export function installation(id: string, { indexed }: ObjectLookup): Installation {
  return {
    id,
    hosts: hostsIn(indexed(indexKey.hosts(id))),
    listeners: listenersIn(indexed(indexKey.listeners(id))),
  }
}

/** The Hosts that take a group. */
export function hostsOf(group: Group, { hosts }: Installation): readonly Host[] {
  const [first] = group.primaries
  if (first === undefined) return []
  const wanted = {
    host: first.conditions.host,
    hostRegex: first.conditions.hostRegex,
    labels: labelsOf(group),
  }
  return hosts.filter((host) => takes(host, wanted))
}

/**
 * The routes of a group, a table for each Host that takes it: Mappings of all groups act as one table there,
 * in Emissary's order.
 */
export function tablesOf(group: Group, place: Installation, lookup: ObjectLookup): readonly RouteTable[] {
  const [first] = group.primaries
  const action = first === undefined ? undefined : actionOf(first, group, lookup)
  if (first === undefined || action === undefined) return []
  const {
    manifest: { id, created },
  } = first
  return hostsOf(group, place).flatMap((host): readonly RouteTable[] => {
    const attachedTo = place.listeners
      .filter((listener) => binds(listener, host))
      .map((listener) => gatewayOf(listener, host, place.id))
    if (attachedTo.length === 0) return []
    const origin: Origin = { object: id, path: ['spec'] }
    return [
      {
        namespace: id.namespace,
        name: id.name,
        hosts: [{ host: host.hostname, origin }],
        attachedTo,
        visibility: 'everywhere',
        order: [created, id.namespace, id.name].join('\u0000'),
        joins: `emissary|${place.id}`,
        routes: [routeOf(group, { first, host, action })],
        origin,
      },
    ]
  })
}

function actionOf(first: Mapping, group: Group, lookup: ObjectLookup): Action | undefined {
  if (first.rejected !== undefined)
    return { kind: 'direct-response', status: rejectedStatus, body: undefined }
  return isRedirect(first) ? redirectOf(first) : forwardOf(group, lookup)
}

interface RouteParts {
  readonly first: Mapping
  readonly host: Host
  readonly action: Action
}

function routeOf({ primaries }: Group, { first, host, action }: RouteParts): Route {
  const {
    manifest: { id, apiVersion },
  } = first
  return {
    name: id.name,
    match: matchOf(first, host),
    applies: {},
    precedence: precedenceOf(first),
    action,
    headers: headerChanges(primaries),
    fault: undefined,
    cors: corsOf(lastSaid(primaries, 'cors')),
    statPrefix: undefined,
    metadata: {
      namespace: 'emissary',
      config: `/apis/${apiVersion}/namespaces/${id.namespace}/mapping/${id.name}`,
    },
    origin: { object: id, path: ['spec', 'prefix'] },
  }
}
