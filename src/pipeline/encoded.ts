import type { Collection, Fetch } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import type { RouteConfigurationPlan } from '../resolve/plan/plan.ts'
import { secretsNamed } from '../resolve/secrets/secret-value.ts'
import * as encode from '../translate/resource.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import { resourcesKey, scopedResource, virtualHostKey } from './keys.ts'
import type { InForce } from './in-force.ts'
import type { ModelIndex } from './model-index.ts'
import type { Secrets } from './secrets.ts'
import type { Visible } from './visible.ts'

interface EncodedInputs {
  readonly connected: Collection<Scope>
  readonly settingsIn: InForce['settingsIn']
  readonly secretsByName: ModelIndex['secretsByName']
  readonly visible: Visible
  readonly secrets: Secrets
}

/** The resources of connected scopes, each encoded once. */
export function encodedStage(graph: Graph, inputs: EncodedInputs) {
  const scopedResources = graph.union('resources', [
    ...clusterResources(graph, inputs),
    ...listenerResourcesOf(graph, inputs),
    ...routeResources(graph, inputs),
    runtimeResources(graph, inputs),
  ])
  const resources = graph.groupBy('resources by scope and type', scopedResources, ({ scope, resource }) => [
    resourcesKey(scope, resource.type),
  ])
  return { scopedResources, resources }
}

type ConnectedInputs = Pick<EncodedInputs, 'connected'>

function isConnectedIn({ connected }: ConnectedInputs) {
  return (scope: ScopeKey, fetch: Fetch): boolean => fetch(connected, scope) !== undefined
}

/** Route configurations, whole or with separate virtual hosts (VHDS). */
function routeResources(graph: Graph, { connected, visible: { plans, virtualHosts } }: EncodedInputs) {
  const isConnected = isConnectedIn({ connected })
  const encodedHosts = graph.derive('encode virtual hosts', virtualHosts, (host, fetch, key) =>
    isConnected(host.scope, fetch) ? [[key, encode.encodedVirtualHost(host)] as const] : [],
  )
  const hostsPresent = graph.derive('virtual hosts present', encodedHosts, (_, __, key) => [
    [key, true] as const,
  ])
  const hasHosts = (plan: RouteConfigurationPlan, key: string, fetch: Fetch) =>
    plan.virtualHosts.some((host) => fetch(hostsPresent, virtualHostKey(key, host.name)) === true)
  const blackholes = graph.derive('encode blackholes', plans, (plan, fetch, key) =>
    fetch(connected, plan.scope)?.virtualHosts !== 'separate' || hasHosts(plan, key, fetch)
      ? []
      : [[virtualHostKey(key, 'blackhole'), encode.blackhole(plan)] as const],
  )
  const hostResources = graph.derive(
    'virtual host resources',
    graph.union('virtual hosts and blackholes', [encodedHosts, blackholes]),
    (host, fetch) =>
      fetch(connected, host.scope)?.virtualHosts === 'separate'
        ? [scopedResource(host.scope, encode.virtualHostResource(host))]
        : [],
  )
  const routes = graph.derive('encode route configurations', plans, (plan, fetch, key) => {
    const scope = fetch(connected, plan.scope)
    if (scope === undefined) return []
    if (scope.virtualHosts === 'separate')
      return [scopedResource(plan.scope, encode.routeConfigurationWithVhds(plan))]
    const hosts = plan.virtualHosts
      .map((host) => fetch(encodedHosts, virtualHostKey(key, host.name)))
      .filter((host) => host !== undefined)
    return [
      scopedResource(
        plan.scope,
        encode.routeConfigurationResource(plan, hosts.length > 0 ? hosts : [encode.blackhole(plan)]),
      ),
    ]
  })
  return [routes, hostResources]
}

/** Listeners, and the secrets that listeners and clusters refer to. */
function listenerResourcesOf(
  graph: Graph,
  { connected, settingsIn, secretsByName, visible, secrets: { usesOfSecret } }: EncodedInputs,
) {
  const { plans, tlsListeners, interceptions } = visible
  const isConnected = isConnectedIn({ connected })
  const listenerResources = graph.derive('encode listeners', plans, (plan, fetch) =>
    isConnected(plan.scope, fetch)
      ? encode.listenerResources(plan, settingsIn(fetch)).map((each) => scopedResource(plan.scope, each))
      : [],
  )
  const tlsListenerResources = graph.derive('encode TLS listeners', tlsListeners, (listener, fetch) =>
    isConnected(listener.scope, fetch)
      ? encode
          .tlsListenerResources(listener, settingsIn(fetch))
          .map((each) => scopedResource(listener.scope, each))
      : [],
  )
  const secretResources = graph.derive('encode secrets', usesOfSecret, (group, fetch) =>
    group.slice(0, 1).flatMap(({ scope }) =>
      encode
        .secretResources(
          group.map(({ use }) => use),
          secretsNamed(secretsByName, fetch),
        )
        .map((each) => scopedResource(scope, each)),
    ),
  )
  const interceptionResources = graph.derive('encode interception', interceptions, (part, fetch) => [
    scopedResource(part.scope, encode.interceptionResource(part, settingsIn(fetch))),
  ])
  return [listenerResources, tlsListenerResources, secretResources, interceptionResources]
}

function clusterResources(graph: Graph, { settingsIn, visible: { clusters } }: EncodedInputs) {
  const encodedClusters = graph.derive('encode clusters', clusters, ({ scope, cluster }, fetch) => [
    scopedResource(scope, encode.clusterResource(cluster, settingsIn(fetch))),
  ])
  const endpointResources = graph.derive('encode endpoints', clusters, ({ scope, cluster }) =>
    encode.endpointResources(cluster).map((each) => scopedResource(scope, each)),
  )
  return [encodedClusters, endpointResources]
}

function runtimeResources(graph: Graph, { connected }: ConnectedInputs) {
  return graph.derive('encode runtime', connected, (_, __, scope) => [
    scopedResource(scope as ScopeKey, encode.runtimeResource()),
  ])
}
