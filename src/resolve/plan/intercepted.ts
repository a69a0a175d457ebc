import type { Origin } from '../../diagnostics/diagnostic.ts'
import type { ScopeKey } from '../../xds/scope.ts'

/** A listener for connections that were redirected to the proxy, which knows where they were going. */
export interface InterceptedListener {
  readonly name: string
  readonly direction: 'outbound' | 'inbound'
  readonly address: string
  readonly port: number
  /**
   * `hands-over`: gives a connection to the listener of its original destination, if there is one. `takes`:
   * serves it under its original destination. `none`: has no socket, and gets what is handed over.
   */
  readonly socket: 'hands-over' | 'takes' | 'none'
  readonly chains: readonly InterceptedChain[]
  /** Where connections go that no chain matches. */
  readonly otherwise: ConnectionTarget
}

/** Connections of a listener that are treated alike. An absent condition is always met. */
export interface InterceptedChain {
  readonly name: string
  /** Original destination port. */
  readonly port?: number
  /** `http`: the first bytes are those of HTTP without TLS. */
  readonly speaks?: 'http'
  /** SNI of a TLS connection; may begin with `*.` */
  readonly serverNames?: readonly string[]
  readonly target: ConnectionTarget
}

export type ConnectionTarget =
  | { readonly kind: 'cluster'; readonly cluster: string }
  /** HTTP, by a route configuration that comes over ADS. */
  | { readonly kind: 'routes'; readonly routeConfiguration: string }
  /** HTTP, every request to one cluster. `virtualHost` and `operation` are for people. */
  | {
      readonly kind: 'requests'
      readonly cluster: string
      readonly virtualHost: string
      readonly operation: string
    }

/** What a scope with interception has besides its route configurations and the clusters of its services. */
export type InterceptionPart =
  | {
      readonly kind: 'listener'
      readonly scope: ScopeKey
      readonly listener: InterceptedListener
      readonly origins: readonly Origin[]
    }
  | {
      readonly kind: 'cluster'
      readonly scope: ScopeKey
      readonly cluster: InterceptionCluster
      readonly origins: readonly Origin[]
    }

/**
 * `pass-through` and `inbound` go to where the client was going, `inbound` to the workload itself; `refuse`
 * goes nowhere.
 */
export interface InterceptionCluster {
  readonly name: string
  readonly kind: 'pass-through' | 'inbound' | 'refuse'
  /** As the client speaks it, where it is not declared. */
  readonly protocol: 'http1' | 'http2' | 'as-client'
}

export const passThrough = 'PassthroughCluster'
export const inboundPassThrough = 'InboundPassthroughCluster'
export const blackHole = 'BlackHoleCluster'

/** Every address: such a listener gets what is handed over for a port and has no listener of its own. */
export const anyAddress = '0.0.0.0'
