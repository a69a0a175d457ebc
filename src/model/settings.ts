import type { TcpKeepalive } from './backend.ts'
import type { LocalityBalancing } from './locality.ts'
import type { MirrorCluster, MirrorHost, MirrorLimits } from './mirror.ts'
import type { RetryPolicy } from './route.ts'

/** Requests for hosts that nothing defines: sent where the client was going, or refused. */
export type OutsideTraffic = 'allow' | 'refuse'

/**
 * What a path is made into before it is matched (Envoy's normalize_path, merge_slashes and
 * path_with_escaped_slashes_action).
 */
export type PathNormalization = 'none' | 'base' | 'merge-slashes' | 'decode-and-merge-slashes'

/** Namespaces that may see an object that names none: `*` all, `.` its own, `~` none, or names. */
export interface DefaultExport {
  readonly services: readonly string[]
  readonly routeTables: readonly string[]
  readonly policies: readonly string[]
}

/**
 * What the operator chose for the whole control plane: flags and mesh-wide defaults. Durations in
 * milliseconds.
 */
export interface Settings {
  /** DNS suffix of the cluster, `cluster.local`. */
  readonly domain: string
  readonly rootNamespace: string
  /** Names of controllers whose Gateways are served; none: those of all. */
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
   * Of every connection to a backend; absent: none. A backend's own settings count before it, field by field.
   */
  readonly tcpKeepalive?: TcpKeepalive
  readonly defaultExport: DefaultExport
  readonly outsideTraffic: OutsideTraffic
  readonly pathNormalization: PathNormalization
  /** For backends whose policy says nothing about localities; undefined where it is turned off. */
  readonly locality: LocalityBalancing | undefined
}
