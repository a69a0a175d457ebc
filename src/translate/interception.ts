import type { ConnectionTarget, InterceptedChain, InterceptedListener } from '../resolve/plan/intercepted.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { managerFilter, routesInline, routesOverAds } from './http-connection.ts'
import type { PathOptions } from './path-options.ts'
import { timeouts } from './route-action.ts'
import { tcpProxy, tlsInspector } from './tls-listener.ts'

type Listener = Message<'envoy.config.listener.v3.Listener'>
type ListenerFilter = Message<'envoy.config.listener.v3.ListenerFilter'>
type FilterChain = Message<'envoy.config.listener.v3.FilterChain'>

/**
 * envoy.config.listener.v3.Listener for redirected connections. Envoy takes the original destination from the
 * socket (SO_ORIGINAL_DST).
 */
export function interceptedListener(
  listener: InterceptedListener,
  paths: PathOptions,
): Listener & { readonly name: string } {
  const { name, direction, address, port, socket, chains, fallback } = listener
  const inspectors = inspectorsOf(listener)
  return {
    name,
    address: { socket_address: { address, port_value: port } },
    traffic_direction: direction === 'outbound' ? 'OUTBOUND' : 'INBOUND',
    // Envoy adds the listener filter by itself if connections are handed over.
    ...(socket === 'hands-over' ? { use_original_dst: true } : {}),
    ...(socket === 'none' ? { bind_to_port: false } : {}),
    listener_filters: [...(socket === 'takes' ? [originalDestination] : []), ...inspectors],
    // A client that waits for the server to speak first is not taken for one of another protocol, however
    // long it waits.
    ...(inspectors.length === 0
      ? {}
      : { listener_filters_timeout: '0s', continue_on_listener_filters_timeout: true }),
    filter_chains: chains.map((chain) => filterChain(listener, chain, paths)),
    default_filter_chain: {
      name: fallback.kind === 'cluster' ? fallback.cluster : name,
      filters: [filter(listener, fallback, paths)],
    },
  }
}

const originalDestination: ListenerFilter = {
  name: 'envoy.filters.listener.original_dst',
  typed_config: any('envoy.extensions.filters.listener.original_dst.v3.OriginalDst', {}),
}

/** Inspectors hold a connection until the client has spoken, so they look at no port that is opaque. */
function inspectorsOf({ chains }: InterceptedListener): readonly ListenerFilter[] {
  const http = chains.filter(({ speaks }) => speaks === 'http')
  const ports = http.map(({ port }) => port).filter((port) => port !== undefined)
  return [
    ...(chains.some(({ serverNames }) => serverNames !== undefined) ? [tlsInspector] : []),
    ...(http.length === 0
      ? []
      : [
          {
            ...httpInspector,
            ...(ports.length === 0 ? {} : { filter_disabled: { not_match: anyOf(ports) } }),
          },
        ]),
  ]
}

const httpInspector: ListenerFilter = {
  name: 'envoy.filters.listener.http_inspector',
  typed_config: any('envoy.extensions.filters.listener.http_inspector.v3.HttpInspector', {}),
}

function anyOf(
  ports: readonly number[],
): Message<'envoy.config.listener.v3.ListenerFilterChainMatchPredicate'> {
  const rules = ports.map((port) => ({ destination_port_range: { start: port, end: port + 1 } }))
  const [only, ...more] = rules
  return more.length === 0 && only !== undefined ? only : { or_match: { rules } }
}

/**
 * HTTP according to the HTTP inspector. TLS connections, which may have the same ALPN, are another transport
 * protocol.
 */
const plainHttp = {
  transport_protocol: 'raw_buffer',
  application_protocols: ['http/1.0', 'http/1.1', 'h2c'],
} as const

function filterChain(
  listener: InterceptedListener,
  { name, port, speaks, serverNames, target }: InterceptedChain,
  paths: PathOptions,
): FilterChain {
  return {
    name,
    filter_chain_match: {
      ...(port === undefined ? {} : { destination_port: port }),
      ...(speaks === undefined ? {} : plainHttp),
      ...(serverNames === undefined ? {} : { server_names: serverNames }),
    },
    filters: [filter(listener, target, paths)],
  }
}

function filter(
  { name, direction }: InterceptedListener,
  target: ConnectionTarget,
  paths: PathOptions,
): Message<'envoy.config.listener.v3.Filter'> {
  const side = direction === 'outbound' ? 'sidecar' : 'inbound'
  switch (target.kind) {
    case 'cluster':
      return tcpProxy([{ name: target.cluster, weight: 1 }])
    case 'routes':
      return managerFilter(side, name, { from: routesOverAds(target.routeConfiguration), paths })
    case 'requests':
      return managerFilter(side, target.cluster, { from: routesInline(toCluster(target)), paths })
  }
}

function toCluster({
  cluster,
  virtualHost,
  operation,
}: Extract<ConnectionTarget, { kind: 'requests' }>): Message<'envoy.config.route.v3.RouteConfiguration'> {
  return {
    name: cluster,
    validate_clusters: false,
    virtual_hosts: [
      {
        name: virtualHost,
        domains: ['*'],
        routes: [
          {
            name: 'default',
            match: { prefix: '/' },
            route: { cluster, ...timeouts(0) },
            decorator: { operation },
          },
        ],
      },
    ],
  }
}
