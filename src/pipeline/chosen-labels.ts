import { labelKeys } from '../model/labels.ts'
import type { LabelKey } from '../model/labels.ts'
import type { Collection } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import type { BackendPolicy, Service } from '../model/backend.ts'
import type { EgressRule } from '../model/egress.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { RouteTable } from '../model/route.ts'
import type { Settings } from '../model/settings.ts'
import { releasesNeededBy, releasesNeededByPolicy } from '../resolve/findings/older-envoy.ts'
import { labelsBalancedBy, labelsChosenBy, labelsCompared, labelsServed } from '../resolve/shared-scope.ts'
import type { Choosing, GatewaySelector } from '../resolve/shared-scope.ts'

export interface ChoosingCollections {
  readonly graph: Graph
  readonly tables: Collection<RouteTable>
  readonly egressRules: Collection<EgressRule>
  readonly policies: Collection<BackendPolicy>
  readonly declaredSettings: Collection<Settings>
  readonly services: Collection<Service>
  readonly listeners: Collection<GatewayListener>
}

/** Everything by which something chooses among proxies, or treats them differently: see `sharedScope`. */
export function chosenLabels(collections: ChoosingCollections): Collection<Choosing> {
  const { graph, tables, egressRules, policies, declaredSettings, services, listeners } = collections
  return graph.union('labels that choose proxies', [
    graph.derive('labels that tables choose by', tables, (table) =>
      chosen([...labelsChosenBy(table), ...releasesNeededBy(table)]),
    ),
    graph.derive('labels that egress rules choose by', egressRules, ({ selector }) =>
      chosen(labelKeys(selector ?? {})),
    ),
    graph.derive('labels that policies compare', policies, (policy) =>
      chosen([...labelsCompared(policy), ...releasesNeededByPolicy(policy)]),
    ),
    graph.derive('labels that the mesh compares', declaredSettings, ({ locality }) =>
      chosen(labelsBalancedBy(locality)),
    ),
    graph.derive('labels that services choose by', services, ({ selector }) =>
      chosen(labelsServed(selector ?? {})),
    ),
    graph.derive('selectors of gateways', listeners, ({ selector }) =>
      choosing({ labels: selector, onlyIn: undefined }),
    ),
    graph.derive('selectors of services', services, ({ selector, namespace }) =>
      choosing({ labels: selector ?? {}, onlyIn: namespace }),
    ),
  ])
}

function chosen(labels: readonly LabelKey[]): readonly (readonly [LabelKey, Choosing])[] {
  return labels.map((label) => [label, 'label'])
}

function choosing(selector: GatewaySelector): readonly (readonly [LabelKey, Choosing])[] {
  const keys = labelKeys(selector.labels).toSorted()
  return keys.length === 0 ? [] : [[`gateways ${JSON.stringify([selector.onlyIn ?? '', keys])}`, selector]]
}
