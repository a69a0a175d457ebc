import type { Collection, Fetch } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { destinations } from '../resolve/destinations.ts'
import { reaches } from '../resolve/egress.ts'
import { portsByAddress } from '../resolve/plan/gateway-port.ts'
import { sight } from '../resolve/sight.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import { addressedScopes } from './addressed.ts'
import { chosenLabels } from './chosen-labels.ts'
import type { InForce } from './in-force.ts'
import type { Model } from './model.ts'
import type { ModelIndex } from './model-index.ts'

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
  const reach = reaches({
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
    sight(
      {
        settings: settingsIn(fetch),
        scopes,
        reach,
        servicesByHost,
        policiesByHost,
        policiesOfHosts,
        backendTlsByHost,
        destinations: called,
      },
      scope,
      fetch,
    )
  return { addressed, scopes, reach, see, chosenLabels: chosen, targetPorts }
}
