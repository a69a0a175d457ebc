import type { Collection, Fetch } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import type { BackendReference, Service } from '../model/backend.ts'
import type { RouteTable } from '../model/route.ts'
import type { TlsRouteTable } from '../model/tls.ts'
import { longestAliasChain } from './backend.ts'

export interface DestinationCollections {
  readonly graph: Graph
  readonly tables: Collection<RouteTable>
  readonly tlsTables: Collection<TlsRouteTable>
  readonly servicesByHost: Collection<readonly Service[]>
}

/**
 * Every destination of requests or connections in any route, by `destinationKey`. An ExternalName Service and
 * its target are both destinations.
 */
export function destinations({
  graph,
  tables,
  tlsTables,
  servicesByHost,
}: DestinationCollections): Collection<true> {
  const named = graph.union('destinations as written', [
    graph.derive('destinations of requests', tables, ({ routes }) =>
      written(routes.flatMap(({ action }) => (action.kind === 'forward' ? action.destinations : []))),
    ),
    graph.derive('destinations of connections', tlsTables, ({ routes }) =>
      written(routes.flatMap((route) => route.destinations)),
    ),
  ])
  return graph.derive('destinations', named, ({ host, subset }, fetch) =>
    aliasChain(host, servicesByHost, fetch).map((each) => [destinationKey(each, subset), true] as const),
  )
}

/** The key of a host's endpoints, or of the endpoints of one subset. */
export function destinationKey(host: string, subset: string | undefined): string {
  return `${host}|${subset ?? ''}`
}

type Destination = Pick<BackendReference, 'host' | 'subset'>

function written(
  all: readonly { readonly backend: BackendReference }[],
): readonly (readonly [string, Destination])[] {
  return [
    ...new Map(
      all.map(({ backend: { host, subset } }) => [destinationKey(host, subset), { host, subset }]),
    ).entries(),
  ]
}

/** The host, followed by the hosts that its ExternalNames point to. */
function aliasChain(
  host: string,
  servicesByHost: Collection<readonly Service[]>,
  fetch: Fetch,
): readonly string[] {
  const chain = [host]
  for (let last = host; chain.length <= longestAliasChain;) {
    const next = (fetch(servicesByHost, last) ?? []).find(
      ({ externalName }) => externalName !== undefined,
    )?.externalName
    if (next === undefined) break
    chain.push(next)
    last = next
  }
  return chain
}
