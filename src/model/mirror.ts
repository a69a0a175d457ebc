import type { Origin } from '../diagnostics/diagnostic.ts'
import type { BackendReference } from './backend.ts'
import type { Millionths } from './fraction.ts'

/** Host header of the copy: `-shadow` before the port, the primary's own, or another one. */
export type MirrorHost = { readonly kind: 'suffix' } | { readonly kind: 'keep' } | { readonly kind: 'rewrite'; readonly value: string }

/** Shared: the backend's usual cluster. Dedicated: a bounded cluster of the mirror's own over the same endpoints. */
export type MirrorCluster = 'shared' | 'dedicated'

/** Limits of a cluster that only mirrors use, so that a copy can never hold up its primary request for long. */
export interface MirrorLimits {
  readonly maxStreamDuration: number // milliseconds
  readonly maxConnections: number
  readonly maxPendingRequests: number
  readonly maxRequests: number
}

/** A copy of a share of a route's requests, sent to `backend` and its answer thrown away. */
export interface Mirror {
  readonly backend: BackendReference
  /** Never 0: a mirror of nothing is no mirror. */
  readonly fraction: Millionths
  /** `shadowplane.mirror.<namespace>.<name>.<route>.<target>`: the dial of this mirror in the RTDS layer. */
  readonly runtimeKey: string
  readonly host: MirrorHost
  readonly cluster: MirrorCluster
  readonly limits: MirrorLimits
  readonly origin: Origin
}
