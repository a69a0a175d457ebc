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
  /** Counts streams from 1 in this process. */
  readonly stream: number
  readonly mode: 'sotw' | 'delta'
  readonly scope: Scope
  /** Who has been found to be at the other end; absent where nobody asks. */
  readonly principal?: string
}

/**
 * What a proxy refuses of one type, after the answer that an event tells of: of several it is narrowed down
 * by further responses.
 */
export type Refusal = NonNullable<TypeState['refusal']>

/** What happens on the streams, for the log, metrics and health. Never throws back into the server. */
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
   * What the proxy refuses of one type is different now, and no answer of it reports that: what it should
   * have, or what it subscribes to, has changed.
   */
  | {
      readonly kind: 'refusal'
      readonly proxy: Proxy
      readonly type: TypeName
      readonly refusal: Refusal | undefined
    }
  | { readonly kind: 'refused'; readonly peer: string; readonly reason: string }
  /** A bug of ours: what did not work, and the stack with those of its causes. */
  | ({ readonly kind: 'internal-error' } & InternalError)
  /**
   * A client was turned away for who it is: `code` of gRPC, `principal` and `proxy` (its node id) where they
   * are known.
   */
  | {
      readonly kind: 'denied'
      readonly peer: string
      readonly code: Denial['code']
      readonly reason: string
      readonly principal?: string
      readonly proxy?: string
    }

export type ObserveXds = (event: XdsEvent) => void
