import { isIP } from 'node:net'
import { runtimeLayer } from '../translate/runtime.ts'
import { regexLimit } from './regex-limit.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import type { Identity } from './node.ts'
import { node } from './node.ts'
import { xdsHttpFilters, xdsTransportSocket } from './xds-credentials.ts'
import type { XdsCredentials } from './xds-credentials.ts'

export { defaultBootstrap } from './default-bootstrap.ts'

export type Bootstrap = Message<'envoy.config.bootstrap.v3.Bootstrap'>

export interface HostPort {
  readonly host: string
  readonly port: number
}

export interface BootstrapOptions extends Identity {
  /** The xDS protocol variant; delta sends only what changed. */
  readonly mode: 'sotw' | 'delta'
  /** Where the control plane listens. A host name is resolved by Envoy. */
  readonly xds: HostPort
  /** Envoy's admin interface. Port 0 picks a free one. */
  readonly admin: HostPort
  /** Absent: plain text, and nothing is shown. */
  readonly credentials?: XdsCredentials | undefined
}

const controlPlane = 'shadowplane'

/** A complete bootstrap for a stock Envoy: everything but this comes over ADS. */
export function bootstrap(options: BootstrapOptions): Bootstrap {
  return {
    node: node(options),
    admin: { address: socketAddress(options.admin) },
    dynamic_resources: {
      ads_config: adsConfig(options.mode),
      // Without a control plane Envoy becomes ready, with no listeners, after this time instead of never.
      cds_config: overAds('5s'),
      lds_config: overAds('5s'),
    },
    static_resources: { clusters: [controlPlaneCluster(options)] },
    layered_runtime: {
      layers: [
        regexLimit,
        // Envoy subscribes to runtime first and waits for it, 15 s by default.
        { name: runtimeLayer, rtds_layer: { name: runtimeLayer, rtds_config: overAds('2s') } },
        // Last, so that an operator's `POST /runtime_modify` wins over what was pushed.
        { name: 'admin', admin_layer: {} },
      ],
    },
  }
}

function adsConfig(mode: 'sotw' | 'delta'): Message<'envoy.config.core.v3.ApiConfigSource'> {
  return {
    api_type: mode === 'delta' ? 'DELTA_GRPC' : 'GRPC',
    transport_api_version: 'V3',
    set_node_on_first_message_only: true,
    grpc_services: [
      {
        envoy_grpc: {
          cluster_name: controlPlane,
          // Envoy's own back-off reaches 30 s: a control plane that is back should not wait for its proxies.
          retry_policy: { retry_back_off: { base_interval: '0.100s', max_interval: '1s' } },
        },
      },
    ],
  }
}

function overAds(initialFetchTimeout: `${number}s`): Message<'envoy.config.core.v3.ConfigSource'> {
  return { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: initialFetchTimeout }
}

function controlPlaneCluster({
  xds,
  credentials,
}: BootstrapOptions): Message<'envoy.config.cluster.v3.Cluster'> {
  const transportSocket = credentials === undefined ? undefined : xdsTransportSocket(credentials)
  return {
    name: controlPlane,
    type: isIP(xds.host) === 0 ? 'STRICT_DNS' : 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: controlPlane,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(xds) } }] }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        {
          explicit_http_config: {
            // A control plane that vanished without closing its connection is noticed by this.
            http2_protocol_options: { connection_keepalive: { interval: '10s', timeout: '5s' } },
          },
          ...(credentials === undefined ? {} : xdsHttpFilters(credentials)),
        },
      ),
    },
    ...(transportSocket === undefined ? {} : { transport_socket: transportSocket }),
  }
}

function socketAddress({ host, port }: HostPort): Message<'envoy.config.core.v3.Address'> {
  return { socket_address: { address: host, port_value: port } }
}
