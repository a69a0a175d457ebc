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
   * Destinations and mirrors that are not there for the proxies of the scope; those of other namespaces may
   * find the same.
   */
  readonly missing: readonly NamespaceFinding[]
  readonly origins: readonly Origin[]
}

export interface ResolvedRoute extends Pick<Route, 'name' | 'match' | 'headers' | 'statPrefix'> {
  readonly action: ResolvedForward | ResolvedRedirect | DirectResponse
  readonly fault?: Fault | undefined
  readonly cors?: CorsPolicy | undefined
  /** What tracing calls a request that took this route; absent on routes that stand for no object. */
  readonly operation: string | undefined
  readonly metadata: Route['metadata'] | undefined
  /**
   * The match, or the rule without one, that it was made from; in the delegate's object where that has it.
   * Undefined where no object asks for the route.
   */
  readonly origin: Origin | undefined
}

/** With the port that the answer names, if any. */
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

/** That a virtual host names a cluster, and for what: a cluster that only mirrors use gets limits. */
export type ClusterUse = PrimaryUse | MirrorUse

/** Whose endpoints a cluster's requests or copies go to. */
export interface EndpointTarget {
  readonly host: string
  readonly port: number
  readonly labels: Labels
}

export interface PrimaryUse {
  readonly by: 'primary'
  readonly cluster: string
  /**
   * Where requests were given to it, and whose endpoints they go to; absent where nobody wrote a destination,
   * or where they are found otherwise.
   */
  readonly destination?: { readonly origin: Origin; readonly target: EndpointTarget }
}

export interface MirrorUse {
  readonly by: 'mirror'
  readonly cluster: string
  readonly limits: MirrorLimits
  readonly origin: Origin
  /**
   * Whose endpoints the copies go to; absent where they are found otherwise, by DNS or by the original
   * destination.
   */
  readonly target?: EndpointTarget
  /** The field that says that the route, and so its copies, have no timeout. */
  readonly noTimeout?: Origin
}
