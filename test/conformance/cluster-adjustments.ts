import { isIP } from 'node:net'
import type { Json, JsonObject } from '../../src/manifest/manifest.ts'
import { actionsOf, at, mapClusters, mapNamed, mapPolicies, without } from './edit.ts'
import { isObject, objects, text } from './output.ts'
import type { Output } from './output.ts'
import { expecting } from './pair.ts'
import type { Adjustment } from './pair.ts'

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

export const noIstioFilters: Adjustment = expecting((istiod) =>
  mapClusters(istiod, (cluster) =>
    objects(cluster['filters']).every(({ name }) => name === 'istio.metadata_exchange')
      ? without(cluster, 'filters')
      : cluster,
  ),
)

export const noAutoMtls: Adjustment = expecting((istiod) =>
  mapClusters(istiod, (cluster) => {
    const isAutomatic = objects(cluster['transport_socket_matches']).some(
      ({ name }) => name === 'tlsMode-istio',
    )
    return isAutomatic ? without(cluster, 'transport_socket_matches') : cluster
  }),
)

export const altStatName: Adjustment = expecting((istiod) =>
  mapClusters(istiod, (cluster) => without(cluster, 'alt_stat_name')),
)

/** Metadata that Istio's own filters read: of clusters and of endpoints. */
export const istioMetadata: Adjustment = expecting((istiod) => {
  const bare = mapClusters(istiod, (cluster) => ({
    ...without(cluster, 'metadata'),
    ...(isObject(cluster['load_assignment'])
      ? { load_assignment: withoutEndpointMetadata(cluster['load_assignment']) }
      : {}),
  }))
  return { ...bare, endpoints: mapNamed(bare.endpoints, withoutEndpointMetadata) }
})

function withoutEndpointMetadata(assignment: JsonObject): JsonObject {
  if (assignment['endpoints'] === undefined) return assignment
  return {
    ...assignment,
    endpoints: objects(assignment['endpoints']).map((locality) => ({
      ...locality,
      lb_endpoints: objects(locality['lb_endpoints']).map((each) => without(each, 'metadata')),
    })),
  }
}

/** Applies to gateways: sidecars have more clusters of that kind, and use it. */
export const unusedBlackHole: Adjustment = expecting((istiod) =>
  istiod.clusters['PassthroughCluster'] !== undefined
    ? istiod
    : mapClusters(istiod, (cluster, name) => (name === 'BlackHoleCluster' ? undefined : cluster)),
)

export const secretsOverAds: Adjustment = expecting((istiod) =>
  mapClusters(istiod, (cluster) =>
    cluster['transport_socket'] === undefined
      ? cluster
      : { ...cluster, transport_socket: overAds(cluster['transport_socket']) },
  ),
)

export const typedNames: Adjustment = expecting((istiod) =>
  mapClusters(istiod, (cluster) =>
    cluster['transport_socket'] === undefined
      ? cluster
      : { ...cluster, transport_socket: withTypes(cluster['transport_socket']) },
  ),
)

function withTypes(value: Json): Json {
  if (Array.isArray(value)) return value.map((each: Json) => withTypes(each))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]): [string, Json] =>
      name === 'match_subject_alt_names'
        ? [
            'match_typed_subject_alt_names',
            objects(each).map((matcher) => ({ san_type: kindOfName(text(matcher['exact'])), matcher })),
          ]
        : [name, withTypes(each)],
    ),
  )
}

function kindOfName(name: string): string {
  return name.includes('://') ? 'URI' : isIP(name) !== 0 ? 'IP_ADDRESS' : name.includes('@') ? 'EMAIL' : 'DNS'
}

function overAds(value: Json): Json {
  if (Array.isArray(value)) return value.map((each: Json) => overAds(each))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]): [string, Json] => [
      name,
      name === 'sds_config'
        ? { ads: {}, initial_fetch_timeout: '2s', resource_api_version: 'V3' }
        : overAds(each),
    ]),
  )
}

/**
 * istiod sends the copy where the client was going; here the mirror has a cluster of its own, over the
 * service's endpoints.
 */
