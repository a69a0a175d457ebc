import { objectName } from '../diagnostics/diagnostic.ts'
import type { Severity } from '../diagnostics/codes.ts'
import type { DeniedClient } from './denials.ts'
import type { LocateOrigin } from '../diagnostics/located.ts'
import { refusalReason } from './refusals.ts'
import type { ClientState, TypeState } from '../server/status/client-state.ts'
import type { Resource } from '../xds/resource.ts'
import { resourceTypes } from '../xds/resource-types.ts'
import type { TypeName } from '../xds/resource-types.ts'
import type { Scope } from '../xds/scope.ts'

/**
 * SYNCED: has answered for all that it should have. STALE: something is unanswered or not yet sent. NACKED:
 * refuses something.
 */
export type SyncStatus = TypeState['status']

/**
 * The state of every client, the answer of `GET /status`; the protobuf JSON form of
 * shadowplane.admin.v1.StatusReport in proto/admin.proto.
 */
export interface StatusReport {
  /** Each proxy under the worst of its statuses. */
  readonly counts: Readonly<Record<SyncStatus, number>>
  /** Findings in force, by severity. */
  readonly diagnostics: Readonly<Record<Severity, number>>
  /** The present failure of the sources; absent if there is none. */
  readonly outage?: string
  /** Clients that were denied in the last ten minutes, newest last; absent if there was none. */
  readonly denied?: readonly DeniedStatus[]
  /** One for each stream, sorted by id and stream. */
  readonly proxies: readonly ProxyStatus[]
}

/** A client that may not connect, as often as it tried with one reason. */
export interface DeniedStatus extends Omit<DeniedClient, 'last'> {
  /** RFC 3339. */
  readonly last: string
}

export interface ProxyStatus {
  /** Node id; may be empty. */
  readonly id: string
  /** Distinguishes proxies with one id; the first stream is 1. */
  readonly stream: number
  readonly mode: 'sotw' | 'delta'
  readonly role: Scope['role']
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  /**
   * The authenticated peer: a SPIFFE id, or the name of a ServiceAccount; absent if callers are not
   * authenticated.
   */
  readonly principal?: string
  /** RFC 3339. */
  readonly connectedSince: string
  readonly status: SyncStatus
  /** The subscribed types, in the order in which they are sent. */
  readonly types: readonly TypeStatus[]
}

export interface TypeStatus {
  readonly type: TypeName
  readonly status: SyncStatus
  /** Resources that it is known to hold. */
  readonly held: number
  /** The version_info of the last ACKed response; '' for none. */
  readonly ackedVersion: string
  readonly refusal?: RefusalStatus
}

export interface RefusalStatus {
  /** The proxy's reason, on one line. */
  readonly message: string
  /** RFC 3339. */
  readonly at: string
  readonly resources: readonly RefusedResource[]
}

export interface RefusedResource {
  readonly name: string
  readonly version: string
  /** The user's lines that it was made from. */
  readonly origins: readonly RefusedOrigin[]
}

/** `file`, `line` and `column` are absent if the object no longer exists. */
export interface RefusedOrigin {
  /** `VirtualService default/reviews`. */
  readonly object: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

export interface Standing {
  readonly clients: readonly ClientState[]
  readonly diagnostics: StatusReport['diagnostics']
  readonly outage: string | undefined
  readonly denied: readonly DeniedClient[]
  readonly locate: LocateOrigin
}

export function statusReport({ clients, diagnostics, outage, denied, locate }: Standing): StatusReport {
  const proxies = clients.map((client) => proxyStatus(client, locate)).toSorted(byId)
  const count = (status: SyncStatus): number => proxies.filter((proxy) => proxy.status === status).length
  return {
    counts: { SYNCED: count('SYNCED'), STALE: count('STALE'), NACKED: count('NACKED') },
    diagnostics,
    ...(outage === undefined ? {} : { outage }),
    ...(denied.length === 0
      ? {}
      : { denied: denied.map((each) => ({ ...each, last: new Date(each.last).toISOString() })) }),
    proxies,
  }
}

function proxyStatus({ proxy, connectedAt, types }: ClientState, locate: LocateOrigin): ProxyStatus {
  const {
    id,
    stream,
    mode,
    scope: { role, namespace, labels },
    principal,
  } = proxy
  const statuses = resourceTypes.flatMap(({ name }) => {
    const state = types.get(name)
    return state === undefined ? [] : [typeStatus(name, state, locate)]
  })
  const connectedSince = new Date(connectedAt).toISOString()
  return {
    id,
    stream,
    mode,
    role,
    namespace,
    labels,
    ...(principal === undefined ? {} : { principal }),
    connectedSince,
    status: worst(statuses),
    types: statuses,
  }
}

function typeStatus(
  type: TypeName,
  { status, held, ackedVersion, refusal }: TypeState,
  locate: LocateOrigin,
): TypeStatus {
  return {
    type,
    status,
    held: held.size,
    ackedVersion,
    ...(refusal === undefined
      ? {}
      : {
          refusal: {
            message: refusalReason(refusal.message),
            at: new Date(refusal.at).toISOString(),
            resources: refusal.resources.map((resource) => refusedResource(resource, locate)),
          },
        }),
  }
}

function refusedResource({ name, version, origins }: Resource, locate: LocateOrigin): RefusedResource {
  return {
    name,
    version,
    origins: origins.map((origin) => {
      const place = locate(origin)
      const object = `${origin.object.kind} ${objectName(origin.object)}`
      return place === undefined
        ? { object }
        : { object, file: place.file, line: place.line, column: place.column }
    }),
  }
}

function worst(types: readonly TypeStatus[]): SyncStatus {
  return (
    (['NACKED', 'STALE'] as const).find((status) => types.some((type) => type.status === status)) ?? 'SYNCED'
  )
}

function byId(a: ProxyStatus, b: ProxyStatus): number {
  return a.id === b.id ? a.stream - b.stream : a.id < b.id ? -1 : 1
}
