/**
 * The configuration in force in an Envoy, by its own config dump, in a form in which two Envoys can be
 * compared.
 */
import type { EnvoyAdmin } from '../../src/envoy/admin.ts'

/** By `<kind> <name>`, each as JSON with sorted keys. */
export type EnvoyState = ReadonlyMap<string, string>

interface Dump {
  readonly '@type'?: string
  readonly [field: string]: unknown
}

type Json = Readonly<Record<string, unknown>>

/**
 * Active listeners and clusters, the route configurations that these listeners name, and all endpoints.
 * Configuration that is not in force is part of the state as well: warming listeners and clusters, and
 * rejected listeners. A draining listener is not.
 */
export async function envoyState(envoy: EnvoyAdmin): Promise<EnvoyState> {
  const dumps = (await envoy.configDump()).configs as readonly Dump[]
  const listeners = of(dumps, 'ListenersConfigDump', 'dynamic_listeners')
  const active = listeners.flatMap((each) => within(each, 'active_state').map((state) => state['listener']))
  const named = new Set(active.flatMap((each) => valuesOf(each, 'route_config_name')))
  const clusters = of(dumps, 'ClustersConfigDump', 'dynamic_active_clusters').map((each) => each['cluster'])
  const routes = of(dumps, 'RoutesConfigDump', 'dynamic_route_configs')
    .map((each) => each['route_config'])
    .filter((each) => named.has(nameOf(each)))
  return new Map([
    ...entries('listener', active),
    ...listeners
      .filter((each) => 'warming_state' in each || 'error_state' in each)
      .map(
        (each) =>
          [`listener that is not active ${nameOf(each)}`, text(each['error_state'] ?? 'warming')] as const,
      ),
    ...entries('cluster', clusters),
    ...entries(
      'warming cluster',
      of(dumps, 'ClustersConfigDump', 'dynamic_warming_clusters').map((each) => each['cluster']),
    ),
    ...entries('route configuration', routes.map(sortedHosts)),
    ...entries(
      'endpoints',
      of(dumps, 'EndpointsConfigDump', 'dynamic_endpoint_configs').map((each) => each['endpoint_config']),
    ),
  ])
}

/** Names of what differs, each with what both have. */
export function stateDifferences(found: EnvoyState, wanted: EnvoyState): readonly string[] {
  return [...new Set([...found.keys(), ...wanted.keys()])]
    .toSorted()
    .filter((key) => found.get(key) !== wanted.get(key))
    .map(
      (key) => `${key}: ${found.get(key) ?? 'absent'}, and a fresh Envoy has ${wanted.get(key) ?? 'nothing'}`,
    )
}

function of(dumps: readonly Dump[], section: string, field: string): readonly Json[] {
  return dumps
    .filter((each) => each['@type']?.endsWith(`.${section}`) === true)
    .flatMap((each) => (each[field] ?? []) as readonly Json[])
}

function within(value: Json, field: string): readonly Json[] {
  return value[field] === undefined ? [] : [value[field] as Json]
}

function entries(kind: string, values: readonly unknown[]): readonly (readonly [string, string])[] {
  return values.map((each) => [`${kind} ${nameOf(each)}`, text(each)])
}

function nameOf(value: unknown): string {
  const { name, cluster_name: cluster } = value as { readonly name?: string; readonly cluster_name?: string }
  return name ?? cluster ?? ''
}

/** The order of virtual hosts has no meaning: the most specific domain wins. */
function sortedHosts(value: unknown): Json {
  const configuration = value as Json
  const hosts = (configuration['virtual_hosts'] ?? []) as readonly Json[]
  return { ...configuration, virtual_hosts: hosts.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) }
}

function valuesOf(value: unknown, field: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) =>
    name === field && typeof each === 'string' ? [each] : valuesOf(each, field),
  )
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    const isObject = typeof each === 'object' && each !== null && !Array.isArray(each)
    return isObject ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1))) : each
  })
}
