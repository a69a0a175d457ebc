import type { Json, JsonObject } from '../../src/manifest/manifest.ts'
import { decode } from '../../src/xds/proto.ts'
import type { Resource } from '../../src/xds/resource.ts'

/**
 * The resources of a proxy, by name: route configurations (their virtual hosts by name too, domains as sets),
 * clusters, endpoints.
 */
export interface Output {
  readonly routes: Named
  readonly clusters: Named
  readonly endpoints: Named
}

export type Named = Readonly<Record<string, JsonObject>>

/** The three lists, each in protobuf JSON. */
export interface Lists {
  readonly routes: readonly JsonObject[]
  readonly clusters: readonly JsonObject[]
  readonly endpoints: readonly JsonObject[]
}

export function keyed({ routes, clusters, endpoints }: Lists): Output {
  return {
    routes: byName(
      'name',
      routes.map((each) => ({
        ...each,
        virtual_hosts: byName('name', objects(each['virtual_hosts']).map(withDomainSet)),
      })),
    ),
    clusters: byName('name', clusters),
    endpoints: byName('cluster_name', endpoints),
  }
}

export function outputOf(resources: readonly Resource[]): Output {
  const decoded = (type: Resource['type'], message: Parameters<typeof decode>[0]): readonly JsonObject[] =>
    resources.filter((each) => each.type === type).map((each) => plain(decode(message, each.bytes)))
  return keyed({
    routes: decoded('route', 'envoy.config.route.v3.RouteConfiguration'),
    clusters: decoded('cluster', 'envoy.config.cluster.v3.Cluster'),
    endpoints: decoded('endpoint', 'envoy.config.endpoint.v3.ClusterLoadAssignment'),
  })
}

/** Every place at which two outputs differ, one line each. */
export function places(istiod: Output, ours: Output): readonly string[] {
  return differences({ ...istiod }, { ...ours }, '')
}

function differences(istiod: Json | undefined, ours: Json | undefined, path: string): readonly string[] {
  if (isObject(istiod) && isObject(ours)) {
    const names = [...new Set([...Object.keys(istiod), ...Object.keys(ours)])].toSorted()
    return names.flatMap((name) => differences(istiod[name], ours[name], `${path}/${name}`))
  }
  if (Array.isArray(istiod) && Array.isArray(ours)) {
    const length = Math.max(istiod.length, ours.length)
    return Array.from({ length }, (_, index) =>
      differences(istiod[index] as Json | undefined, ours[index] as Json | undefined, `${path}/${index}`),
    ).flat()
  }
  return istiod === ours ? [] : [`${path}: istiod ${shown(istiod)}, ours ${shown(ours)}`]
}

/** The elements of a list of objects; none for anything else. */
export function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** A text; '' for anything else. */
export function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function byName(field: string, list: readonly JsonObject[]): Named {
  return Object.fromEntries(
    list.map((each) => [text(each[field]), each] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function withDomainSet(host: JsonObject): JsonObject {
  const { domains } = host
  return { ...host, domains: Array.isArray(domains) ? domains.map(text).toSorted() : [] }
}

function plain(message: unknown): JsonObject {
  return JSON.parse(JSON.stringify(message)) as JsonObject
}

function shown(value: Json | undefined): string {
  const json = value === undefined ? 'nothing' : JSON.stringify(value)
  return json.length > 160 ? `${json.slice(0, 157)}…` : json
}
