import type { HashPolicy } from '../model/backend.ts'
import type { DirectResponse, RetryPolicy } from '../model/route.ts'
import type {
  ResolvedDestination,
  ResolvedForward,
  ResolvedMirror,
  ResolvedRedirect,
} from '../resolve/resolved.ts'
import { duration } from './duration.ts'
import { headerFields } from './header.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'

/** envoy.config.route.v3.RouteAction */
export function routeAction({
  destinations,
  mirrors,
  timeout,
  retry,
  rewrite,
  hash,
  missingStatus,
}: ResolvedForward): Message<'envoy.config.route.v3.RouteAction'> {
  const [only, ...more] = destinations
  const single = only !== undefined && more.length === 0 ? only : undefined
  const authority = rewrite.authority ?? single?.authority
  return {
    ...(single === undefined
      ? { weighted_clusters: { clusters: destinations.map(clusterWeight) } }
      : { cluster: single.cluster }),
    ...(missingStatus === undefined ? {} : { cluster_not_found_response_code: 'INTERNAL_SERVER_ERROR' }),
    ...(rewrite.prefix === undefined ? {} : { prefix_rewrite: rewrite.prefix }),
    ...(rewrite.regex === undefined
      ? {}
      : {
          regex_rewrite: {
            pattern: { regex: rewrite.regex.pattern },
            substitution: rewrite.regex.substitution,
          },
        }),
    ...(authority === undefined ? {} : { host_rewrite_literal: authority }),
    ...timeouts(timeout),
    ...(retry === 'never'
      ? {}
      : {
          retry_policy: retryPolicy(
            retry,
            single !== undefined && hash.length > 0 ? 'keep host' : 'try others',
          ),
        }),
    ...(mirrors.length === 0 ? {} : { request_mirror_policies: mirrors.map(mirrorPolicy) }),
    ...(hash.length === 0 ? {} : { hash_policy: hash.map(hashPolicy) }),
  }
}

/**
 * Without a timeout, the deadline that a gRPC client sends is in force
 * (MaxStreamDuration.grpc_timeout_header_max of 0). With one, `max_stream_duration` must be absent: Envoy
 * ignores `timeout` beside it. A gRPC client then ends its request at its own deadline. The older
 * `max_grpc_timeout` is deprecated, and Envoy logs a warning at each edit of a route that has it.
 */
export function timeouts(
  timeout: number,
): Pick<Message<'envoy.config.route.v3.RouteAction'>, 'timeout' | 'max_stream_duration'> {
  return {
    timeout: duration(timeout),
    ...(timeout > 0 ? {} : { max_stream_duration: { grpc_timeout_header_max: '0s' } }),
  }
}

function clusterWeight({
  cluster,
  weight,
  headers,
  authority,
}: ResolvedDestination): Message<'envoy.config.route.v3.WeightedCluster.ClusterWeight'> {
  return {
    name: cluster,
    weight,
    ...headerFields([headers]),
    ...(authority === undefined ? {} : { host_rewrite_literal: authority }),
  }
}

const hostSelectionAttempts = 5

/** A consistent hash would only find the same host again, so it is not avoided there. */
function retryPolicy(
  policy: RetryPolicy,
  hosts: 'keep host' | 'try others',
): Message<'envoy.config.route.v3.RetryPolicy'> {
  const predicate = {
    name: 'envoy.retry_host_predicates.previous_hosts',
    typed_config: any('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate', {}),
  }
  return {
    retry_on: policy.retryOn,
    num_retries: policy.attempts,
    ...((policy.ignorePreviousHosts ?? hosts === 'try others') ? { retry_host_predicate: [predicate] } : {}),
    host_selection_retry_max_attempts: hostSelectionAttempts,
    ...(policy.statusCodes.length === 0 ? {} : { retriable_status_codes: policy.statusCodes }),
    ...(policy.perTryTimeout === undefined ? {} : { per_try_timeout: duration(policy.perTryTimeout) }),
    ...(policy.backoff === undefined ? {} : { retry_back_off: { base_interval: duration(policy.backoff) } }),
    ...(policy.otherLocalities
      ? {
          retry_priority: {
            name: 'envoy.retry_priorities.previous_priorities',
            typed_config: any(
              'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
              { update_frequency: 2 },
            ),
          },
        }
      : {}),
  }
}

function hashPolicy(policy: HashPolicy): Message<'envoy.config.route.v3.RouteAction.HashPolicy'> {
  switch (policy.kind) {
    case 'header':
      return { header: { header_name: policy.name } }
    case 'query-parameter':
      return { query_parameter: { name: policy.name } }
    case 'source-ip':
      return { connection_properties: { source_ip: true } }
    case 'cookie':
      return {
        cookie: {
          name: policy.name,
          ...(policy.path === undefined ? {} : { path: policy.path }),
          ...(policy.ttl === undefined ? {} : { ttl: duration(policy.ttl) }),
        },
      }
  }
}

const redirectCodes = {
  301: 'MOVED_PERMANENTLY',
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
} as const

/** envoy.config.route.v3.RedirectAction. An empty `path_redirect` keeps the path; istiod writes it, too. */
export function redirectAction({
  host,
  path,
  scheme,
  port,
  code,
}: ResolvedRedirect): Message<'envoy.config.route.v3.RedirectAction'> {
  return {
    ...(host === undefined ? {} : { host_redirect: host }),
    ...redirectPath(path),
    ...(scheme === undefined ? {} : { scheme_redirect: scheme }),
    ...(port === undefined ? {} : { port_redirect: port }),
    ...(code === 301 ? {} : { response_code: redirectCodes[code] }),
  }
}

function redirectPath(
  path: ResolvedRedirect['path'],
): Pick<
  Message<'envoy.config.route.v3.RedirectAction'>,
  'prefix_rewrite' | 'path_redirect' | 'regex_rewrite'
> {
  switch (path?.kind) {
    case 'prefix':
      return { prefix_rewrite: path.value }
    case 'regex':
      return { regex_rewrite: { pattern: { regex: path.pattern }, substitution: path.substitution } }
    default:
      return { path_redirect: path?.value ?? '' }
  }
}

/** envoy.config.route.v3.DirectResponseAction */
export function directResponseAction({
  status,
  body,
}: DirectResponse): Message<'envoy.config.route.v3.DirectResponseAction'> {
  if (body === undefined) return { status }
  return { status, body: 'text' in body ? { inline_string: body.text } : { inline_bytes: body.base64 } }
}

/**
 * envoy.config.route.v3.RouteAction.RequestMirrorPolicy. The denominator is always MILLION, and the runtime
 * key is always there, so that one layer of runtime values can turn any mirror's dial without a change of
 * routes.
 */
function mirrorPolicy({
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
