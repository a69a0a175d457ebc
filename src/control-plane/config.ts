import type { AdminAccess } from '../admin/access.ts'
import type { RecorderAddress } from '../admin/taps.ts'
import type { WritebackConfig } from './status-writing.ts'
import type { ProxyIdentity } from '../identity/authenticate.ts'
import type { CertificateFiles } from '../identity/certificate-files.ts'
import type { Settings } from '../model/settings.ts'
import type { Limits } from '../server/limits.ts'
import type { ClusterConfig } from '../sources/cluster/cluster-source.ts'
import { UsageError } from '../errors.ts'

/** Everything that flags and environment decide, frozen before anything starts. */
export interface Config {
  /** Files and directories to read; `-` is standard input. None, where a cluster alone is read. */
  readonly paths: readonly string[]
  /** A cluster to read, too; of an object that is in a file as well, the file counts. */
  readonly kubernetes?: ClusterConfig
  /**
   * Whether status and Events of the objects are written to that cluster; absent: nothing is written to it.
   */
  readonly writeback?: WritebackConfig
  /**
   * Milliseconds for which a file must be left alone before a change that takes something away is believed;
   * absent: two seconds.
   */
  readonly settleAfter?: number
  /** `host:port` of the xDS server; port 0 picks a free one. */
  readonly listen: string
  /** `host:port` of the HTTP listener for health, and later metrics and the admin API. */
  readonly admin: string
  readonly settings: Settings
  /** `separate`, the default: a delta Envoy gets each virtual host as a resource of its own (VHDS). */
  readonly virtualHosts?: 'separate' | 'inline'
  /** Limits of the xDS server; an absent one has its default. */
  readonly limits?: Partial<Limits>
  /** `host:port` of an HTTP listener for probes and metrics alone; absent: there is none. */
  readonly probes?: string
  /** Who may connect to the xDS server, and how; absent: everybody, in plain text. */
  readonly xds?: XdsConfig
  /** Absent: the admin API is open to this machine only. */
  readonly adminAccess?: AdminAccess
  /** Where recorders of taps listen; absent: on free ports of the xDS server's host. */
  readonly recorder?: RecorderAddress
}

export interface XdsConfig {
  /** Absent: plain text. */
  readonly tls?: CertificateFiles
  readonly identity: ProxyIdentity
  /** Milliseconds until a proxy must connect again; absent: never. */
  readonly maxConnectionAge?: number
}

export const defaultSettings: Settings = {
  domain: 'cluster.local',
  rootNamespace: 'istio-system',
  gatewayControllers: [],
  mirrorHost: { kind: 'suffix' },
  mirrorCluster: 'auto',
  mirrorLimits: {
    maxStreamDuration: 15_000,
    maxConnections: 128,
    maxPendingRequests: 128,
    maxRequests: 256,
    maxBody: 1024 * 1024,
    connectionBuffer: 16 * 1024,
    outlierDetection: 'on',
  },
  defaultRetry: {
    attempts: 2,
    retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
    statusCodes: [503],
    perTryTimeout: undefined,
    backoff: undefined,
    ignorePreviousHosts: undefined,
    otherLocalities: false,
  },
  connectTimeout: 10_000,
  dnsRefreshRate: 60_000,
  defaultExport: { services: ['*'], routeTables: ['*'], policies: ['*'] },
  outsideTraffic: 'allow',
  pathNormalization: 'base',
  locality: { distribute: [], failover: [], comparisons: [] },
}

/** Reads `host:port`, `[::1]:port` included. Throws UsageError that names the flag. */
export function parseHostPort(flag: string, text: string): { readonly host: string; readonly port: number } {
  const parsed = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const host = parsed?.[1] ?? parsed?.[2]
  const port = Number(parsed?.[3])
  if (host === undefined || port > 65535)
    throw new UsageError(`${flag} ${text}: write host:port, as in 127.0.0.1:18000`)
  return { host, port }
}
