import type { Diagnostic, Origin } from '../diagnostics/diagnostic.ts'
import type { HashPolicy } from '../model/backend.ts'
import type { Labels } from '../model/labels.ts'
import type { Mirror, MirrorLimits } from '../model/mirror.ts'
import type {
  CorsPolicy,
  DirectResponse,
  Fault,
  Forward,
  HeaderChanges,
  Redirect,
  RetryPolicy,
  Route,
} from '../model/route.ts'
import type { ScopeKey } from '../xds/scope.ts'
import type { NamespaceFinding } from './findings/namespace-finding.ts'

/**
 * A virtual host as the proxies of one scope get it: every destination is a cluster's name. Nothing more is
 * looked up after this.
 */
export interface ResolvedVirtualHost {
  readonly scope: ScopeKey
  readonly routeConfiguration: string
  readonly name: string
  readonly domains: readonly string[]
  readonly routes: readonly ResolvedRoute[]
  /** Plain requests are redirected to HTTPS. */
  readonly requireTls?: true
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
  /**
   * Destinations and mirrors that do not exist for the proxies of the scope. Other namespaces may have the
   * same findings.
   */
  readonly missing: readonly NamespaceFinding[]
  readonly origins: readonly Origin[]
}

export interface ResolvedRoute extends Pick<Route, 'name' | 'match' | 'headers' | 'statPrefix'> {
  readonly action: ResolvedForward | ResolvedRedirect | DirectResponse
  readonly fault?: Fault | undefined
  readonly cors?: CorsPolicy | undefined
  /** The operation name of a request in traces; absent on routes that come from no object. */
  readonly operation: string | undefined
  readonly metadata: Route['metadata'] | undefined
  /**
   * The match, or the rule if it has none, that the route comes from; it may be in a delegate. Undefined if
   * the route comes from no object.
   */
  readonly origin: Origin | undefined
}

/** The port is that of the Location header, if it names one. */
export type ResolvedRedirect = Omit<Redirect, 'port'> & { readonly port: number | undefined }

export interface ResolvedForward {
  readonly kind: 'forward'
  readonly destinations: readonly ResolvedDestination[]
  readonly mirrors: readonly ResolvedMirror[]
  readonly timeout: number
  readonly retry: RetryPolicy | 'never'
  readonly rewrite: Forward['rewrite']
  readonly missingStatus?: Forward['missingStatus']
  readonly hash: readonly HashPolicy[]
}

export interface ResolvedDestination {
  readonly cluster: string
  readonly weight: number
  readonly headers: HeaderChanges
  readonly authority: string | undefined
}

export interface ResolvedMirror extends Pick<Mirror, 'fraction' | 'runtimeKey' | 'host' | 'origin'> {
  readonly cluster: string
}

/** A virtual host's use of a cluster: a cluster that only mirrors use gets limits. */
export type ClusterUse = PrimaryUse | MirrorUse

/** The endpoints that a cluster's requests or copies go to. */
export interface EndpointTarget {
  readonly host: string
  readonly port: number
  readonly labels: Labels
}

export interface PrimaryUse {
  readonly by: 'primary'
  readonly cluster: string
  /**
   * The place of the destination, and its endpoints. Absent if no object names the destination, or the
   * cluster does not use endpoints.
   */
  readonly destination?: { readonly origin: Origin; readonly target: EndpointTarget }
}

export interface MirrorUse {
  readonly by: 'mirror'
  readonly cluster: string
  readonly limits: MirrorLimits
  readonly origin: Origin
  /** The endpoints that the copies go to; absent for DNS and original-destination clusters. */
  readonly target?: EndpointTarget
  /** The field that says that the route, and so its copies, have no timeout. */
  readonly noTimeout?: Origin
}
