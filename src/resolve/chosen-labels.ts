import type { Collection } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import type { BackendPolicy, Service } from '../model/backend.ts'
import type { EgressRule } from '../model/egress.ts'
import type { RouteTable } from '../model/route.ts'
import type { Settings } from '../model/settings.ts'
import { labelKeys, labelsBalancedBy, labelsChosenBy, labelsCompared, labelsServed } from './shared-scope.ts'
import type { LabelKey } from './shared-scope.ts'

export interface ChoosingCollections {
  readonly graph: Graph
  readonly tables: Collection<RouteTable>
  readonly egressRules: Collection<EgressRule>
  readonly policies: Collection<BackendPolicy>
  readonly declaredSettings: Collection<Settings>
  readonly services: Collection<Service>
}

/** Every label by which something chooses among sidecars, or treats them differently: see `sharedScope`. */
export function chosenLabels({ graph, tables, egressRules, policies, declaredSettings, services }: ChoosingCollections): Collection<true> {
  return graph.union('labels that choose sidecars', [
    graph.derive('labels that tables choose by', tables, (table) => chosen(labelsChosenBy(table))),
    graph.derive('labels that egress rules choose by', egressRules, ({ selector }) => chosen(labelKeys(selector ?? {}))),
    graph.derive('labels that policies compare', policies, (policy) => chosen(labelsCompared(policy))),
    graph.derive('labels that the mesh compares', declaredSettings, ({ locality }) => chosen(labelsBalancedBy(locality))),
    graph.derive('labels that services choose by', services, ({ selector }) => chosen(labelsServed(selector ?? {}))),
  ])
}

function chosen(labels: readonly LabelKey[]): readonly (readonly [LabelKey, true])[] {
  return labels.map((label) => [label, true])
}
