import type { InternalError } from '../diagnostics/internal-error.ts'
import type { Resource } from '../xds/resource.ts'
import type { TypeName } from '../xds/resource-types.ts'
import type { Scope } from '../xds/scope.ts'
import type { Denial } from './authentication.ts'
import type { TypeState } from './status/client-state.ts'

/** A proxy on one stream. */
export interface Proxy {
  /** Node id; unique enough for people, not for machines. */
  readonly id: string
  /** The first stream of this process is 1. */
  readonly stream: number
  readonly mode: 'sotw' | 'delta'
  readonly scope: Scope
  /** The authenticated peer; absent if callers are not authenticated. */
  readonly principal?: string
}

/**
 * The resources of one type that a proxy rejects, after the response that an event is about. If there are
 * several, further responses narrow them down.
 */
export type Refusal = NonNullable<TypeState['refusal']>

/**
 * The events of the streams, for the log, metrics and health. An observer never throws back into the server.
 */
export type XdsEvent =
  | { readonly kind: 'connected'; readonly proxy: Proxy }
  | { readonly kind: 'disconnected'; readonly proxy: Proxy; readonly reason: string }
  | {
      readonly kind: 'pushed'
      readonly proxy: Proxy
      readonly type: TypeName
      readonly nonce: string
      readonly bytes: number
      readonly sent: readonly string[]
      readonly removed: readonly string[]
    }
  | {
      readonly kind: 'acked'
      readonly proxy: Proxy
      readonly type: TypeName
      readonly nonce: string
      readonly version: string
      readonly refusal?: Refusal | undefined
    }
  /** `resources`: what the refused response carried. */
  | {
      readonly kind: 'nacked'
      readonly proxy: Proxy
      readonly type: TypeName
      readonly nonce: string
      readonly message: string
      readonly resources: readonly Resource[]
      readonly refusal?: Refusal | undefined
    }
  /**
   * The proxy's rejected resources of one type changed without a response of the proxy, because its snapshot
   * or its subscriptions changed.
   */
  | {
      readonly kind: 'refusal'
      readonly proxy: Proxy
      readonly type: TypeName
      readonly refusal: Refusal | undefined
    }
  | { readonly kind: 'refused'; readonly peer: string; readonly reason: string }
  /** A bug of ours: the operation that failed, and the stack with those of its causes. */
  | ({ readonly kind: 'internal-error' } & InternalError)
  /** A client was denied: the gRPC `code`, and `principal` and `proxy` (its node id) if they are known. */
  | {
      readonly kind: 'denied'
      readonly peer: string
      readonly code: Denial['code']
      readonly reason: string
      readonly principal?: string
      readonly proxy?: string
    }

export type ObserveXds = (event: XdsEvent) => void
