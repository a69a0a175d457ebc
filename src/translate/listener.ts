import type { ListenerPlan } from '../resolve/plan.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'

type Listener = Message<'envoy.config.listener.v3.Listener'>

const connectionManager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

/** envoy.config.listener.v3.Listener with one HTTP connection manager that takes its routes over ADS; for gRPC clients one for each name. */
export function listeners(plan: ListenerPlan, routeConfiguration: string): readonly (Listener & { readonly name: string })[] {
  if (plan.kind === 'socket') return [socketListener(plan, routeConfiguration)]
  return plan.names.map((name) => ({ name, api_listener: { api_listener: any(connectionManager, routesOverAds(routeConfiguration)) } }))
}

function socketListener({ side, name, address, port }: Extract<ListenerPlan, { kind: 'socket' }>, routeConfiguration: string): Listener & { readonly name: string } {
  const manager: Message<typeof connectionManager> = {
    stat_prefix: name,
    ...routesOverAds(routeConfiguration),
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    stream_idle_timeout: '0s',
    normalize_path: true,
    // A gateway is the edge: the client's address is the connection's. A sidecar's client is the workload beside it.
    use_remote_address: side === 'gateway',
  }
  return {
    name,
    address: { socket_address: { address, port_value: port } },
    traffic_direction: 'OUTBOUND',
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: any(connectionManager, manager) }] }],
  }
}

function routesOverAds(routeConfiguration: string): Message<typeof connectionManager> {
  return {
    rds: { config_source: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' }, route_config_name: routeConfiguration },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) }],
  }
}
