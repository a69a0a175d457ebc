import type { TcpKeepalive } from './backend.ts'
import type { LocalityBalancing } from './locality.ts'
import type { MirrorCluster, MirrorHost, MirrorLimits } from './mirror.ts'
import type { RetryPolicy } from './route.ts'

/** Requests for hosts that nothing defines: sent to the original destination, or refused. */
export type OutsideTraffic = 'allow' | 'refuse'

/**
 * The normalization of a path before it is matched (Envoy's normalize_path, merge_slashes and
 * path_with_escaped_slashes_action).
 */
export type PathNormalization = 'none' | 'base' | 'merge-slashes' | 'decode-and-merge-slashes'

/** The namespaces that see an object without an export list: `*` all, `.` its own, `~` none, or names. */
export interface DefaultExport {
  readonly services: readonly string[]
  readonly routeTables: readonly string[]
  readonly policies: readonly string[]
}

/**
 * The operator's choices for the whole control plane: flags and mesh-wide defaults. Durations in
 * milliseconds.
 */
export interface Settings {
  /** DNS suffix of the cluster, `cluster.local`. */
  readonly domain: string
  readonly rootNamespace: string
  /** Names of controllers whose Gateways are served; empty: every controller's. */
  readonly gatewayControllers: readonly string[]
  /** Objects that are labelled for another revision are not read; absent: all are. */
  readonly revision?: string
  readonly mirrorHost: MirrorHost
  readonly mirrorCluster: MirrorCluster
  readonly mirrorLimits: MirrorLimits
  readonly defaultRetry: RetryPolicy | 'never'
  readonly connectTimeout: number
  readonly dnsRefreshRate: number
  /**
   * For every connection to a backend; absent: none. A backend's own settings take precedence, field by
   * field.
   */
  readonly tcpKeepalive?: TcpKeepalive
  readonly defaultExport: DefaultExport
  readonly outsideTraffic: OutsideTraffic
  readonly pathNormalization: PathNormalization
  /** For backends whose policy does not mention localities; undefined if it is turned off. */
  readonly locality: LocalityBalancing | undefined
}
