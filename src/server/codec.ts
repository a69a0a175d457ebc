import type { NameList } from '../xds/name-list.ts'
import type { RequestBounds } from '../xds/request.ts'
import type { ResourceType } from '../xds/resource-types.ts'
import type { Content } from './state/content.ts'
import type { Subscription } from './state/subscription.ts'

/** One request in the form that both variants of the protocol share. */
export interface Request {
  readonly node: Uint8Array
  readonly typeUrl: string
  readonly nonce: string
  /** Envoy's message in a NACK; undefined in any other request. */
  readonly refusal: string | undefined
  /** The number of names that it lists. */
  readonly names: number
  /** True if a request with an outdated nonce is ignored; otherwise its subscriptions still apply. */
  readonly voidWhenStale: boolean
  /** The subscription as the request would have it. */
  readonly apply: (subscription: Subscription) => Subscription
}

export interface DecodeContext extends RequestBounds {
  /** The lists of earlier requests, which are not decoded again. */
  readonly known: () => readonly NameList[]
}

/**
 * A variant of the protocol: bytes to request, content to bytes. All rules about when to send are elsewhere.
 */
export interface Codec {
  readonly mode: 'sotw' | 'delta'
  /** Throws for bytes that are not a request, and TooManyNames. */
  readonly decode: (bytes: Uint8Array, context: DecodeContext) => Request
  /** All but the nonce: the same content and type give the same bytes, for all streams. */
  readonly body: (type: ResourceType, content: Content) => Buffer
}

/** A whole response: the nonce is field 5 of both DiscoveryResponse and DeltaDiscoveryResponse. */
export const nonceField = 5
