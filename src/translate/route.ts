import type { ResolvedRoute, ResolvedVirtualHost } from '../resolve/resolved.ts'
import { encode } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { fieldHeader } from '../xds/wire.ts'
import { headerFields } from './header.ts'
import { filterConfigs } from './http-filter.ts'
import { routeMatch } from './match.ts'
import { directResponseAction, redirectAction, routeAction } from './route-action.ts'
import { sharedBytes } from './shared-bytes.ts'

/**
 * Bytes of an envoy.config.route.v3.VirtualHost, in parts. Unlike its domains, most of its routes are the
 * same in other scopes, and are shared with them while the parts are held.
 */
export function encodeVirtualHost({
  name,
  domains,
  routes,
  requireTls,
}: Pick<ResolvedVirtualHost, 'name' | 'domains' | 'routes' | 'requireTls'>): readonly Uint8Array[] {
  const rest = encode('envoy.config.route.v3.VirtualHost', {
    name,
    domains,
    include_request_attempt_count: true,
    ...(requireTls === true ? { require_tls: 'ALL' } : {}),
  })
  return [
    rest,
    ...routes.flatMap((each) =>
      embedded(routesField, [sharedBytes('envoy.config.route.v3.Route', route(each))]),
    ),
  ]
}

/** VirtualHost.routes */
const routesField = 3

/**
 * The message as a field of the surrounding message. Fields may have any order, and repeated ones concatenate
 * (protobuf encoding guide, "Message Structure").
 */
function embedded(number: number, parts: readonly Uint8Array[]): readonly Uint8Array[] {
  return [
    fieldHeader(
      number,
      parts.reduce((sum, { length }) => sum + length, 0),
    ),
    ...parts,
  ]
}

function route(resolved: ResolvedRoute): Message<'envoy.config.route.v3.Route'> {
  const { name, match, action, headers, statPrefix, metadata, operation } = resolved
  const [only, ...more] = action.kind === 'forward' ? action.destinations : []
  const destinationHeaders = only !== undefined && more.length === 0 ? [only.headers] : []
  return {
    ...(name === '' ? {} : { name }),
    match: routeMatch(match),
    ...actionField(action),
    ...(metadata === undefined
      ? {}
      : { metadata: { filter_metadata: { [metadata.namespace]: { config: metadata.config } } } }),
    ...(operation === undefined ? {} : { decorator: { operation } }),
    ...headerFields([headers, ...destinationHeaders]),
    ...(statPrefix === undefined || statPrefix === '' ? {} : { stat_prefix: statPrefix }),
    ...filterConfigs(resolved),
  }
}

function actionField(
  action: ResolvedRoute['action'],
): Pick<Message<'envoy.config.route.v3.Route'>, 'route' | 'redirect' | 'direct_response'> {
  switch (action.kind) {
    case 'forward':
      return { route: routeAction(action) }
    case 'redirect':
      return { redirect: redirectAction(action) }
    case 'direct-response':
      return { direct_response: directResponseAction(action) }
  }
}

const largestDirectResponse = 1024 * 1024

/**
 * Bytes of an envoy.config.route.v3.RouteConfiguration, around virtual hosts that are encoded already or with
 * virtual host discovery (over delta ADS; Envoy refuses it on a SotW stream).
 */
export function encodeRouteConfiguration(
  name: string,
  virtualHosts: readonly (readonly Uint8Array[])[] | 'separate',
): Buffer {
  const rest = encode('envoy.config.route.v3.RouteConfiguration', {
    name,
    validate_clusters: false,
    max_direct_response_body_size_bytes: largestDirectResponse,
    ignore_port_in_host_matching: true,
    ...(virtualHosts === 'separate'
      ? { vhds: { config_source: { ads: {}, resource_api_version: 'V3' } } }
      : {}),
  })
  if (virtualHosts === 'separate') return rest
  return Buffer.concat([rest, ...virtualHosts.flatMap((parts) => embedded(virtualHostsField, parts))])
}

/** RouteConfiguration.virtual_hosts */
const virtualHostsField = 2
