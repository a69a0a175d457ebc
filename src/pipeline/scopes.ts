import type { Collection, Fetch } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { destinations } from '../resolve/destinations.ts'
import { reaches } from '../resolve/egress.ts'
import { portsByAddress } from '../resolve/plan/gateway-port.ts'
import { visibleModel } from '../resolve/visible-model.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import type { InForce } from './in-force.ts'
import type { Model } from './model.ts'
import type { ModelIndex } from './model-index.ts'
import type { EgressRule } from '../model/egress.ts'
import type { GatewayListener } from '../model/gateway.ts'
import { bareScope, scopeKey } from '../xds/scope.ts'
import type { RouteTableHead } from '../resolve/plan/plan.ts'
import { labelKeys } from '../model/labels.ts'
import type { LabelKey } from '../model/labels.ts'
import type { BackendPolicy, Service } from '../model/backend.ts'
import type { RouteTable } from '../model/route.ts'
import type { Settings } from '../model/settings.ts'
import { releasesNeededBy, releasesNeededByPolicy } from '../resolve/findings/older-envoy.ts'
import { labelsBalancedBy, labelsChosenBy, labelsCompared, labelsServed } from '../resolve/shared-scope.ts'
import type { Choosing, GatewaySelector } from '../resolve/shared-scope.ts'

interface ScopesInputs {
  readonly manifests: Collection<Manifest>
  readonly connected: Collection<Scope>
  readonly inForce: InForce
  readonly model: Model
  readonly index: ModelIndex
}

export type Scopes = ReturnType<typeof scopesStage>

/**
 * The scopes: those with a proxy, and those that the configuration addresses, so that its mistakes show
 * without a proxy. And what decides which proxies share a scope.
 */
export function scopesStage(graph: Graph, { manifests, connected, inForce, model, index }: ScopesInputs) {
  const { declaredSettings, settingsIn } = inForce
  const { tables, tlsTables, listeners, services, policies, egressRules } = model
  const { tablesByAttachment, servicesByHost, endpointsByHost } = index
  const { policiesByHost, policiesOfHosts, backendTlsByHost } = index
  const namespaces = graph.derive('namespaces', manifests, ({ id }, _, key) => [[key, id.namespace] as const])
  const addressed = addressedScopes({ graph, listeners, namespaces, tablesByAttachment, egressRules })
  const scopes = graph.union('scopes', [connected, addressed])
  const egressScopes = reaches({
    graph,
    settings: settingsIn,
    scopes,
    rules: egressRules,
    tables,
    tablesByAttachment,
  })
  const called = destinations({ graph, tables, tlsTables, servicesByHost })
  const chosen = chosenLabels({
    graph,
    tables,
    egressRules,
    policies,
    declaredSettings,
    services,
    listeners,
  })
  const targetPorts = portsByAddress({ graph, services, listeners, endpointsByHost })
  const see = (scope: ScopeKey, fetch: Fetch) =>
    visibleModel(
      {
        settings: settingsIn(fetch),
        scopes,
        egressScopes,
        servicesByHost,
        policiesByHost,
        policiesOfHosts,
        backendTlsByHost,
        destinations: called,
      },
      scope,
      fetch,
    )
  return { addressed, scopes, egressScopes, see, chosenLabels: chosen, targetPorts }
}

interface AddressedBy {
  readonly graph: Graph
  readonly listeners: Collection<GatewayListener>
  /** Every object's namespace. */
  readonly namespaces: Collection<string>
  readonly tablesByAttachment: Collection<readonly RouteTableHead[]>
  readonly egressRules: Collection<EgressRule>
}

/**
 * The proxies that a configuration speaks to, connected or not: one for each Gateway's selector and, where
 * there are routes for the mesh, a sidecar in each namespace and one with the labels that an egress rule
 * there selects.
 */
function addressedScopes({
  graph,
  listeners,
  namespaces,
  tablesByAttachment,
  egressRules,
}: AddressedBy): Collection<Scope> {
  const byName = graph.groupBy('objects by namespace', namespaces, (namespace) => [namespace])
  const sidecars = graph.derive('addressed sidecars', byName, (_, fetch, namespace) =>
    fetch(tablesByAttachment, 'mesh') === undefined ? [] : [entry(bareScope('sidecar', namespace))],
  )
  const selected = graph.derive(
    'addressed selected sidecars',
    egressRules,
    ({ namespace, selector }, fetch) =>
      selector === undefined || fetch(tablesByAttachment, 'mesh') === undefined
        ? []
        : [entry({ ...bareScope('sidecar', namespace), labels: selector })],
  )
  const gateways = graph.derive('addressed gateways', listeners, ({ namespace, selector }) => [
    entry({ ...bareScope('gateway', namespace), labels: selector }),
  ])
  return graph.union('addressed scopes', [gateways, sidecars, selected])
}

function entry(scope: Scope): readonly [string, Scope] {
  return [scopeKey(scope), scope]
}

interface ChoosingCollections {
  readonly graph: Graph
  readonly tables: Collection<RouteTable>
  readonly egressRules: Collection<EgressRule>
  readonly policies: Collection<BackendPolicy>
  readonly declaredSettings: Collection<Settings>
  readonly services: Collection<Service>
  readonly listeners: Collection<GatewayListener>
}

/** Everything by which something chooses among proxies, or treats them differently: see `sharedScope`. */
function chosenLabels(collections: ChoosingCollections): Collection<Choosing> {
  const { graph, tables, egressRules, policies, declaredSettings, services, listeners } = collections
  return graph.union('labels that choose proxies', [
    graph.derive('labels that tables choose by', tables, (table) =>
      selectedBy([...labelsChosenBy(table), ...releasesNeededBy(table)]),
    ),
    graph.derive('labels that egress rules choose by', egressRules, ({ selector }) =>
      selectedBy(labelKeys(selector ?? {})),
    ),
    graph.derive('labels that policies compare', policies, (policy) =>
      selectedBy([...labelsCompared(policy), ...releasesNeededByPolicy(policy)]),
    ),
    graph.derive('labels that the mesh compares', declaredSettings, ({ locality }) =>
      selectedBy(labelsBalancedBy(locality)),
    ),
    graph.derive('labels that services choose by', services, ({ selector }) =>
      selectedBy(labelsServed(selector ?? {})),
    ),
    graph.derive('selectors of gateways', listeners, ({ selector }) =>
      choosing({ labels: selector, onlyIn: undefined }),
    ),
    graph.derive('selectors of services', services, ({ selector, namespace }) =>
      choosing({ labels: selector ?? {}, onlyIn: namespace }),
    ),
  ])
}

function selectedBy(labels: readonly LabelKey[]): readonly (readonly [LabelKey, Choosing])[] {
  return labels.map((label) => [label, 'label'])
}

function choosing(selector: GatewaySelector): readonly (readonly [LabelKey, Choosing])[] {
  const keys = labelKeys(selector.labels).toSorted()
  return keys.length === 0 ? [] : [[`gateways ${JSON.stringify([selector.onlyIn ?? '', keys])}`, selector]]
}
