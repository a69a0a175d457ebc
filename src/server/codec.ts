import type { ResourceType } from '../xds/resource-types.ts'
import type { Content } from './content.ts'
import type { Subscription } from './subscription.ts'

/** One request in the form that both variants of the protocol share. */
export interface Request {
  readonly node: Uint8Array
  readonly typeUrl: string
  readonly nonce: string
  /** Envoy's message in a NACK; undefined in any other request. */
  readonly refusal: string | undefined
  /** True where a request with an outdated nonce is void; else its subscriptions still count. */
  readonly voidWhenStale: boolean
  /** The subscription as the request would have it. */
  readonly apply: (subscription: Subscription) => Subscription
}

/** A variant of the protocol: bytes to request, content to bytes. All rules about when to send are elsewhere. */
export interface Codec {
  readonly mode: 'sotw' | 'delta'
  /** Throws for bytes that are no request. */
  readonly decode: (bytes: Uint8Array) => Request
  /** The same content and type give shared bytes, which end with the stream's nonce. */
  readonly encode: (type: ResourceType, content: Content, nonce: string) => Buffer
}
