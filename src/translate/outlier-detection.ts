import type { OutlierDetection } from '../model/backend.ts'
import type { Message } from '../xds/proto.ts'
import { duration } from './duration.ts'

/** envoy.config.cluster.v3.OutlierDetection. Success rates never eject; 0 turns a detector off. */
export function outlierDetection(
  value: OutlierDetection,
): Message<'envoy.config.cluster.v3.OutlierDetection'> {
  return {
    enforcing_success_rate: 0,
    ...(value.consecutive5xx === undefined
      ? {}
      : value.consecutive5xx === 0
        ? { consecutive_5xx: 0, enforcing_consecutive_5xx: 0 }
        : { consecutive_5xx: value.consecutive5xx, enforcing_consecutive_5xx: 100 }),
    ...(value.consecutiveGatewayErrors === undefined
      ? {}
      : value.consecutiveGatewayErrors === 0
        ? { consecutive_gateway_failure: 0, enforcing_consecutive_gateway_failure: 0 }
        : {
            consecutive_gateway_failure: value.consecutiveGatewayErrors,
            enforcing_consecutive_gateway_failure: 100,
          }),
    ...(value.splitExternalLocalOriginErrors === true
      ? { split_external_local_origin_errors: true, enforcing_local_origin_success_rate: 0 }
      : {}),
    ...(value.splitExternalLocalOriginErrors !== true ||
    value.consecutiveLocalOriginFailures === undefined ||
    value.consecutiveLocalOriginFailures === 0
      ? {}
      : {
          consecutive_local_origin_failure: value.consecutiveLocalOriginFailures,
          enforcing_consecutive_local_origin_failure: 100,
        }),
    ...(value.interval === undefined ? {} : { interval: duration(value.interval) }),
    ...(value.baseEjectionTime === undefined ? {} : { base_ejection_time: duration(value.baseEjectionTime) }),
    ...(value.maxEjectionPercent === undefined ? {} : { max_ejection_percent: value.maxEjectionPercent }),
  }
}
