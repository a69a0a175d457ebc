import type { CorsPolicy, Fault } from '../model/route.ts'
import type { ResolvedRoute } from '../resolve/resolved.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { duration } from './duration.ts'
import { stringMatcher } from './match.ts'

type HttpFilter = Message<'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter'>

const faultName = 'envoy.filters.http.fault'
const corsName = 'envoy.filters.http.cors'

const fault: HttpFilter = {
  name: faultName,
  typed_config: any('envoy.extensions.filters.http.fault.v3.HTTPFault', {}),
}
const cors: HttpFilter = {
  name: corsName,
  typed_config: any('envoy.extensions.filters.http.cors.v3.Cors', {}),
}
const router: HttpFilter = {
  name: 'envoy.filters.http.router',
  typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}),
}

/**
 * The HTTP filters of every connection manager, in istiod's order; a filter does nothing on a route without a
 * configuration of its own.
 */
export const httpFilters: readonly HttpFilter[] = [fault, cors, router]

/**
 * gRPC clients refuse a listener with a filter that they lack: they have fault injection (gRPC proposal A33)
 * and no CORS.
 */
export const grpcFilters: readonly HttpFilter[] = [fault, router]

/** Route.typed_per_filter_config: what the filters do on a route. */
export function filterConfigs(
  route: Pick<ResolvedRoute, 'fault' | 'cors'>,
): Pick<Message<'envoy.config.route.v3.Route'>, 'typed_per_filter_config'> {
  const configs = {
    ...(route.fault === undefined
      ? {}
      : { [faultName]: any('envoy.extensions.filters.http.fault.v3.HTTPFault', httpFault(route.fault)) }),
    ...(route.cors === undefined
      ? {}
      : { [corsName]: any('envoy.extensions.filters.http.cors.v3.CorsPolicy', corsPolicy(route.cors)) }),
  }
  return Object.keys(configs).length === 0 ? {} : { typed_per_filter_config: configs }
}

/** envoy.extensions.filters.http.fault.v3.HTTPFault. The denominator is always MILLION. */
function httpFault({ delay, abort }: Fault): Message<'envoy.extensions.filters.http.fault.v3.HTTPFault'> {
  return {
    ...(delay === undefined
      ? {}
      : {
          delay: {
            fixed_delay: duration(delay.duration),
            percentage: { numerator: delay.fraction, denominator: 'MILLION' },
          },
        }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            ...(abort.status.kind === 'http'
              ? { http_status: abort.status.code }
              : { grpc_status: abort.status.code }),
            percentage: { numerator: abort.fraction, denominator: 'MILLION' },
          },
        }),
  }
}

/** envoy.extensions.filters.http.cors.v3.CorsPolicy, in force for every request. */
function corsPolicy({
  origins,
  methods,
  headers,
  exposedHeaders,
  maxAge,
  credentials,
  unmatchedPreflights,
}: CorsPolicy): Message<'envoy.extensions.filters.http.cors.v3.CorsPolicy'> {
  return {
    ...(origins.length === 0 ? {} : { allow_origin_string_match: origins.map(stringMatcher) }),
    ...joined('allow_methods', methods),
    ...joined('allow_headers', headers),
    ...joined('expose_headers', exposedHeaders),
    ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    ...(credentials === undefined ? {} : { allow_credentials: credentials }),
    filter_enabled: { default_value: { numerator: 100, denominator: 'HUNDRED' } },
    forward_not_matching_preflights: unmatchedPreflights === 'forward',
  }
}

function joined<Name extends 'allow_methods' | 'allow_headers' | 'expose_headers'>(
  name: Name,
  values: readonly string[],
): { readonly [K in Name]?: string } {
  return values.length === 0 ? {} : ({ [name]: values.join(',') } as { readonly [K in Name]: string })
}
