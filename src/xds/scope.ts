/** What a proxy is, as far as its configuration depends on it: proxies of one scope share one snapshot. */
export type ScopeKey = string & { readonly brand: unique symbol }

export interface Scope {
  readonly role: 'gateway' | 'sidecar'
  readonly namespace: string
  /** Empty for a plain Envoy: every Gateway's selector matches it (`anyGateway`). */
  readonly labels: Readonly<Record<string, string>>
  /** True for an Envoy that says nothing about itself but id and cluster: it is a gateway that every Gateway selects. */
  readonly anyGateway: boolean
  /** DNS domain of the proxy's namespace, `<namespace>.svc.cluster.local`. */
  readonly domain: string
  /** Address that listeners bind to; '' means the role's own (0.0.0.0 for gateways, 127.0.0.1 for sidecars). */
  readonly bindAddress: string
  /** Listener port → port really bound. */
  readonly portMap: Readonly<Record<number, number>>
}

/** The node of a discovery request, in protobuf JSON, reduced to what we read. */
export interface Node {
  readonly id?: string | undefined
  readonly cluster?: string | undefined
  readonly metadata?: { readonly [key: string]: unknown } | undefined
}
