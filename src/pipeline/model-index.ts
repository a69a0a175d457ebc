import type { Graph } from '../collection/graph.ts'
import { headOf } from '../resolve/plan/plan.ts'
import { policyKey } from '../resolve/visible-model.ts'
import type { Model } from './model.ts'

export type ModelIndex = ReturnType<typeof modelIndexStage>

/** The model by the keys under which later stages look it up. */
export function modelIndexStage(
  graph: Graph,
  { tables, tlsTables, secrets, services, endpoints, policies, backendTls }: Model,
) {
  const tableHeads = graph.derive('route table heads', tables, (table, _, key) => [
    [key, headOf(key, table)] as const,
  ])
  const tablesByAttachment = graph.groupBy(
    'route tables by attachment',
    tableHeads,
    (head) => head.attachedTo,
  )
  const tlsTablesByAttachment = graph.groupBy(
    'tls route tables by attachment',
    tlsTables,
    (table) => table.attachedTo,
  )
  const secretsByName = graph.groupBy('secrets by name', secrets, ({ name }) => [name])
  const servicesByHost = graph.groupBy('services by host', services, (service) => [service.host])
  const servicesByNamespace = graph.groupBy('services by namespace', services, ({ namespace }) => [namespace])
  const endpointsByHost = graph.groupBy('endpoints by host', endpoints, (set) => [set.host])
  const policiesByHost = graph.groupBy('policies by host', policies, (policy) => [policyKey(policy)])
  const policiesOfHosts = graph.groupBy('policies of hosts', policies, ({ host }) => [host])
  const backendTlsByHost = graph.groupBy('backend TLS by host', backendTls, ({ host }) => [host])
  return {
    tablesByAttachment,
    tlsTablesByAttachment,
    secretsByName,
    servicesByHost,
    servicesByNamespace,
    endpointsByHost,
    policiesByHost,
    policiesOfHosts,
    backendTlsByHost,
  }
}
