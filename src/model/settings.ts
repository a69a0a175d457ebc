import type { MirrorCluster, MirrorHost, MirrorLimits } from './mirror.ts'
import type { RetryPolicy } from './route.ts'

/** What the operator chose for the whole control plane: flags and mesh-wide defaults. Durations in milliseconds. */
export interface Settings {
  /** DNS suffix of the cluster, `cluster.local`. */
  readonly domain: string
  readonly rootNamespace: string
  readonly mirrorHost: MirrorHost
  readonly mirrorCluster: MirrorCluster
  readonly mirrorLimits: MirrorLimits
  readonly defaultRetry: RetryPolicy | 'never'
  readonly connectTimeout: number
  readonly dnsRefreshRate: number
}
