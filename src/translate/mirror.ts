import type { ResolvedMirror } from '../resolve/resolved.ts'
import type { Message } from '../xds/proto.ts'

/**
 * envoy.config.route.v3.RouteAction.RequestMirrorPolicy. The denominator is always MILLION, and the runtime
 * key is always there, so that one layer of runtime values can turn any mirror's dial without a change of
 * routes.
 */
export function mirrorPolicy({
  cluster,
  fraction,
  runtimeKey,
  host,
}: ResolvedMirror): Message<'envoy.config.route.v3.RouteAction.RequestMirrorPolicy'> {
  return {
    cluster,
    runtime_fraction: {
      default_value: { numerator: fraction, denominator: 'MILLION' },
      runtime_key: runtimeKey,
    },
    trace_sampled: false,
    ...(host.kind === 'keep' ? { disable_shadow_host_suffix_append: true } : {}),
    ...(host.kind === 'rewrite' ? { host_rewrite_literal: host.value } : {}),
  }
}
