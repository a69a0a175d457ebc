import { errorText } from '../errors.ts'
import { decode } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { bareScope } from '../xds/scope.ts'
import type { Scope } from '../xds/scope.ts'
import { createXdsServer } from '../server/ads.ts'
import type { XdsServer } from '../server/ads.ts'
import type { ClientState } from '../server/status/client-state.ts'
import type { XdsEvent } from '../server/event.ts'
import type { HostedService } from '../server/hosted-service.ts'
import type { Identity } from '../server/identity.ts'
import type { Limits } from '../server/limits.ts'
import { servedBy } from './resource-cache.ts'
import type { ResourceCache } from './resource-cache.ts'

/** envoy.config.core.v3.Node in protobuf JSON. */
export type ClientNode = Message<'envoy.config.core.v3.Node'>
export type AdsEvent = XdsEvent

export interface AdsServerOptions {
  /** Made by `createResourceCache`. */
  readonly cache: ResourceCache
  /**
   * The group of the cache that a client belongs to; by default its node id. If it throws, the client is
   * denied with the message.
   */
  readonly groupOf?: (node: ClientNode) => string
  /** Events of the streams: connected, pushed, acked, nacked, disconnected, refused. */
  readonly observe?: (event: AdsEvent) => void
  /** An absent limit has its default. */
  readonly limits?: Partial<Limits>
  /** Further gRPC services on the same port and connections, such as access logs. */
  readonly services?: readonly HostedService[]
}

export interface AdsServer extends Pick<XdsServer, 'listen' | 'close'> {
  /** The resources of each client, in the order in which they connected. */
  clients(): readonly ClientState[]
}

/**
 * Serves a cache over gRPC: aggregated and by type, SotW and delta, with health, reflection and client status
 * discovery.
 */
export function createAdsServer({
  cache,
  groupOf = (node) => node.id ?? '',
  observe = () => {},
  limits,
  services = [],
}: AdsServerOptions): AdsServer {
  return createXdsServer({
    snapshots: servedBy(cache),
    observe,
    identify: (bytes) => identify(bytes, groupOf),
    hosted: services,
    ...(limits === undefined ? {} : { limits }),
  })
}

function identify(bytes: Uint8Array, groupOf: (node: ClientNode) => string): Identity {
  try {
    const node = decode('envoy.config.core.v3.Node', bytes)
    return { id: node.id ?? '', scope: scopeOfGroup(groupOf(node)) }
  } catch (error) {
    return { error: errorText(error) }
  }
}

/** The engine distinguishes clients by scope; here a scope is nothing but a group. */
function scopeOfGroup(group: string): Scope {
  return { ...bareScope('gateway', group), virtualHosts: 'separate' }
}
