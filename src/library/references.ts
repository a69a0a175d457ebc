import type { TypeName } from '../xds/resource-types.ts'

/**
 * Names of other resources that a message in protobuf JSON depends on, as `Resource.references` has them: a cluster's
 * endpoints, the clusters of a route configuration or virtual host, the route configurations of a listener.
 */
export function referencesOf(type: TypeName, json: unknown): readonly string[] {
  switch (type) {
    case 'cluster': return endpointsOf(json)
    case 'route':
    case 'virtual-host': return unique(stringsUnder(json, (path) => path.at(-1) === 'cluster' || isWeighted(path)))
    case 'listener': return unique(stringsUnder(json, (path) => path.at(-1) === 'route_config_name'))
    case 'endpoint':
    case 'runtime':
    case 'secret': return []
  }
}

function endpointsOf(json: unknown): readonly string[] {
  const { name, type, eds_cluster_config: eds } = fields(json)
  if (type !== 'EDS') return []
  const service = fields(eds)['service_name']
  return typeof service === 'string' && service !== '' ? [service] : typeof name === 'string' ? [name] : []
}

/** `weighted_clusters.clusters[].name` */
function isWeighted(path: readonly string[]): boolean {
  return path.at(-1) === 'name' && path.at(-2) === 'clusters' && path.at(-3) === 'weighted_clusters'
}

/** Lists add nothing to the path of what stands in them. */
function stringsUnder(value: unknown, wanted: (path: readonly string[]) => boolean, path: readonly string[] = []): readonly string[] {
  if (typeof value === 'string') return wanted(path) ? [value] : []
  if (Array.isArray(value)) return value.flatMap((each) => stringsUnder(each, wanted, path))
  return Object.entries(fields(value)).flatMap(([key, each]) => stringsUnder(each, wanted, [...path, key]))
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' ? value as Readonly<Record<string, unknown>> : {}
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
