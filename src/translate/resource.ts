import type { Settings } from '../model/settings.ts'
import type { ResolvedCluster } from '../resolve/cluster.ts'
import type { RouteConfigurationPlan } from '../resolve/plan.ts'
import type { ResolvedVirtualHost } from '../resolve/resolved.ts'
import { encode } from '../xds/proto.ts'
import { resource } from '../xds/resource.ts'
import type { Resource } from '../xds/resource.ts'
import { field } from '../xds/wire.ts'
import { cluster } from './cluster.ts'
import { loadAssignment } from './endpoint.ts'
import { listeners } from './listener.ts'
import { encodeRouteConfiguration, virtualHost } from './route.ts'
import { runtime, runtimeLayer } from './runtime.ts'

/** A virtual host's own bytes, kept apart so that an edit encodes one of them, whether it is sent alone or within its route configuration. */
export interface EncodedVirtualHost extends Pick<ResolvedVirtualHost, 'scope' | 'routeConfiguration' | 'name' | 'origins'> {
  readonly bytes: Buffer
  readonly clusters: readonly string[]
}

export function virtualHostBytes(host: ResolvedVirtualHost): EncodedVirtualHost {
  const { scope, routeConfiguration, name, origins } = host
  return {
    scope,
    routeConfiguration,
    name,
    origins,
    bytes: encode('envoy.config.route.v3.VirtualHost', virtualHost(host)),
    clusters: [...new Set(host.uses.map((use) => use.cluster))],
  }
}

/** VirtualHost.name */
const nameField = 1

/**
 * A virtual host as a resource of its own, `<route configuration>/<virtual host>`. Envoy forgets one only if its name
 * field equals the resource's name; of a field that stands twice the last counts (protobuf encoding, "Last One Wins").
 */
export function virtualHostResource({ routeConfiguration, name, bytes, clusters, origins }: EncodedVirtualHost): Resource {
  const fullName = `${routeConfiguration}/${name}`
  return resource({
    type: 'virtual-host', name: fullName, bytes: Buffer.concat([bytes, field(nameField, fullName)]), origins, references: clusters, owner: routeConfiguration,
  })
}

/** A whole route configuration. Without any virtual host there is one that answers 404 to everything, as a gateway without routes does. */
export function routeConfigurationResource(plan: RouteConfigurationPlan, hosts: readonly EncodedVirtualHost[]): Resource {
  const bytes = hosts.length > 0 ? hosts.map((host) => host.bytes)
    : [encode('envoy.config.route.v3.VirtualHost', { name: `blackhole:${plan.port}`, domains: ['*'] })]
  return resource({
    type: 'route',
    name: plan.name,
    bytes: encodeRouteConfiguration(plan.name, bytes),
    origins: hosts.flatMap((host) => host.origins),
    references: [...new Set(hosts.flatMap((host) => host.clusters))],
  })
}

/** A route configuration whose virtual hosts are resources of their own. It must have some: Envoy waits for them before it serves anything. */
export function routeConfigurationApart(plan: RouteConfigurationPlan): Resource {
  return resource({ type: 'route', name: plan.name, bytes: encodeRouteConfiguration(plan.name, 'apart'), origins: plan.origins, references: [] })
}

export function listenerResources(plan: RouteConfigurationPlan): readonly Resource[] {
  return listeners(plan.listener, plan.name).map((message) => resource({
    type: 'listener', name: message.name, bytes: encode('envoy.config.listener.v3.Listener', message), origins: plan.origins, references: [plan.name],
  }))
}

export function clusterResource(resolved: ResolvedCluster, settings: Settings): Resource {
  const references = resolved.discovery === 'endpoints' ? [resolved.assignment] : []
  const bytes = encode('envoy.config.cluster.v3.Cluster', cluster(resolved, settings))
  return resource({ type: 'cluster', name: resolved.name, bytes, origins: resolved.origins, references })
}

/** The load assignment, for a cluster that takes its endpoints from EDS. */
export function endpointResources(resolved: ResolvedCluster): readonly Resource[] {
  if (resolved.discovery !== 'endpoints') return []
  const bytes = encode('envoy.config.endpoint.v3.ClusterLoadAssignment', loadAssignment(resolved))
  return [resource({ type: 'endpoint', name: resolved.assignment, bytes, origins: resolved.origins, references: [] })]
}

export function runtimeResource(): Resource {
  return resource({ type: 'runtime', name: runtimeLayer, bytes: encode('envoy.service.runtime.v3.Runtime', runtime()), origins: [], references: [] })
}
