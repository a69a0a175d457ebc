import type { Json, JsonObject } from '../../src/manifest/manifest.ts'
import { actionsOf, at, mapClusters, mapNamed, without } from './edit.ts'
import { isObject, objects, text } from './output.ts'
import type { Output } from './output.ts'
import { expecting } from './pair.ts'
import type { Adjustment } from './pair.ts'

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

export const noIstioFilters: Adjustment = expecting((istiod) => mapClusters(istiod, (cluster) =>
  objects(cluster['filters']).every(({ name }) => name === 'istio.metadata_exchange') ? without(cluster, 'filters') : cluster))

export const noAutoMtls: Adjustment = expecting((istiod) => mapClusters(istiod, (cluster) => {
  const isAutomatic = objects(cluster['transport_socket_matches']).some(({ name }) => name === 'tlsMode-istio')
  return isAutomatic ? without(cluster, 'transport_socket_matches') : cluster
}))

export const altStatName: Adjustment = expecting((istiod) => mapClusters(istiod, (cluster) => without(cluster, 'alt_stat_name')))

/** What Istio's own filters read: of clusters and of endpoints. */
export const istioMetadata: Adjustment = expecting((istiod) => {
  const bare = mapClusters(istiod, (cluster) => ({
    ...without(cluster, 'metadata'),
    ...(isObject(cluster['load_assignment']) ? { load_assignment: withoutEndpointMetadata(cluster['load_assignment']) } : {}),
  }))
  return { ...bare, endpoints: mapNamed(bare.endpoints, withoutEndpointMetadata) }
})

function withoutEndpointMetadata(assignment: JsonObject): JsonObject {
  if (assignment['endpoints'] === undefined) return assignment
  return {
    ...assignment,
    endpoints: objects(assignment['endpoints']).map((locality) => ({
      ...locality, lb_endpoints: objects(locality['lb_endpoints']).map((each) => without(each, 'metadata')),
    })),
  }
}

const intercepting = ['BlackHoleCluster', 'PassthroughCluster', 'InboundPassthroughCluster']

export const interceptionClusters: Adjustment = expecting((istiod) =>
  mapClusters(istiod, (cluster, name) => intercepting.includes(name) ? undefined : cluster))

export const dnsResolver: Adjustment = expecting((istiod) =>
  mapClusters(istiod, (cluster) => without(cluster, 'typed_dns_resolver_config', 'dns_jitter')))

export const upstreamTls: Adjustment = expecting((istiod) => mapClusters(istiod, (cluster) => {
  if (cluster['transport_socket'] === undefined) return cluster
  const options = at(cluster, 'typed_extension_protocol_options', httpOptions)
  const plain = without(cluster, 'transport_socket')
  if (!isObject(options)) return plain
  const rest = without(options, 'upstream_http_protocol_options')
  if (isDefault(rest)) return without(plain, 'typed_extension_protocol_options')
  return { ...plain, typed_extension_protocol_options: { [httpOptions]: rest } }
}))

function isDefault(options: JsonObject): boolean {
  return JSON.stringify(without(options, '@type')) === JSON.stringify({ explicit_http_config: { http_protocol_options: {} } })
}

/** Without interception, a sidecar reaches the pods of a headless Service by their addresses, as a gateway does. */
export const headlessEndpoints: Adjustment = ({ istiod, ours }) => {
  const headless = Object.keys(istiod.clusters).filter((name) =>
    name.startsWith('outbound|') && istiod.clusters[name]?.['type'] === 'ORIGINAL_DST' && ours.endpoints[name] !== undefined)
  const discovery = (name: string): JsonObject => ({
    type: 'EDS', lb_policy: 'LEAST_REQUEST',
    eds_cluster_config: { eds_config: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' }, service_name: name },
  })
  return {
    ours,
    istiod: {
      ...mapClusters(istiod, (cluster, name) => headless.includes(name) ? { ...cluster, ...discovery(name) } : cluster),
      endpoints: { ...istiod.endpoints, ...Object.fromEntries(headless.map((name) => [name, ours.endpoints[name] ?? {}])) },
    },
  }
}

const noLimit = 4294967295
const bounds: Readonly<Record<string, number>> = { max_connections: 128, max_pending_requests: 128, max_requests: 256 }

export const boundedMirrors: Adjustment = expecting((istiod) => {
  const mirrors = onlyMirrored(istiod)
  return mapClusters(istiod, (cluster, name) => mirrors.has(name) ? bounded(cluster) : cluster)
})

function onlyMirrored(output: Output): ReadonlySet<string> {
  const actions = actionsOf(output)
  const weighted = actions.flatMap((action) => objects(at(action, 'weighted_clusters', 'clusters')).map(({ name }) => name))
  const primary = [...actions.map((action) => action['cluster']), ...weighted]
  const mirrored = actions.flatMap((action) => objects(action['request_mirror_policies']).map(({ cluster }) => text(cluster)))
  return new Set(mirrored.filter((cluster) => !primary.includes(cluster)))
}

function bounded(cluster: JsonObject): JsonObject {
  const thresholds = objects(at(cluster, 'circuit_breakers', 'thresholds')).map((each) =>
    Object.fromEntries(Object.entries(each).map(([name, value]): [string, Json] => [name, value === noLimit ? bounds[name] ?? value : value])))
  const given = at(cluster, 'typed_extension_protocol_options', httpOptions)
  const defaults = { '@type': `type.googleapis.com/${httpOptions}`, explicit_http_config: { http_protocol_options: {} } }
  const options: JsonObject = isObject(given) ? given : defaults
  const common = options['common_http_protocol_options']
  return {
    ...cluster,
    circuit_breakers: { thresholds },
    typed_extension_protocol_options: {
      [httpOptions]: { ...options, common_http_protocol_options: { ...(isObject(common) ? common : {}), max_stream_duration: '15s' } },
    },
  }
}
