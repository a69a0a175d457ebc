import type { Message } from '../xds/proto.ts'

/**
 * The identity in a proxy's node. If all is absent, it is a plain Envoy, which the control plane treats as a
 * gateway that every Gateway selects.
 */
export interface Identity {
  readonly role?: 'gateway' | 'sidecar' | undefined
  readonly namespace?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly ip?: string | undefined
  /** DNS domain of the cluster; absent: cluster.local. */
  readonly domain?: string | undefined
  /** Replaces the node id that is made from the other fields. */
  readonly nodeId?: string | undefined
  readonly nodeCluster?: string | undefined
  /** Address that its listeners bind to. */
  readonly bindAddress?: string | undefined
  /** Listener port → port really bound. */
  readonly portMap?: Readonly<Record<number, number>> | undefined
  /** A sidecar to which iptables redirects connections. */
  readonly interception?: 'redirect' | undefined
}

/**
 * The node of a bootstrap, in Istio's forms: id `router~<ip>~<name>.<namespace>~<namespace>.svc.<domain>` for
 * a gateway, `sidecar~…` for a sidecar, labels and namespace in the metadata.
 */
export function node(identity: Identity): Message<'envoy.config.core.v3.Node'> {
  const described =
    identity.role !== undefined || identity.namespace !== undefined || identity.labels !== undefined
  const address = {
    ...(identity.bindAddress === undefined ? {} : { BIND_ADDRESS: identity.bindAddress }),
    ...(identity.portMap === undefined ? {} : { PORT_MAP: portMapText(identity.portMap) }),
    ...(identity.interception === undefined ? {} : { INTERCEPTION_MODE: 'REDIRECT' }),
  }
  const metadata = described
    ? { NAMESPACE: identity.namespace ?? 'default', LABELS: { ...identity.labels }, ...address }
    : address
  return {
    id: identity.nodeId ?? (described ? istioNodeId(identity) : 'envoy'),
    cluster: identity.nodeCluster ?? (described ? (identity.role ?? 'gateway') : 'envoy'),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  }
}

function istioNodeId(identity: Identity): string {
  const role = identity.role ?? 'gateway'
  const namespace = identity.namespace ?? 'default'
  const kind = role === 'gateway' ? 'router' : 'sidecar'
  const domain = identity.domain ?? 'cluster.local'
  return `${kind}~${identity.ip ?? '127.0.0.1'}~${role}.${namespace}~${namespace}.svc.${domain}`
}

function portMapText(portMap: Readonly<Record<number, number>>): string {
  return Object.entries(portMap)
    .map(([port, bound]) => `${port}=${bound}`)
    .join(',')
}
