import { any, encode } from '../../src/xds/proto.ts'
import { resource } from '../../src/xds/resource.ts'
import type { Resource } from '../../src/xds/resource.ts'

// Small resources for tests of the server. `revision` changes the content and nothing else.

export function cluster(name: string, revision = 1): Resource {
  const bytes = encode('envoy.config.cluster.v3.Cluster', {
    name,
    type: 'EDS',
    connect_timeout: `${revision}s`,
    eds_cluster_config: { service_name: `${name}-endpoints`, eds_config: { ads: {} } },
  })
  return resource({ type: 'cluster', name, bytes, origins: [], references: [`${name}-endpoints`] })
}

/** The endpoints of the cluster with this name. */
export function endpoints(clusterName: string, port = 8080): Resource {
  const name = `${clusterName}-endpoints`
  const socket = { socket_address: { address: '127.0.0.1', port_value: port } }
  const bytes = encode('envoy.config.endpoint.v3.ClusterLoadAssignment', {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: socket } }] }],
  })
  return resource({ type: 'endpoint', name, bytes, origins: [], references: [] })
}

export function listener(name: string, routeName: string, revision = 1): Resource {
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: `${name}-${revision}`,
    rds: { route_config_name: routeName, config_source: { ads: {} } },
  })
  const bytes = encode('envoy.config.listener.v3.Listener', {
    name,
    filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
  })
  return resource({ type: 'listener', name, bytes, origins: [], references: [routeName] })
}

export function route(name: string, clusterNames: readonly string[], revision = 1): Resource {
  const bytes = encode('envoy.config.route.v3.RouteConfiguration', {
    name,
    virtual_hosts: clusterNames.map((to) => ({
      name: `${to}-${revision}`,
      domains: [to],
      routes: [{ match: { prefix: '/' }, route: { cluster: to } }],
    })),
  })
  return resource({ type: 'route', name, bytes, origins: [], references: clusterNames })
}

/** A route configuration whose virtual hosts are resources of their own. */
export function routeApart(name: string, revision = 1): Resource {
  const bytes = encode('envoy.config.route.v3.RouteConfiguration', {
    name,
    vhds: { config_source: { ads: {} } },
    request_headers_to_remove: [`x-${revision}`],
  })
  return resource({ type: 'route', name, bytes, origins: [], references: [] })
}

/** `<owner>/<name>`, to the cluster of that name by default. */
export function virtualHost(owner: string, name: string, { to = name, revision = 1 } = {}): Resource {
  const resourceName = `${owner}/${name}`
  const bytes = encode('envoy.config.route.v3.VirtualHost', {
    name: resourceName,
    domains: [name],
    routes: [{ match: { prefix: '/' }, route: { cluster: to, timeout: `${revision}s` } }],
  })
  return resource({ type: 'virtual-host', name: resourceName, bytes, origins: [], references: [to], owner })
}

export function layer(name: string, value = 0): Resource {
  return resource({
    type: 'runtime',
    name,
    bytes: encode('envoy.service.runtime.v3.Runtime', { name, layer: { dial: value } }),
    origins: [],
    references: [],
  })
}

export function secret(name: string): Resource {
  const bytes = encode('envoy.extensions.transport_sockets.tls.v3.Secret', {
    name,
    generic_secret: { secret: { inline_string: name } },
  })
  return resource({ type: 'secret', name, bytes, origins: [], references: [] })
}
