import type { RouteConfigurationPlan } from '../resolve/plan.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'

/** envoy.config.listener.v3.Listener with one HTTP connection manager that takes its routes over ADS. */
export function listener({ role, name, listenerName, bind }: Pick<RouteConfigurationPlan, 'role' | 'name' | 'listenerName' | 'bind'>): Message<'envoy.config.listener.v3.Listener'> {
  return {
    name: listenerName,
    address: { socket_address: { address: bind.address, port_value: bind.port } },
    traffic_direction: 'OUTBOUND',
    filter_chains: [{
      filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: any(connectionManager, httpConnectionManager(role, name, listenerName)) }],
    }],
  }
}

const connectionManager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

function httpConnectionManager(role: RouteConfigurationPlan['role'], routeConfiguration: string, listenerName: string): Message<typeof connectionManager> {
  return {
    stat_prefix: listenerName,
    rds: { config_source: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' }, route_config_name: routeConfiguration },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) }],
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    stream_idle_timeout: '0s',
    normalize_path: true,
    // A gateway is the edge: the client's address is the connection's. A sidecar's client is the workload beside it.
    use_remote_address: role === 'gateway',
  }
}
