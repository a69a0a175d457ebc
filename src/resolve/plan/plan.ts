import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import type { RouteTable } from '../../model/route.ts'
import type { Visibility } from '../../model/visibility.ts'
import type { InterceptedListener } from './intercepted.ts'
import type { Scope, ScopeKey } from '../../xds/scope.ts'

/**
 * A listener and its route configuration, for the proxies of one scope: which virtual hosts there are, not
 * yet what they hold.
 */
export interface RouteConfigurationPlan {
  readonly scope: ScopeKey
  /** `80`, `http.8080`: as Istio names them. */
  readonly name: string
  readonly listener: ListenerPlan
  readonly port: number
  readonly virtualHosts: readonly VirtualHostPlan[]
  /** Of the objects that ask for the listener. */
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
  /** For connections that were redirected to the proxy. */
  | { readonly kind: 'intercepted'; readonly listeners: readonly InterceptedListener[] }
  /** One that several route configurations share; it is made apart. */
  | { readonly kind: 'shared'; readonly name: string }
  /** For gRPC clients: no socket, and a listener for each name under which a client may ask. */
  | { readonly kind: 'api'; readonly names: readonly string[] }

/** One virtual host: its domains, and the route tables it is made of, by key and in order. */
export interface VirtualHostPlan {
  readonly scope: ScopeKey
  readonly routeConfiguration: string
  readonly name: string
  readonly domains: readonly string[]
  /** Port of the listener, for destinations that name none. */
  readonly port: number
  /** Of the requests, for redirects that name none; absent: http. */
  readonly scheme?: 'https'
  /** What the listener stands for: `mesh`, or the gateways on it. */
  readonly attachedTo: readonly string[]
  readonly tables: readonly string[]
  /**
   * `first`: the first table with a route for the proxy has the host alone; `all`: their routes are joined,
   * catch-alls last.
   */
  readonly sharing: 'first' | 'all'
  /** Plain requests are redirected to HTTPS, also where no table has a route. */
  readonly requireTls?: true
  /** What answers where no table has a route for the proxy. */
  readonly otherwise:
    | { readonly kind: 'service'; readonly host: string }
    | { readonly kind: 'status'; readonly status: number }
    | { readonly kind: 'nothing' }
    /** To where the client was going: only where connections are redirected. */
    | { readonly kind: 'pass-through' }
}

/** A route table without its routes: all that planning needs, so that an edited route plans nothing anew. */
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
 * The address that a listener binds to: what the proxy itself says of its addresses counts before the
 * configuration.
 */
export function boundAddress({ bindAddress }: Scope, address: string): string {
  return bindAddress === '' ? address : bindAddress
}

/** The port that a listener binds to where the proxy has another one for it. */
export function boundPort({ portMap }: Scope, port: number): number {
  return portMap[port] ?? port
}

/**
 * Gives each domain to the first virtual host of a route configuration that asks for it, as Envoy refuses one
 * that stands twice. A short name that is the full name of another host is that host's.
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
