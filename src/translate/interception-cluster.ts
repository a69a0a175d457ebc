import type { Settings } from '../model/settings.ts'
import type { InterceptionCluster } from '../resolve/plan/intercepted.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { noLimit } from './cluster.ts'
import { duration } from './duration.ts'
import { upstreamKeepalive } from './tcp-keepalive.ts'

type Cluster = Message<'envoy.config.cluster.v3.Cluster'>

/**
 * iptables allows connections from this address to the workload. Connections of the proxy to any other local
 * address are redirected to the inbound listener first, for example when a workload calls its own service.
 */
const inboundSource = '127.0.0.6'

const idleTimeout = 300_000
const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/**
 * envoy.config.cluster.v3.Cluster for pass-through and inbound connections, and for those that are refused.
 */
export function interceptionCluster(
  { name, kind, protocol }: InterceptionCluster,
  { connectTimeout, tcpKeepalive }: Pick<Settings, 'connectTimeout' | 'tcpKeepalive'>,
): Cluster {
  const bare = { name, connect_timeout: duration(connectTimeout) }
  if (kind === 'refuse') return { ...bare, type: 'STATIC' }
  return {
    ...bare,
    type: 'ORIGINAL_DST',
    lb_policy: 'CLUSTER_PROVIDED',
    circuit_breakers: {
      thresholds: [
        {
          max_connections: noLimit,
          max_pending_requests: noLimit,
          max_requests: noLimit,
          max_retries: noLimit,
        },
      ],
    },
    ...(kind === 'inbound'
      ? { upstream_bind_config: { source_address: { address: inboundSource, port_value: 0 } } }
      : {}),
    ...upstreamKeepalive(tcpKeepalive),
    ...protocolOptions(protocol),
  }
}

function protocolOptions(protocol: InterceptionCluster['protocol']): Partial<Cluster> {
  switch (protocol) {
    case 'http1':
      return {}
    case 'http2':
      return options({ explicit_http_config: { http2_protocol_options: {} } })
    case 'as-client':
      return options({
        common_http_protocol_options: { idle_timeout: duration(idleTimeout) },
        use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} },
      })
  }
}

function options(message: Message<typeof httpOptions>): Partial<Cluster> {
  return { typed_extension_protocol_options: { [httpOptions]: any(httpOptions, message) } }
}
