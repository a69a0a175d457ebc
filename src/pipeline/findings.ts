import type { Collection, Fetch } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Diagnostic, ObjectId } from '../diagnostics/diagnostic.ts'
import { attachKeys, attachToAll, unattached } from '../model/attach.ts'
import type { Settings } from '../model/settings.ts'
import { clusterUseFindings } from '../resolve/findings/cluster-use-findings.ts'
import { findIn, knownHosts, knownLabels } from '../resolve/findings/findings.ts'
import { mirrorEdges, mirrorLoop } from '../resolve/findings/mirror-loop.ts'
import { joinKey, joinNamespaces } from '../resolve/findings/namespace-finding.ts'
import { policyFindings } from '../resolve/findings/policy-findings.ts'
import { protectionFindings } from '../resolve/findings/protection-findings.ts'
import {
  secretFindings,
  secretsOfBackendTls,
  secretsOfListener,
  secretsOfPolicy,
  useFindings,
} from '../resolve/findings/secret-findings.ts'
import { selectorFindings, tableFindings } from '../resolve/findings/table-findings.ts'
import { secretsNamed } from '../resolve/secrets/secret-value.ts'
import type { Scope } from '../xds/scope.ts'
import type { InForce } from './in-force.ts'
import { numbered } from './keys.ts'
import type { Model } from './model.ts'
import type { ModelIndex } from './model-index.ts'
import type { Secrets } from './secrets.ts'
import type { Visible } from './visible.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Service } from '../model/backend.ts'
import type { GatewayListener } from '../model/gateway.ts'
import { hasLabels } from '../model/labels.ts'
import type { Labels } from '../model/labels.ts'
import type { Translated } from '../dialects/dialect.ts'
import { kindKey } from './lookup.ts'

interface FindingsInputs {
  readonly settings: Settings
  readonly connected: Collection<Scope>
  readonly inForce: InForce
  readonly model: Model
  readonly index: ModelIndex
  readonly visible: Visible
  readonly secrets: Secrets
}

/**
 * Every finding, by where it was found. For an object with a rejected edit, the findings of the newest text.
 */
export function findingsStage(graph: Graph, inputs: FindingsInputs): Collection<readonly Diagnostic[]> {
  return graph.union('diagnostics', [
    ...objectFindings(graph, inputs),
    ...visibleFindings(graph, inputs),
    ...secretsFindings(graph, inputs),
    ...modelFindings(graph, inputs),
  ])
}

/** Findings of single objects: what their dialects report, and attachments without a route. */
function objectFindings(graph: Graph, { inForce: { unclaimed }, model }: FindingsInputs) {
  const { accepted, rejectedEdits, declaredTables, attached, attachments, delegationsByDelegate } = model
  const found = findIn(graph)
  const tablesByAttachKey = graph.groupBy('route tables by attach key', declaredTables, (table) => [
    ...attachKeys(table),
  ])
  return [
    found('unclaimed manifests', unclaimed, ({ diagnostics }) => diagnostics),
    found('objects', accepted, (each, fetch, key) => fetch(rejectedEdits, key) ?? each.diagnostics),
    found('attached mirrors', attached, ({ diagnostics }) => diagnostics),
    found('attachments', attachments, (attachment, fetch) =>
      attachment.optional === true ||
      attachment.target === attachToAll ||
      fetch(tablesByAttachKey, attachment.target) !== undefined ||
      fetch(delegationsByDelegate, objectKey(attachment.origin.object)) !== undefined
        ? []
        : [unattached(attachment)],
    ),
    found('delegates', accepted, ({ unlessDelegated }, fetch, key) =>
      unlessDelegated.length === 0 || fetch(delegationsByDelegate, key) !== undefined ? [] : unlessDelegated,
    ),
  ]
}

/** Findings about what the proxies of some scope see. */
function visibleFindings(graph: Graph, { index: { endpointsByHost }, visible }: FindingsInputs) {
  const { plans, virtualHosts, tlsListeners, clusters, usesByCluster } = visible
  const found = findIn(graph)
  const missing = graph.derive('missing destinations', virtualHosts, (host, _, key) =>
    numbered(key, host.missing),
  )
  const missingByField = graph.groupBy('missing destinations by field', missing, (each) => [joinKey(each)])
  return [
    found('listeners', plans, (plan) => plan.diagnostics),
    found('virtual hosts', virtualHosts, (host) => host.diagnostics),
    found('clusters', clusters, ({ cluster }) => cluster.diagnostics),
    found('missing destinations', missingByField, joinNamespaces),
    found('TLS listeners', tlsListeners, (listener) => listener.diagnostics),
    found('cluster uses', usesByCluster, (group, fetch) =>
      clusterUseFindings(
        group.map(({ use }) => use),
        (host) => fetch(endpointsByHost, host) ?? [],
      ),
    ),
  ]
}

