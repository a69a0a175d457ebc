import type { Origin } from '../diagnostics/diagnostic.ts'
import type { Settings } from '../model/settings.ts'
import type { ResolvedCluster } from '../resolve/cluster.ts'
import type { RouteConfigurationPlan } from '../resolve/plan.ts'
import type { ResolvedVirtualHost } from '../resolve/resolved.ts'
import { encode } from '../xds/proto.ts'
import { resource } from '../xds/resource.ts'
import type { Resource } from '../xds/resource.ts'
import { cluster } from './cluster.ts'
import { loadAssignment } from './endpoint.ts'
import { listener } from './listener.ts'
import { encodeRouteConfiguration, virtualHost } from './route.ts'
import { runtime, runtimeLayer } from './runtime.ts'

/** A virtual host's own bytes, kept apart so that an edit encodes one of them and the others are concatenated. */
export interface EncodedVirtualHost {
  readonly bytes: Buffer
  readonly clusters: readonly string[]
  readonly origins: readonly Origin[]
}

export function virtualHostBytes(host: ResolvedVirtualHost): EncodedVirtualHost {
  return {
    bytes: encode('envoy.config.route.v3.VirtualHost', virtualHost(host)),
    clusters: [...new Set(host.uses.map((use) => use.cluster))],
    origins: host.origins,
  }
}

/** Without any virtual host there is one that answers 404 to everything, as a gateway without routes does. */
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

export function listenerResource(plan: RouteConfigurationPlan): Resource {
  return resource({
    type: 'listener',
    name: plan.listenerName,
    bytes: encode('envoy.config.listener.v3.Listener', listener(plan)),
    origins: plan.origins,
    references: [plan.name],
  })
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
