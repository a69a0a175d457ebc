import { decode } from '../../../src/xds/proto.ts'
import type { ClientState } from '../../../src/server/status/client-state.ts'
import type { Resource } from '../../../src/xds/resource.ts'
import type { TypeName } from '../../../src/xds/resource-types.ts'
import { onceForEach } from '../once-for-all.ts'

/** A resource that a proxy refuses, and what it said. */
export interface RefusedResource {
  readonly resource: Resource
  readonly message: string
}

/** Types of which a proxy asks for each resource by name, once it has what names it. */
const named = [
  ['endpoint', 'cluster'],
  ['route', 'listener'],
  ['virtual-host', 'route'],
] as const satisfies readonly (readonly [TypeName, TypeName])[]

/** The endpoints that a cluster has over EDS. */
const endpointsOf = onceForEach(({ bytes }: Resource): string | undefined => {
  const { type, eds_cluster_config: eds, name } = decode('envoy.config.cluster.v3.Cluster', bytes)
  return type === 'EDS' ? (eds?.service_name ?? name) : undefined
})

function wanted(type: TypeName, { resources }: ClientState['snapshot']): readonly string[] {
  if (type === 'endpoint')
    return [...(resources.get('cluster')?.values() ?? [])].flatMap((each) => endpointsOf(each) ?? [])
  return [...(resources.get(type)?.keys() ?? [])]
}

/**
 * Resources that a proxy holds and should not: it is idle with these only if the server forgets to remove
 * them.
 */
export function leftBehind(client: ClientState): readonly string[] {
  const { types, snapshot } = client
  const kept = keptByProxy(client)
  return [...types].flatMap(([type, { held }]) =>
    [...held.keys()]
      .filter((name) => snapshot.resources.get(type)?.has(name) !== true && !kept.has(name))
      .map((name) => `${type} ${name}`),
  )
}

/**
 * Under SotW a named resource is taken away by nobody but the proxy, and Envoy asks for the routes of a
 * removed listener until it is drained, 10 minutes by default: those routes, and the clusters that they name,
 * serve the connections that are left.
 */
function keptByProxy({ types, snapshot, proxy }: ClientState): ReadonlySet<string> {
  const routes = types.get('route')
  if (proxy.mode !== 'sotw' || routes === undefined) return new Set()
  const draining = [...routes.held].filter(
    ([name]) => routes.interest.names.has(name) && snapshot.resources.get('route')?.has(name) !== true,
  )
  const clusters = draining.flatMap(([, held]) => referencesOf(held))
  const further = clusters.flatMap((name) => referencesOf(types.get('cluster')?.held.get(name)))
  return new Set([...draining.map(([name]) => name), ...clusters, ...further])
}

function referencesOf(held: Resource | { readonly version: string } | undefined): readonly string[] {
  return held !== undefined && 'references' in held ? held.references : []
}

/** STALE only for what is left behind. */
function isComplete(type: TypeName, { types, snapshot }: ClientState): boolean {
  const state = types.get(type)
  if (state?.status !== 'STALE') return true
  const { wildcard, names } = state.interest
  return [...(snapshot.resources.get(type) ?? [])].every(
    ([name, { version }]) => (!wildcard && !names.has(name)) || state.held.get(name)?.version === version,
  )
}

/** True when a proxy has answered for all that it should have, or says what it refuses. */
export function isSettled(client: ClientState): boolean {
  const { types, snapshot, proxy } = client
  const state = (type: TypeName) => types.get(type)
  if (state('cluster') === undefined || state('listener') === undefined) return false
  if (![...types.keys()].every((type) => isComplete(type, client))) return false
  return named.every(([type, namedBy]) => {
    if (type === 'virtual-host' && proxy.mode === 'sotw') return true
    const isIncomplete = [type, namedBy].some((each) => state(each)?.status === 'NACKED')
    const held = state(type)?.held
    return isIncomplete || wanted(type, snapshot).every((name) => held?.has(name) === true)
  })
}

/** The reason why a proxy is not idle yet, for a message. */
export function unsettled({ types, snapshot, proxy }: ClientState): string {
  const stale = [...types].filter(([, { status }]) => status === 'STALE').map(([type]) => type)
  const missing = named.flatMap(([type]) =>
    wanted(type, snapshot)
      .filter((name) => types.get(type)?.held.has(name) !== true)
      .map((name) => `${type} ${name}`),
  )
  return (
    `${proxy.scope.role}: ${stale.length > 0 ? `unanswered: ${stale.join(', ')}; ` : ''}not asked ` +
    `for: ${missing.slice(0, 5).join(', ') || 'nothing'}`
  )
}

export function refusedBy({ types }: ClientState): readonly RefusedResource[] {
  return [...types.values()].flatMap(({ refusal }) =>
    refusal === undefined
      ? []
      : refusal.resources.map((resource) => ({ resource, message: refusal.message })),
  )
}
