import type { Listener, Route, VirtualHost } from './configuration.ts'
import type { Forwarding } from './forward.ts'
import type { Redirection } from './redirect.ts'
import type { ReceivedRequest } from './request.ts'

/**
 * A stock Envoy's treatment of a request, and how it came to that. A part is absent if Envoy did not get that
 * far.
 */
export interface Simulation {
  readonly listener?: Listener
  readonly received?: ReceivedRequest
  readonly routeConfiguration?: string
  readonly virtualHost?: { readonly virtualHost: VirtualHost; readonly domain: string }
  /** Routes of the virtual host before the one that is taken; all of them if none is. */
  readonly passedOver: readonly PassedOver[]
  readonly taken?: TakenRoute
  readonly outcome: Outcome
}

export interface PassedOver {
  readonly route: Route
  /** Position in the virtual host. */
  readonly index: number
  /** The first matcher that does not hold, with the value found. */
  readonly because: string
}

export interface TakenRoute {
  readonly route: Route
  readonly index: number
  /** Parts per million of such requests; the others are compared with the routes behind it. */
  readonly millionths: number
  /**
   * The settings of the route, its virtual host and its route configuration for other filters (faults, CORS),
   * by name: the closest one applies.
   */
  readonly filters: Readonly<Record<string, unknown>>
}

export type Outcome =
  | { readonly kind: 'forward'; readonly forwarding: Forwarding }
  | { readonly kind: 'redirect'; readonly redirection: Redirection }
  | { readonly kind: 'direct-response'; readonly status: number; readonly body: string }
  /** Not HTTP here: the connection's bytes go to a cluster. */
  | { readonly kind: 'tcp'; readonly cluster: string }
  /** Envoy answers by itself; the status is absent if it answers nothing, because the connection fails. */
  | { readonly kind: 'refused'; readonly status: number | undefined; readonly because: string }