export const headlessMirrors: Adjustment = ({ istiod, ours }) => {
  const own = (cluster: string): string => cluster.replace(/^outbound\|/, 'mirror|')
  const isHeadless = (cluster: string): boolean =>
    istiod.clusters[cluster]?.['type'] === 'ORIGINAL_DST' && ours.endpoints[cluster] !== undefined
  const headless = actionsOf(istiod)
    .flatMap((action) => objects(action['request_mirror_policies']))
    .map(({ cluster }) => text(cluster))
    .filter(isHeadless)
  const redirected = mapPolicies(istiod, (policies) =>
    policies.map((policy) =>
      headless.includes(text(policy['cluster']))
        ? { ...policy, cluster: own(text(policy['cluster'])) }
        : policy,
    ),
  )
  const byEndpoints = (name: string): JsonObject => ({
    ...istiod.clusters[name],
    name: own(name),
    type: 'EDS',
    lb_policy: 'LEAST_REQUEST',
    eds_cluster_config: {
      eds_config: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' },
      service_name: name,
    },
  })
  return {
    ours,
    istiod: {
      ...redirected,
      clusters: {
        ...istiod.clusters,
        ...Object.fromEntries(headless.map((name) => [own(name), byEndpoints(name)])),
      },
      endpoints: {
        ...istiod.endpoints,
        ...Object.fromEntries(headless.map((name) => [name, ours.endpoints[name] ?? {}])),
      },
    },
  }
}

/**
 * Where requests of clients may use a mirror's cluster too, here the mirror has its own, over the same
 * endpoints.
 */
export const ownMirrorClusters: Adjustment = ({ istiod, ours }) => {
  const own = (cluster: string): string => cluster.replace(/^outbound\|/, 'mirror|')
  const isOwn = (cluster: string): boolean =>
    own(cluster) !== cluster &&
    istiod.clusters[cluster] !== undefined &&
    ours.clusters[own(cluster)] !== undefined
  const separate = actionsOf(istiod)
    .flatMap((action) => objects(action['request_mirror_policies']))
    .map(({ cluster }) => text(cluster))
    .filter(isOwn)
  const renamed = mapPolicies(istiod, (policies) =>
    policies.map((policy) =>
      isOwn(text(policy['cluster'])) ? { ...policy, cluster: own(text(policy['cluster'])) } : policy,
    ),
  )
  return {
    ours,
    istiod: {
      ...renamed,
      clusters: {
        ...istiod.clusters,
        ...Object.fromEntries(
          separate.map((name) => [
            own(name),
            { ...withAssignment(istiod.clusters[name] ?? {}, name), name: own(name) },
          ]),
        ),
      },
    },
  }
}

function withAssignment(cluster: JsonObject, name: string): JsonObject {
  const eds = cluster['eds_cluster_config']
  return isObject(eds) ? { ...cluster, eds_cluster_config: { ...eds, service_name: name } } : cluster
}

const noLimit = 4294967295
const bounds: Readonly<Record<string, number>> = {
  max_connections: 128,
  max_pending_requests: 128,
  max_requests: 256,
}

export const boundedMirrors: Adjustment = expecting((istiod) => {
  const mirrors = onlyMirrored(istiod)
  return mapClusters(istiod, (cluster, name) => (mirrors.has(name) ? bounded(cluster) : cluster))
})

function onlyMirrored(output: Output): ReadonlySet<string> {
  const actions = actionsOf(output)
  const weighted = actions.flatMap((action) =>
    objects(at(action, 'weighted_clusters', 'clusters')).map(({ name }) => name),
  )
  const primary = [...actions.map((action) => action['cluster']), ...weighted]
  const mirrored = actions.flatMap((action) =>
    objects(action['request_mirror_policies']).map(({ cluster }) => text(cluster)),
  )
  return new Set(mirrored.filter((cluster) => !primary.includes(cluster)))
}

function bounded(cluster: JsonObject): JsonObject {
  const thresholds = objects(at(cluster, 'circuit_breakers', 'thresholds')).map((each) =>
    Object.fromEntries(
      Object.entries(each).map(([name, value]): [string, Json] => [
        name,
        value === noLimit ? (bounds[name] ?? value) : value,
      ]),
    ),
  )
  const given = at(cluster, 'typed_extension_protocol_options', httpOptions)
  const defaults = {
    '@type': `type.googleapis.com/${httpOptions}`,
    explicit_http_config: { http_protocol_options: {} },
  }
  const options: JsonObject = isObject(given) ? given : defaults
  const common = options['common_http_protocol_options']
  return {
    outlier_detection: ejectsOnFailedConnections,
    ...cluster,
    circuit_breakers: { thresholds },
    per_connection_buffer_limit_bytes: 16_384,
    typed_extension_protocol_options: {
      [httpOptions]: {
        ...options,
        common_http_protocol_options: { ...(isObject(common) ? common : {}), max_stream_duration: '15s' },
        http_filters: wholeRequests,
      },
    },
  }
}

const wholeRequests: Json = [
  {
    name: 'envoy.filters.http.buffer',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer',
      max_request_bytes: 1_048_576,
    },
  },
  {
    name: 'envoy.filters.http.upstream_codec',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec',
    },
  },
]

const ejectsOnFailedConnections: Json = {
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
}
