import type { MirrorLimits } from '../model/mirror.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'

type Cluster = Message<'envoy.config.cluster.v3.Cluster'>
type HttpFilter = Message<'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter'>

/**
 * Upstream filters that hold a copy until its request is complete
 * (envoy.extensions.filters.http.buffer.v3.Buffer). Without them Envoy stops reading a request while its copy
 * cannot be written. A copy with a larger body is given up: Envoy ends its stream before anything is sent.
 */
export function wholeRequests(limits: MirrorLimits | undefined): readonly HttpFilter[] {
  if (limits === undefined || limits.maxBody === 'unlimited') return []
  return [
    {
      name: 'envoy.filters.http.buffer',
      typed_config: any('envoy.extensions.filters.http.buffer.v3.Buffer', {
        max_request_bytes: limits.maxBody,
      }),
    },
    {
      name: 'envoy.filters.http.upstream_codec',
      typed_config: any('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec', {}),
    },
  ]
}

/**
 * Envoy reads this much of an answer at a time, so that answers without end leave a worker time for other
 * requests.
 */
export function connectionBuffer(
  limits: MirrorLimits | undefined,
): Pick<Cluster, 'per_connection_buffer_limit_bytes'> {
  return limits === undefined ? {} : { per_connection_buffer_limit_bytes: limits.connectionBuffer }
}

/**
 * Ejects an endpoint that resets, refuses or times out, because each such copy costs the worker a connection.
 * A shadow's answers never eject it: a comparison wants to see its errors.
 */
export function copyOutlierDetection(limits: MirrorLimits | undefined): Pick<Cluster, 'outlier_detection'> {
  if (limits?.outlierDetection !== 'on') return {}
  return {
    outlier_detection: {
      split_external_local_origin_errors: true,
      consecutive_local_origin_failure: 5,
      enforcing_consecutive_local_origin_failure: 100,
      enforcing_consecutive_5xx: 0,
      enforcing_consecutive_gateway_failure: 0,
      enforcing_success_rate: 0,
      enforcing_local_origin_success_rate: 0,
      interval: '1s',
      base_ejection_time: '1s',
      max_ejection_time: '10s',
      max_ejection_percent: 100,
    },
  }
}
