import type { TcpKeepalive } from '../model/backend.ts'
import type { Message } from '../xds/proto.ts'

type UpstreamConnectionOptions = Pick<
  Message<'envoy.config.cluster.v3.Cluster'>,
  'upstream_connection_options'
>

/**
 * Cluster.upstream_connection_options: the fields of later ones take precedence over earlier ones. Whole
 * seconds, cut like istiod's.
 */
export function upstreamKeepalive(...all: readonly (TcpKeepalive | undefined)[]): UpstreamConnectionOptions {
  const given = all.filter((each) => each !== undefined)
  if (given.length === 0) return {}
  const { probes, time, interval } = given.reduce((earlier, later) => ({ ...earlier, ...later }))
  return {
    upstream_connection_options: {
      tcp_keepalive: {
        ...(probes === undefined ? {} : { keepalive_probes: probes }),
        ...(time === undefined ? {} : { keepalive_time: Math.trunc(time / 1000) }),
        ...(interval === undefined ? {} : { keepalive_interval: Math.trunc(interval / 1000) }),
      },
    },
  }
}
