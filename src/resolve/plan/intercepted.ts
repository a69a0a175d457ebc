import type { Origin } from '../../diagnostics/diagnostic.ts'
import type { ScopeKey } from '../../xds/scope.ts'

/**
 * A listener for connections that iptables redirected to the proxy. Envoy knows their original destination.
 */
export interface InterceptedListener {
  readonly name: string
  readonly direction: 'outbound' | 'inbound'
  readonly address: string
  readonly port: number
  /**
   * `hands-over`: passes a connection to the listener of its original destination, if there is one. `takes`:
   * serves it under its original destination. `none`: has no socket, and receives connections that are handed
   * over.
   */
  readonly socket: 'hands-over' | 'takes' | 'none'
  readonly chains: readonly InterceptedChain[]
  /** The target of connections that no chain matches. */
  readonly fallback: ConnectionTarget
}

/** Connections of a listener that are treated alike. An absent condition is always met. */
export interface InterceptedChain {
  readonly name: string
  /** Original destination port. */
  readonly port?: number
  /** `http`: the first bytes are HTTP without TLS. */
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

/**
 * A listener or cluster that a scope with interception has in addition to its route configurations and
 * service clusters.
 */
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
 * `pass-through` and `inbound` connect to the original destination, `inbound` to the workload itself;
 * `refuse` has no endpoint.
 */
export interface InterceptionCluster {
  readonly name: string
  readonly kind: 'pass-through' | 'inbound' | 'refuse'
  /** `as-client` if the port declares no protocol. */
  readonly protocol: 'http1' | 'http2' | 'as-client'
}

export const passThrough = 'PassthroughCluster'
export const inboundPassThrough = 'InboundPassthroughCluster'
export const blackHole = 'BlackHoleCluster'

/** Such a listener receives the connections to a port that no other listener has. */
export const anyAddress = '0.0.0.0'
