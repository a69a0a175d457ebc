import { shownSecretBytes } from './confidential.ts'

/**
 * The behaviour of one kind of xDS resource. The server reads these rows and has no rule about a kind of its
 * own.
 */
export interface ResourceType {
  /** Our word for it, as in `translate --type` and logs. */
  readonly name: 'cluster' | 'endpoint' | 'listener' | 'route' | 'virtual-host' | 'runtime' | 'secret'
  readonly typeUrl: `type.googleapis.com/${string}`
  /** The message's full name. */
  readonly message:
    | 'envoy.config.cluster.v3.Cluster'
    | 'envoy.config.endpoint.v3.ClusterLoadAssignment'
    | 'envoy.config.listener.v3.Listener'
    | 'envoy.config.route.v3.RouteConfiguration'
    | 'envoy.config.route.v3.VirtualHost'
    | 'envoy.service.runtime.v3.Runtime'
    | 'envoy.extensions.transport_sockets.tls.v3.Secret'
  /**
   * An empty first request subscribes to everything, and a SotW response must hold every resource, so that a
   * missing one is a deletion (xDS protocol, "How the client specifies what resources to return"): only for
   * Cluster and Listener.
   */
  readonly wildcard: boolean
  /**
   * Types whose new resources must be ACKed before an update of this one that may refer to them (same section
   * as the table's order).
   */
  readonly after: readonly TypeName[]
  /**
   * Types whose `references` keep a resource of this one alive, until an update without the reference is
   * ACKed.
   */
  readonly referredBy: readonly TypeName[]
  /**
   * The type of each resource's `owner`. Envoy loses a virtual host that arrives before its route
   * configuration is ACKed, and never requests it again, so such a resource is sent only if the client holds
   * its owner. Delta only: SotW has no VHDS.
   */
  readonly ownedBy?: TypeName
  /**
   * Types whose `references` are resources of this one that are sent again with each change of theirs
   * ("Resource warming").
   */
  readonly resentWith: readonly TypeName[]
  /** The form in which a resource may be shown to people, if it differs. */
  readonly shown?: (bytes: Buffer) => Buffer
}

/**
 * The one table of xDS types, in the order in which they are sent (xDS protocol, "Eventual consistency
 * considerations").
 */
export const resourceTypes = [
  {
    name: 'cluster',
    typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
    message: 'envoy.config.cluster.v3.Cluster',
    wildcard: true,
    after: [],
    referredBy: ['route', 'virtual-host', 'listener'],
    resentWith: [],
  },
  {
    name: 'endpoint',
    typeUrl: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
    message: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
    wildcard: false,
    after: [],
    referredBy: ['cluster'],
    resentWith: ['cluster'],
  },
  {
    name: 'listener',
    typeUrl: 'type.googleapis.com/envoy.config.listener.v3.Listener',
    message: 'envoy.config.listener.v3.Listener',
    wildcard: true,
    after: ['cluster', 'endpoint', 'secret'],
    referredBy: [],
    resentWith: [],
  },
  {
    name: 'route',
    typeUrl: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
    message: 'envoy.config.route.v3.RouteConfiguration',
    wildcard: false,
    after: ['cluster', 'endpoint', 'secret'],
    referredBy: ['listener'],
    resentWith: [],
  },
  // An empty name list on the first request means all, as for clusters and listeners. The specification does
  // not say this about virtual hosts, but Envoy sends such a request once, and expects every virtual host of
  // its route configurations.
  {
    name: 'virtual-host',
    typeUrl: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
    message: 'envoy.config.route.v3.VirtualHost',
    wildcard: true,
    after: ['cluster', 'endpoint', 'secret'],
    referredBy: [],
    resentWith: [],
    ownedBy: 'route',
  },
  {
    name: 'runtime',
    typeUrl: 'type.googleapis.com/envoy.service.runtime.v3.Runtime',
    message: 'envoy.service.runtime.v3.Runtime',
    wildcard: false,
    after: [],
    referredBy: [],
    resentWith: [],
  },
  // Envoy requests a secret when a cluster or listener names it, and warms that until it has it; a route to
  // the cluster waits too. Secrets wait for nothing, and one that is no longer named is removed with the
  // resource that named it.
  {
    name: 'secret',
    typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
    message: 'envoy.extensions.transport_sockets.tls.v3.Secret',
    wildcard: false,
    after: [],
    referredBy: ['cluster', 'listener'],
    resentWith: [],
    shown: shownSecretBytes,
  },
] as const satisfies readonly ResourceType[]

export type TypeName = ResourceType['name']

export const resourceTypeByUrl: ReadonlyMap<string, ResourceType> = new Map(
  resourceTypes.map((type) => [type.typeUrl, type]),
)
export const resourceTypeByName: ReadonlyMap<TypeName, ResourceType> = new Map(
  resourceTypes.map((type) => [type.name, type]),
)
