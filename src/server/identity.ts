import { decode } from '../xds/proto.ts'
import { takesVirtualHosts } from '../xds/envoy-version.ts'
import type { UserAgent } from '../xds/envoy-version.ts'
import { scopeOf } from '../xds/scope.ts'
import type { Scope } from '../xds/scope.ts'
import type { Codec } from './codec.ts'
import type { Service } from './service.ts'

/** What decides whether a client is sent its virtual hosts as resources of their own. */
export interface Circumstances {
  readonly mode: Codec['mode']
  readonly service: Service
  readonly virtualHostDiscovery: Scope['virtualHosts']
}

export type Identity = Identified | Unidentified

export interface Identified {
  readonly id: string
  readonly scope: Scope
  /** Who has been found to be at the other end; absent where nobody asks. */
  readonly principal?: string
}

export interface Unidentified {
  readonly error: string
  /** Set where the client is known, and may not be the proxy that it says it is. */
  readonly denied?: { readonly principal: string; readonly proxy: string }
}

/**
 * Who a client is, by the encoded node of its first request; an error ends the stream, and says what to
 * write.
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
    return { error: `the node cannot be read: ${error instanceof Error ? error.message : String(error)}` }
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
  if (service.type?.name === 'virtual-host') return 'apart'
  return mode === 'delta' && service.type === undefined && takesVirtualHosts(agent)
    ? virtualHostDiscovery
    : 'inline'
}