/** Findings about Secrets: missing, incomplete, or in another namespace. */
function secretsFindings(
  graph: Graph,
  {
    model: { listeners, policies, backendTls },
    index: { secretsByName },
    secrets: { usesOfSecret },
  }: FindingsInputs,
) {
  const found = findIn(graph)
  return [
    found('secrets of listeners', listeners, (listener, fetch) =>
      secretFindings(secretsOfListener(listener), secretsByName, fetch),
    ),
    found('secrets of policies', policies, (policy, fetch) =>
      secretFindings(secretsOfPolicy(policy), secretsByName, fetch),
    ),
    found('secrets of backend TLS', backendTls, (each, fetch) =>
      secretFindings(secretsOfBackendTls(each), secretsByName, fetch),
    ),
    found('secrets of proxies', usesOfSecret, (group, fetch) =>
      group.flatMap(({ use }) => useFindings(use.content, secretsNamed(secretsByName, fetch))),
    ),
  ]
}

/** Findings that hold for every proxy: loops of mirrors, unreachable rules, policies of unknown hosts. */
function modelFindings(graph: Graph, { settings, connected, inForce, model, index }: FindingsInputs) {
  const { manifestsByKind } = inForce
  const { accepted, tables, listeners, protections } = model
  const { servicesByHost, servicesByNamespace, policiesByHost } = index
  const found = findIn(graph)
  const listenersByGateway = graph.groupBy('listeners by gateway', listeners, (listener) => [
    listener.gateway,
  ])
  const edges = graph.derive('mirror edges', tables, (table, _, key) => numbered(key, mirrorEdges(table)))
  const edgesByHost = graph.groupBy('mirror edges by host', edges, ({ from }) => [from])
  return [
    found('mirror loops', edges, (edge, fetch) => mirrorLoop(edge, (host) => fetch(edgesByHost, host) ?? [])),
    found('route tables', tables, (table, fetch) =>
      tableFindings(table, {
        settings,
        ...knownHosts(servicesByHost, fetch),
        listeners: (gateway) => fetch(listenersByGateway, gateway) ?? [],
      }),
    ),
    found('policies', policiesByHost, (group, fetch) =>
      policyFindings(group, knownHosts(servicesByHost, fetch)),
    ),
    found('protections', protections, (protection, fetch) =>
      protectionFindings(
        protection,
        servedWith({ accepted, listeners, servicesByNamespace, manifestsByKind }, fetch),
      ),
    ),
    found('gateway selectors', listeners, (listener, fetch) =>
      selectorFindings(listener, knownLabels({ proxies: connected, servicesByHost }, fetch)),
    ),
  ]
}

interface ServedCollections {
  /** The keys are object keys. */
  readonly accepted: Collection<Translated>
  readonly listeners: Collection<GatewayListener>
  readonly servicesByNamespace: Collection<readonly Service[]>
  /** The key is `kindKey`. */
  readonly manifestsByKind: Collection<readonly Manifest[]>
}

/** Answers through the graph what is served; asking is depending. */
function servedWith(
  { accepted, listeners, servicesByNamespace, manifestsByKind }: ServedCollections,
  fetch: Fetch,
) {
  return {
    services: (namespace: string | undefined): readonly Service[] =>
      namespace === undefined
        ? fetch.all(servicesByNamespace).flatMap(([, each]) => each)
        : (fetch(servicesByNamespace, namespace) ?? []),
    listeners: (): readonly GatewayListener[] => fetch.all(listeners).map(([, each]) => each),
    has: (id: ObjectId): boolean => isServed(fetch(accepted, objectKey(id))),
    selected: (of: Omit<ObjectId, 'name'>, labels: Labels): readonly ObjectId[] =>
      (fetch(manifestsByKind, kindKey(of)) ?? [])
        .filter((manifest) => hasLabels(manifest.labels, labels))
        .map(({ id }) => id),
  }
}

function isServed(translation: Translated | undefined): boolean {
  if (translation === undefined) return false
  const { routeTables, listeners, services, tlsTables } = translation
  return [routeTables, listeners, services, tlsTables].some((each) => each.length > 0)
}
