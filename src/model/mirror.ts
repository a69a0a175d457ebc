import type { Origin } from '../diagnostics/diagnostic.ts'
import type { BackendReference } from './backend.ts'
import type { Millionths } from './fraction.ts'

/** Host header of the copy: `-shadow` before the port, the primary's own, or another one. */
export type MirrorHost =
  | { readonly kind: 'suffix' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'rewrite'; readonly value: string }

/**
 * `shared`: the backend's usual cluster. `dedicated`: a bounded cluster of the mirror's own over the same
 * endpoints. `auto`: dedicated if primary requests may use the usual one too, because limits are a cluster's.
 */
export type MirrorCluster = 'auto' | 'shared' | 'dedicated'

/**
 * Limits of a cluster that only mirrors use, so that no shadow can slow or fail a request that is not a copy.
 */
export interface MirrorLimits {
  readonly maxStreamDuration: number // milliseconds
  readonly maxConnections: number
  readonly maxPendingRequests: number
  readonly maxRequests: number
  /**
   * The largest request body that is copied, in bytes. Envoy holds a copy until its request is complete, so a
   * shadow never slows an upload. `unlimited`: a copy is sent while its request arrives, and a shadow that
   * reads slowly slows the request.
   */
  readonly maxBody: number | 'unlimited'
  /** Bytes that Envoy reads from one connection of a shadow before it turns to other work. */
  readonly connectionBuffer: number
  /**
   * Whether an endpoint that resets, refuses or times out gets no copies for a while; the backend's own
   * outlier detection wins.
   */
  readonly outlierDetection: 'on' | 'off'
}

/** The strictest of each limit. */
export function strictest(a: MirrorLimits, b: MirrorLimits): MirrorLimits {
  return {
    maxStreamDuration: Math.min(a.maxStreamDuration, b.maxStreamDuration),
    maxConnections: Math.min(a.maxConnections, b.maxConnections),
    maxPendingRequests: Math.min(a.maxPendingRequests, b.maxPendingRequests),
    maxRequests: Math.min(a.maxRequests, b.maxRequests),
    maxBody:
      a.maxBody === 'unlimited'
        ? b.maxBody
        : b.maxBody === 'unlimited'
          ? a.maxBody
          : Math.min(a.maxBody, b.maxBody),
    connectionBuffer: Math.min(a.connectionBuffer, b.connectionBuffer),
    outlierDetection: a.outlierDetection === 'on' ? 'on' : b.outlierDetection,
  }
}

/** A copy of a share of a route's requests, sent to `backend` and its answer thrown away. */
export interface Mirror {
  readonly backend: BackendReference
  /** Never 0: a mirror of nothing is left out. */
  readonly fraction: Millionths
  /** `shadowplane.mirror.<namespace>.<name>.<route>.<target>`: the dial of this mirror in the RTDS layer. */
  readonly runtimeKey: string
  readonly host: MirrorHost
  readonly cluster: MirrorCluster
  readonly limits: MirrorLimits
  readonly origin: Origin
}
