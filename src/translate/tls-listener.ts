import type { TlsChain, TlsListener } from '../resolve/plan/tls-listener.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { managerFilter, routesOverAds } from './http-connection.ts'
import type { PathOptions } from './path-options.ts'
import { downstreamSocket } from './tls.ts'

type FilterChain = Message<'envoy.config.listener.v3.FilterChain'>

/** envoy.config.listener.v3.ListenerFilter that finds the server name of TLS connections. */
export const tlsInspector: Message<'envoy.config.listener.v3.ListenerFilter'> = {
  name: 'envoy.filters.listener.tls_inspector',
  typed_config: any('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector', {}),
}

/**
 * envoy.config.listener.v3.Listener with a filter chain for each server name, which the TLS inspector reads
 * from the first message.
 */
export function tlsListener(
  { name, address, port, chains }: TlsListener,
  paths: PathOptions,
): Message<'envoy.config.listener.v3.Listener'> {
  return {
    name,
    address: { socket_address: { address, port_value: port } },
    traffic_direction: 'OUTBOUND',
    listener_filters: [tlsInspector],
    filter_chains: chains.map((chain) => filterChain(chain, name, paths)),
  }
}

function filterChain({ serverNames, target }: TlsChain, statPrefix: string, paths: PathOptions): FilterChain {
  return {
    ...(serverNames.length === 0 ? {} : { filter_chain_match: { server_names: [...serverNames] } }),
    ...(target.kind === 'requests'
      ? {
          filters: [
            managerFilter('gateway', statPrefix, { from: routesOverAds(target.routeConfiguration), paths }),
          ],
          transport_socket: downstreamSocket(target.tls),
        }
      : { filters: [tcpProxy(target.clusters)] }),
  }
}

/** envoy.config.listener.v3.Filter: connections go on as they are, to one of the clusters. */
export function tcpProxy(
  clusters: readonly { readonly name: string; readonly weight: number }[],
): Message<'envoy.config.listener.v3.Filter'> {
  const [only, ...more] = clusters
  const name = only?.name ?? ''
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
      stat_prefix: name,
      ...(more.length === 0
        ? { cluster: name }
        : {
            weighted_clusters: {
              clusters: clusters.map((each) => ({ name: each.name, weight: each.weight })),
            },
          }),
    }),
  }
}
