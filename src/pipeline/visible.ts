import type { Collection } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import { clustersOfHost } from '../resolve/cluster.ts'
import { planInterceptions, planListeners, planTlsSockets } from '../resolve/plan/listeners.ts'
import { resolveTlsListener } from '../resolve/plan/tls-listener.ts'
import { mirrorsOf, resolveVirtualHost } from '../resolve/virtual-host.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import { numbered, numberedIn, scopedKey, virtualHostKey } from './keys.ts'
import type { InForce } from './in-force.ts'
import type { Model } from './model.ts'
import type { ModelIndex } from './model-index.ts'
import type { Scopes } from './scopes.ts'

interface VisibleInputs {
  readonly connected: Collection<Scope>
  readonly settingsIn: InForce['settingsIn']
  readonly model: Model
  readonly index: ModelIndex
  readonly scopes: Scopes
}

export type Visible = ReturnType<typeof visibleStage>

/**
 * The view of each scope: listeners and their virtual hosts, planned, then resolved, and the clusters they
 * use.
 */
export function visibleStage(graph: Graph, inputs: VisibleInputs) {
  const routing = routingOf(graph, inputs)
  return { ...routing, ...clustersOf(graph, inputs, routing) }
}

/** Listeners, virtual hosts and the mirrors in them. */
function routingOf(
  graph: Graph,
  { settingsIn, model, index, scopes: { scopes, egressScopes, see } }: VisibleInputs,
) {
  const { tables, listeners } = model
  const { tablesByAttachment, tlsTablesByAttachment, servicesByHost, endpointsByHost } = index
  const plans = graph.derive('plan listeners', scopes, (scope, fetch, key) =>
    planListeners(
      {
        listeners,
        tablesByAttachment,
        servicesByHost,
        endpointsByHost,
        egressScopes,
        outside: settingsIn(fetch).outsideTraffic,
      },
      scope,
      { fetch, key },
    ),
  )
  const virtualHostPlans = graph.derive('plan virtual hosts', plans, (plan, _, key) =>
    plan.virtualHosts.map((host) => [virtualHostKey(key, host.name), host] as const),
  )
  const virtualHosts = graph.derive('resolve virtual hosts', virtualHostPlans, (plan, fetch, key) => {
    const planned = plan.tables.map((table) => fetch(tables, table)).filter((table) => table !== undefined)
    const resolved = resolveVirtualHost(plan, planned, see(plan.scope, fetch))
    return resolved === undefined ? [] : [[key, resolved] as const]
  })
  const mirrors = graph.derive('mirrors in force', virtualHosts, (host, _, key) =>
    numbered(key, mirrorsOf(host)),
  )
  const mirrorsByRuntimeKey = graph.groupBy('mirrors by runtime key', mirrors, ({ runtimeKey }) => [
    runtimeKey,
  ])
  const tlsSockets = graph.derive('plan TLS sockets', scopes, (scope, fetch, key) =>
    planTlsSockets({ listeners, servicesByHost, endpointsByHost }, scope, { fetch, key }),
  )
  const tlsListeners = graph.derive('resolve TLS listeners', tlsSockets, ({ scope, socket }, fetch, key) => [
    [
      key,
      resolveTlsListener(socket, {
        visible: see(scope, fetch),
        tablesOf: (gateway) => fetch(tlsTablesByAttachment, gateway) ?? [],
      }),
    ] as const,
  ])
  return { plans, virtualHosts, mirrorsByRuntimeKey, tlsListeners }
}

/** Clusters, and how the virtual hosts and TLS listeners use them. */
function clustersOf(
  graph: Graph,
  { connected, settingsIn, index, scopes: { egressScopes, see } }: VisibleInputs,
  { virtualHosts, tlsListeners }: ReturnType<typeof routingOf>,
) {
  const { servicesByHost, endpointsByHost } = index
  const uses = graph.union('cluster uses', [
    graph.derive('cluster uses of requests', virtualHosts, (host, _, key) =>
      numberedIn(host.scope, key, host.uses),
    ),
    graph.derive('cluster uses of connections', tlsListeners, (listener, _, key) =>
      numberedIn(listener.scope, `${key}|tls`, listener.uses),
    ),
  ])
  const usesByCluster = graph.groupBy('uses by cluster', uses, ({ scope, use }) => [
    scopedKey(scope, use.cluster),
  ])
  const scopeHosts = graph.derive('hosts of scopes', connected, (_, fetch, scope) =>
    fetch
      .all(servicesByHost)
      .map(([host]) => [scopedKey(scope as ScopeKey, host), { scope: scope as ScopeKey, host }] as const),
  )
  const clusters = graph.derive('resolve clusters', scopeHosts, ({ scope, host }, fetch) =>
    clustersOfHost(host, {
      visible: see(scope, fetch),
      endpoints: (name) => (fetch(endpointsByHost, name) ?? []).flatMap((set) => set.endpoints),
      usesOf: (cluster) => (fetch(usesByCluster, scopedKey(scope, cluster)) ?? []).map(({ use }) => use),
    }).map((cluster) => [scopedKey(scope, cluster.name), { scope, cluster }] as const),
  )
  const interceptions = graph.derive('plan interception', connected, (scope, fetch, key) =>
    planInterceptions(
      { servicesByHost, endpointsByHost, egressScopes, outside: settingsIn(fetch).outsideTraffic },
      scope,
      { fetch, key },
    ),
  )
  return { usesByCluster, clusters, interceptions }
}
