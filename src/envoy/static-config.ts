import { decode } from '../xds/proto.ts'
import type { AnyJson, Message } from '../xds/proto.ts'
import type { Resource } from '../xds/resource.ts'
import type { Bootstrap } from './bootstrap.ts'
import { regexLimit } from './regex-limit.ts'

type Listener = Message<'envoy.config.listener.v3.Listener'>
type Cluster = Message<'envoy.config.cluster.v3.Cluster'>

/**
 * A bootstrap that holds the resources themselves, for `envoy --mode validate`: routes are inside their
 * listeners and endpoints inside their clusters, as Envoy would not fetch them in that mode. Files that
 * secrets name are the proxy's, and not looked at.
 */
export function staticConfig(resources: readonly Resource[]): Bootstrap {
  const routes = new Map(
    ofType(resources, 'route').map((each) => [
      each.name,
      decode('envoy.config.route.v3.RouteConfiguration', each.bytes),
    ]),
  )
  const assignments = new Map(
    ofType(resources, 'endpoint').map((each) => [
      each.name,
      decode('envoy.config.endpoint.v3.ClusterLoadAssignment', each.bytes),
    ]),
  )
  const secrets = ofType(resources, 'secret')
    .map((each) => decode('envoy.extensions.transport_sockets.tls.v3.Secret', each.bytes))
    .filter(isInline)
  const known = new Set(secrets.map(({ name }) => name))
  return {
    // Envoy needs it if a secret is not static.
    node: { id: 'validate', cluster: 'validate' },
    static_resources: {
      listeners: ofType(resources, 'listener').map((each) =>
        withSecrets(withRoutes(decode('envoy.config.listener.v3.Listener', each.bytes), routes), known),
      ),
      clusters: ofType(resources, 'cluster').map((each) =>
        withSecrets(withEndpoints(decode('envoy.config.cluster.v3.Cluster', each.bytes), assignments), known),
      ),
      ...(secrets.length === 0 ? {} : { secrets }),
    },
    layered_runtime: { layers: [regexLimit] },
  }
}

function isInline({
  tls_certificate: certificate,
  validation_context: trust,
}: Message<'envoy.extensions.transport_sockets.tls.v3.Secret'>): boolean {
  return (certificate?.certificate_chain ?? trust?.trusted_ca)?.filename === undefined
}

/**
 * Each SdsSecretConfig names a static secret; one that does not exist would come from a file which holds
 * nothing.
 */
function withSecrets<T>(value: T, known: ReadonlySet<string | undefined>): T {
  if (Array.isArray(value)) return value.map((each: unknown) => withSecrets(each, known)) as T
  if (value === null || typeof value !== 'object') return value
  if ('sds_config' in value && 'name' in value) {
    const { name } = value
    return (
      typeof name === 'string' && known.has(name)
        ? { name }
        : { name, sds_config: { path_config_source: { path: '/dev/null' }, resource_api_version: 'V3' } }
    ) as T
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, each]: [string, unknown]) => [name, withSecrets(each, known)]),
  ) as T
}

function ofType(resources: readonly Resource[], type: Resource['type']): readonly Resource[] {
  return resources.filter((each) => each.type === type)
}

function withRoutes(
  listener: Listener,
  routes: ReadonlyMap<string, Message<'envoy.config.route.v3.RouteConfiguration'>>,
): Listener {
  return {
    ...listener,
    filter_chains: (listener.filter_chains ?? []).map((chain) => ({
      ...chain,
      filters: (chain.filters ?? []).map((filter) =>
        filter.typed_config === undefined
          ? filter
          : { ...filter, typed_config: inlineRoutes(filter.typed_config, routes) },
      ),
    })),
  }
}

function inlineRoutes(
  filter: AnyJson,
  routes: ReadonlyMap<string, Message<'envoy.config.route.v3.RouteConfiguration'>>,
): AnyJson {
  const { rds, ...manager } = filter
  const name =
    rds !== null && typeof rds === 'object' && 'route_config_name' in rds ? rds.route_config_name : undefined
  return {
    ...manager,
    '@type': filter['@type'],
    route_config: typeof name === 'string' ? routes.get(name) : undefined,
  }
}

function withEndpoints(
  cluster: Cluster,
  assignments: ReadonlyMap<string, Cluster['load_assignment']>,
): Cluster {
  if (cluster.eds_cluster_config === undefined) return cluster
  const { eds_cluster_config: eds, ...rest } = cluster
  const assignment = assignments.get(eds.service_name ?? cluster.name ?? '') ?? {}
  return { ...rest, type: 'STATIC', load_assignment: { ...assignment, cluster_name: cluster.name } }
}
