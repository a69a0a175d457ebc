import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { grpcFilters, httpFilters } from './http-filter.ts'
import type { PathOptions } from './path-options.ts'

const httpConnectionManager =
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

export type ConnectionManager = Message<typeof httpConnectionManager>

/** The clients of a listener: any client, the workload beside the proxy, or the callers of that workload. */
export type Side = 'gateway' | 'sidecar' | 'inbound'

/** The source of a connection manager's routes, and its normalization of paths. */
export interface ManagedRoutes {
  readonly from: ConnectionManager
  readonly paths: PathOptions
}

/** envoy.config.listener.v3.Filter: HTTP, by the routes that the manager is given. */
export function managerFilter(
  side: Side,
  statPrefix: string,
  routes: ManagedRoutes,
): Message<'envoy.config.listener.v3.Filter'> {
  const manager: ConnectionManager = {
    stat_prefix: statPrefix,
    ...routes.paths,
    ...routes.from,
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    stream_idle_timeout: '0s',
    // A gateway is the edge: the client's address is the connection's. A sidecar's client is the workload
    // beside it.
    use_remote_address: side === 'gateway',
  }
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: any(httpConnectionManager, manager),
  }
}

/** envoy.config.listener.v3.ApiListener, for gRPC clients. */
export function apiListener(routes: ConnectionManager): Message<'envoy.config.listener.v3.ApiListener'> {
  return { api_listener: any(httpConnectionManager, { ...routes, http_filters: grpcFilters }) }
}

/** Routes that come over ADS, and the filters that requests pass before they are routed. */
export function routesOverAds(routeConfiguration: string): ConnectionManager {
  return {
    rds: {
      config_source: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' },
      route_config_name: routeConfiguration,
    },
    http_filters: httpFilters,
  }
}

/** Routes inside the listener. */
export function routesInline(
  routeConfiguration: Message<'envoy.config.route.v3.RouteConfiguration'>,
): ConnectionManager {
  return { route_config: routeConfiguration, http_filters: httpFilters }
}
