import type { Message } from '../xds/proto.ts'

export type Listener = Message<'envoy.config.listener.v3.Listener'>
export type FilterChain = Message<'envoy.config.listener.v3.FilterChain'>
export type ConnectionManager =
  Message<'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'>
export type RouteConfiguration = Message<'envoy.config.route.v3.RouteConfiguration'>
export type VirtualHost = Message<'envoy.config.route.v3.VirtualHost'>
export type Route = Message<'envoy.config.route.v3.Route'>
export type RouteAction = Message<'envoy.config.route.v3.RouteAction'>
export type RouteMatch = Message<'envoy.config.route.v3.RouteMatch'>
export type MirrorPolicy = Message<'envoy.config.route.v3.RouteAction.RequestMirrorPolicy'>
export type Cluster = Message<'envoy.config.cluster.v3.Cluster'>
export type LoadAssignment = Message<'envoy.config.endpoint.v3.ClusterLoadAssignment'>
export type StringMatcher = Message<'envoy.type.matcher.v3.StringMatcher'>
export type RuntimeFraction = Message<'envoy.config.core.v3.RuntimeFractionalPercent'>
export type HeaderValueOption = Message<'envoy.config.core.v3.HeaderValueOption'>

/** All that an Envoy has been given that decides what becomes of a request, in protobuf JSON. */
export interface EnvoyConfiguration {
  readonly listeners: readonly Listener[]
  readonly routeConfigurations: readonly RouteConfiguration[]
  /** Virtual hosts that are resources of their own (VHDS), named `<route configuration>/<virtual host>`. */
  readonly virtualHosts?: readonly VirtualHost[]
  readonly clusters: readonly Cluster[]
  readonly loadAssignments: readonly LoadAssignment[]
  /** The runtime layers joined: values by key, as in envoy.service.runtime.v3.Runtime.layer. */
  readonly runtime?: Readonly<Record<string, unknown>>
}

/** The virtual hosts of a route configuration, inline ones and those that came by VHDS. */
export function virtualHostsOf(
  configuration: EnvoyConfiguration,
  { name = '', virtual_hosts: inline = [] }: RouteConfiguration,
): readonly VirtualHost[] {
  const separate = (configuration.virtualHosts ?? []).filter(
    (host) => host.name?.startsWith(`${name}/`) === true,
  )
  return [...inline, ...separate]
}
