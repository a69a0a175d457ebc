import type { Origin } from '../diagnostics/diagnostic.ts'
import type { LocalityBalancing } from './locality.ts'
import type { UpstreamTls } from './tls.ts'
import type { Visibility } from './visibility.ts'

/** A destination as a route names it. */
export interface BackendReference {
  /** Fully qualified, lower case; '' for an unreadable one, which is `rejected`. */
  readonly host: string
  /** Absent: the host's only port, else the port of the listener that took the request. */
  readonly port: number | undefined
  readonly subset: string | undefined
  /**
   * The dialect rejected it, and reported why: no request may reach it, whether or not a service has its
   * host. Its share of the requests is answered with an error.
   */
  readonly rejected?: true
  readonly origin: Origin
}

export type Protocol = 'http1' | 'http2' | 'tcp' | 'udp' | 'tls' | 'detect'

export interface ServicePort {
  readonly number: number
  readonly name: string
  readonly protocol: Protocol
  /** Port of the Pods behind it; absent if it is a name, or unknown. */
  readonly targetPort: number | undefined
}

/**
 * How a proxy finds the endpoints: `endpoints` uses EDS; `strict-dns` and `logical-dns` resolve the
 * endpoints' host names, to all addresses or to one at a time; `original-destination` uses the address that
 * the client dialled (EDS on gateways).
 */
export type Discovery = 'endpoints' | 'strict-dns' | 'logical-dns' | 'original-destination'

/** A host with ports that routes can name: a Kubernetes Service, an Istio ServiceEntry's host. */
export interface Service {
  /** Fully qualified, lower case; may begin with `*.` */
  readonly host: string
  readonly name: string
  readonly namespace: string
  readonly ports: readonly ServicePort[]
  readonly discovery: Discovery
  /** Further names a client may use for it. `onlyIn`: only for the proxies of that namespace. */
  readonly aliases: readonly { readonly domain: string; readonly onlyIn: string | undefined }[]
  /** Virtual addresses that clients may use as host name. */
  readonly addresses: readonly string[]
  readonly external: boolean
  /** Labels of the Pods behind it; undefined if it selects none. */
  readonly selector: Readonly<Record<string, string>> | undefined
  /** The host that this name points to (Kubernetes type ExternalName). */
  readonly externalName: string | undefined
  /** The certificate of its endpoints has one of these names, if the TLS policy names none. */
  readonly subjectAltNames?: readonly string[]
  /**
   * Clients never ask for it: only routes name it, so that it has clusters and no virtual host of its own.
   */
  readonly namedBy?: 'routes'
  /**
   * For each port: another host and port that its endpoints come from, and the labels that they must have.
   */
  readonly endpointsOf?: Readonly<
    Record<
      number,
      { readonly host: string; readonly port: number; readonly labels?: Readonly<Record<string, string>> }
    >
  >
  /** Names of its clusters without a subset, by port, if they differ from the usual names. */
  readonly clusterNames?: Readonly<Record<number, string>>
  readonly visibility: Visibility
  readonly origin: Origin
}

/** One address that serves a service; ports are the real ones, by service port number. */
export interface Endpoint {
  readonly address: string
  readonly ports: Readonly<Record<number, number>>
  readonly labels: Readonly<Record<string, string>>
  readonly weight: number
  /** `region/zone/subzone`, '' if unknown. */
  readonly locality: string
  /**
   * Absent if nothing checks it: Envoy uses such an endpoint in the same way, and shows its health as
   * unknown.
   */
  readonly health?: 'healthy'
}

/** Endpoints of one host out of one object; a host's endpoints are the union of its sets. */
export interface EndpointSet {
  readonly host: string
  readonly endpoints: readonly Endpoint[]
  readonly origin: Origin
}

/** A named selection of a host's endpoints by label. */
export interface Subset {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly settings: PortSettings
}

/**
 * Connection settings with the dialect's precedence already applied: `ports` replaces `all` for its ports.
 */
export interface PortSettings {
  readonly all: BackendSettings
  readonly ports: Readonly<Record<number, BackendSettings>>
}

/** The policy of an object like DestinationRule for a host. */
export interface BackendPolicy {
  /** Lower case; may begin with `*`. */
  readonly host: string
  readonly namespace: string
  readonly name: string
  readonly visibility: Visibility
  readonly created: string
  readonly settings: PortSettings
  readonly subsets: readonly Subset[]
  readonly origin: Origin
}

/** Absent fields take the control plane's defaults. Durations in milliseconds. */
export interface BackendSettings {
  readonly connectTimeout?: number
  readonly maxConnections?: number
  readonly maxPendingRequests?: number
  readonly maxRequests?: number
  readonly maxRetries?: number
  readonly maxRequestsPerConnection?: number
  readonly maxConcurrentStreams?: number
  readonly maxConnectionDuration?: number
  readonly idleTimeout?: number
  readonly tcpKeepalive?: TcpKeepalive
  readonly upgradeToHttp2?: true
  readonly useClientProtocol?: true
  readonly outlierDetection?: OutlierDetection
  readonly loadBalancer?: LoadBalancer
  /** Absent: as for the whole mesh. */
  readonly locality?: LocalityBalancing | 'off'
  /** Only for least-request and round-robin. */
  readonly warmup?: Warmup
  readonly retryBudget?: RetryBudget
  /** HTTP/2 PING frames. */
  readonly http2Keepalive?: { readonly interval?: number; readonly timeout: number }
  readonly tls?: UpstreamTls
}

/** Probes of idle TCP connections; absent fields are the operating system's. Times in milliseconds. */
export interface TcpKeepalive {
  readonly probes?: number
  readonly time?: number
  readonly interval?: number
}

/** New endpoints get their share of requests little by little (Envoy's SlowStartConfig). */
export interface Warmup {
  readonly window: number // milliseconds
  /** 1 is a straight line; absent with `minimumPercent` for Envoy's defaults. */
  readonly aggression?: number
  readonly minimumPercent?: number
}

/** The retries that may be under way, as a share of the active requests. */
export interface RetryBudget {
  readonly percent: number
  readonly minimum: number
  readonly interval?: number // milliseconds
}

export interface OutlierDetection {
  readonly consecutive5xx?: number
  readonly consecutiveGatewayErrors?: number
  readonly consecutiveLocalOriginFailures?: number
  readonly splitExternalLocalOriginErrors?: true
  readonly interval?: number
  readonly baseEjectionTime?: number
  readonly maxEjectionPercent?: number
  readonly minHealthPercent?: number
}

export type LoadBalancer =
  | { readonly kind: 'least-request' | 'random' | 'round-robin' | 'passthrough' }
  | { readonly kind: 'ring-hash'; readonly minimumRingSize: number; readonly hash: readonly HashPolicy[] }
  | { readonly kind: 'maglev'; readonly tableSize: number | undefined; readonly hash: readonly HashPolicy[] }

export type HashPolicy =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query-parameter'; readonly name: string }
  | { readonly kind: 'source-ip' }
  | {
      readonly kind: 'cookie'
      readonly name: string
      readonly path: string | undefined
      readonly ttl: number | undefined
    }
