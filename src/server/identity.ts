import { errorText } from '../errors.ts'
import { decode } from '../xds/proto.ts'
import { takesVirtualHosts } from '../xds/envoy-version.ts'
import type { UserAgent } from '../xds/envoy-version.ts'
import { scopeOf } from '../xds/scope.ts'
import type { Scope } from '../xds/scope.ts'
import type { Codec } from './codec.ts'
import type { Service } from './service.ts'

/** Decides whether a client is sent its virtual hosts as resources of their own. */
export interface Circumstances {
  readonly mode: Codec['mode']
  readonly service: Service
  readonly virtualHostDiscovery: Scope['virtualHosts']
}

export type Identity = Identified | Unidentified

export interface Identified {
  readonly id: string
  readonly scope: Scope
  /** The authenticated peer; absent if callers are not authenticated. */
  readonly principal?: string
}

export interface Unidentified {
  readonly error: string
  /** Set if the client is authenticated, and may not be the proxy that its node names. */
  readonly denied?: { readonly principal: string; readonly proxy: string }
}

/**
 * Identifies a client by the encoded node of its first request. An error ends the stream, and says what to
 * write instead.
 */
export type Identify = (node: Uint8Array, client: Pick<Circumstances, 'mode' | 'service'>) => Identity

/** Reads who a client is out of the encoded node of its first request; the error says what to write. */
export function identify(node: Uint8Array, circumstances: Circumstances): Identity {
  try {
    const message = decode('envoy.config.core.v3.Node', node)
    const found = scopeOf(message)
    if ('error' in found) return found
    return {
      id: message.id ?? '',
      scope: { ...found.scope, virtualHosts: virtualHostsFor(message, circumstances) },
    }
  } catch (error) {
    return { error: `the node cannot be read: ${errorText(error)}` }
  }
}

/**
 * Envoy takes virtual hosts as resources of their own over delta, and after their route configuration, which
 * only an aggregated stream ensures. A client that requests nothing but virtual hosts wants them so.
 */
function virtualHostsFor(
  agent: UserAgent,
  { mode, service, virtualHostDiscovery }: Circumstances,
): Scope['virtualHosts'] {
  if (service.type?.name === 'virtual-host') return 'separate'
  return mode === 'delta' && service.type === undefined && takesVirtualHosts(agent)
    ? virtualHostDiscovery
    : 'inline'
}
