import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import type { RouteTable } from '../../model/route.ts'
import type { Visibility } from '../../model/visibility.ts'
import type { InterceptedListener } from './intercepted.ts'
import type { Scope, ScopeKey } from '../../xds/scope.ts'

/**
 * A listener and its route configuration for the proxies of one scope: the names of its virtual hosts,
 * without their routes.
 */
export interface RouteConfigurationPlan {
  readonly scope: ScopeKey
  /** `80`, `http.8080`: as Istio names them. */
  readonly name: string
  readonly listener: ListenerPlan
  readonly port: number
  readonly virtualHosts: readonly VirtualHostPlan[]
  /** The objects that configure the listener. */
  readonly origins: readonly Origin[]
  readonly diagnostics: readonly Diagnostic[]
}

export type ListenerPlan =
  /** A socket. The name, `0.0.0.0_80`, does not change with the address and port really bound. */
  | {
      readonly kind: 'socket'
      readonly side: 'gateway' | 'sidecar'
      readonly name: string
      readonly address: string
      readonly port: number
    }
  /** For connections that iptables redirected to the proxy. */
  | { readonly kind: 'intercepted'; readonly listeners: readonly InterceptedListener[] }
  /** A listener that several route configurations share; another stage makes it. */
  | { readonly kind: 'shared'; readonly name: string }
  /** For gRPC clients: no socket, and one listener for each name that a client may dial. */
  | { readonly kind: 'api'; readonly names: readonly string[] }

/** One virtual host: its domains, and the route tables it is made of, by key and in order. */
export interface VirtualHostPlan {
  readonly scope: ScopeKey
  readonly routeConfiguration: string
  readonly name: string
  readonly domains: readonly string[]
  /** Port of the listener: used by destinations that name no port. */
  readonly port: number
  /** Scheme of the requests: used by redirects that name none. Absent: http. */
  readonly scheme?: 'https'
  /** `mesh`, or the gateways that share the listener. */
  readonly attachedTo: readonly string[]
  readonly tables: readonly string[]
  /**
   * `first`: the first table with a route for the proxy has the host alone; `all`: their routes are joined,
   * catch-alls last.
   */
  readonly sharing: 'first' | 'all'
  /** Plain requests are redirected to HTTPS, even if no table has a route. */
  readonly requireTls?: true
  /** The answer if no table has a route for the proxy. */
  readonly fallback:
    | { readonly kind: 'service'; readonly host: string }
    | { readonly kind: 'status'; readonly status: number }
    | { readonly kind: 'nothing' }
    /** To the original destination: only if connections are redirected. */
    | { readonly kind: 'pass-through' }
}

/** A route table without its routes: enough for planning, so that an edited route changes no plan. */
export interface RouteTableHead {
  readonly key: string
  readonly namespace: string
  readonly hosts: readonly string[]
  readonly attachedTo: readonly string[]
  readonly visibility: Visibility
  readonly order: string
}

export function headOf(
  key: string,
  { namespace, hosts, attachedTo, visibility, order }: RouteTable,
): RouteTableHead {
  return { key, namespace, hosts: hosts.map(({ host }) => host), attachedTo, visibility, order }
}

/**
 * The address that a listener binds to. The proxy's own bind address takes precedence over the configuration.
 */
export function boundAddress({ bindAddress }: Scope, address: string): string {
  return bindAddress === '' ? address : bindAddress
}

/** The port that a listener binds to: the proxy's port map takes precedence. */
export function boundPort({ portMap }: Scope, port: number): number {
  return portMap[port] ?? port
}

/**
 * Gives each domain to the first virtual host that claims it, because Envoy rejects a duplicate domain. A
 * short name that is another host's full name belongs to that host.
 */
export function claimDomains(
  hosts: readonly string[],
): (host: string, others: readonly string[]) => readonly string[] {
  const fullNames = new Set(hosts)
  const taken = new Set<string>()
  return (host, others) =>
    [host, ...others].filter((domain) => {
      const name = domain.toLowerCase()
      if (taken.has(name) || (name !== host && fullNames.has(name))) return false
      taken.add(name)
      return true
    })
}
