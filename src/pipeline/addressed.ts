import type { Collection } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import type { EgressRule } from '../model/egress.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { Scope } from '../xds/scope.ts'
import { bareScope, scopeKey } from '../xds/scope.ts'
import type { RouteTableHead } from '../resolve/plan/plan.ts'

export interface AddressedBy {
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
export function addressedScopes({
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
