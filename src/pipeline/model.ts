import type { Graph } from '../collection/graph.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import { withLastGood } from '../diagnostics/finding.ts'
import { translateManifest } from '../dialects/index.ts'
import { attach } from '../model/attach.ts'
import { numbered } from './keys.ts'
import type { InForce } from './in-force.ts'

export type Model = ReturnType<typeof modelStage>

/** Manifests → model: what each object in force means, before any proxy's view of it. */
export function modelStage(graph: Graph, { read, inForce, unclaimed, lookup }: InForce) {
  const accepted = graph.derive('translate', inForce, (object, fetch, key) => [
    [key, translateManifest(object, lookup(fetch))] as const,
  ])
  const rejectedEdits = graph.derive('translate rejected edits', read, (object, fetch, key) =>
    !object.rejected || fetch(inForce, key)?.manifest === object.manifest
      ? []
      : [[key, translateManifest(object, lookup(fetch)).diagnostics.map(withLastGood)] as const],
  )
  const delegations = graph.derive('delegations', accepted, (each, _, key) => numbered(key, each.delegates))
  const delegationsByDelegate = graph.groupBy('delegations by delegate', delegations, (delegate) => [
    objectKey(delegate),
  ])
  const attachments = graph.derive('attachments', accepted, (each, _, key) => numbered(key, each.attachments))
  const attachmentsByTarget = graph.groupBy('attachments by target', attachments, ({ target }) => [target])
  const declaredTables = graph.derive('declared route tables', accepted, (each, _, key) =>
    numbered(key, each.routeTables),
  )
  const attached = graph.derive('attach', declaredTables, (table, fetch, key) => [
    [key, attach(table, (target) => fetch(attachmentsByTarget, target) ?? [])] as const,
  ])
  const tables = graph.derive('route tables', attached, ({ table }, _, key) => [[key, table] as const])
  const listeners = graph.derive('gateway listeners', accepted, (each, _, key) =>
    numbered(key, each.listeners),
  )
  const services = graph.derive('services', accepted, (each, _, key) => numbered(key, each.services))
  const endpoints = graph.derive('endpoints', accepted, (each, _, key) => numbered(key, each.endpoints))
  const policies = graph.derive('policies', accepted, (each, _, key) => numbered(key, each.policies))
  const tlsTables = graph.derive('tls route tables', accepted, (each, _, key) =>
    numbered(key, each.tlsTables),
  )
  const secrets = graph.derive('secrets', accepted, (each, _, key) => numbered(key, each.secrets))
  const backendTls = graph.derive('backend TLS', accepted, (each, _, key) => numbered(key, each.backendTls))
  const protections = graph.union(
    'protections',
    [accepted, unclaimed].map((each, index) =>
      graph.derive(`protections ${index}`, each, (translation, _, key) =>
        numbered(key, translation.protections),
      ),
    ),
  )
  const egressRules = graph.derive('egress rules', accepted, (each, _, key) => numbered(key, each.egress))
  return {
    accepted,
    rejectedEdits,
    delegationsByDelegate,
    attachments,
    declaredTables,
    attached,
    tables,
    listeners,
    services,
    endpoints,
    policies,
    tlsTables,
    secrets,
    backendTls,
    protections,
    egressRules,
  }
}
