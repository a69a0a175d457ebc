import { createGraph } from './collection/graph.ts'
import type { Collection, Fetch } from './collection/collection.ts'
import type { FlushReport, Graph } from './collection/graph.ts'
import type { Diagnostic } from './diagnostics/diagnostic.ts'
import { dialectFor, isRefused, translateManifest, unclaimedKind } from './dialects/index.ts'
import { kindKey, surroundings } from './dialects/surroundings.ts'
import type { Manifest } from './manifest/manifest.ts'
import type { Settings } from './model/settings.ts'
import { addressedScopes } from './resolve/addressed.ts'
import { clustersOfHost } from './resolve/cluster.ts'
import { planListeners } from './resolve/listeners.ts'
import { headOf } from './resolve/plan.ts'
import type { ResolvedMirror } from './resolve/resolved.ts'
import { labelsChosenBy, sharedScope } from './resolve/shared-scope.ts'
import { policyKey, sight } from './resolve/sight.ts'
import { sharedClusterDiagnostics } from './resolve/unbounded.ts'
import { resolveVirtualHost } from './resolve/virtual-host.ts'
import * as encode from './translate/resource.ts'
import type { Resource } from './xds/resource.ts'
import type { TypeName } from './xds/resource-types.ts'
import type { Scope, ScopeKey } from './xds/scope.ts'
import type { Refreshed } from './xds/snapshot-cache.ts'

export interface Pipeline {
  /** By object key. */
  setManifest(key: string, manifest: Manifest): void
  deleteManifest(key: string): void
  /** The scope that a proxy shares with all that get the same; another one, perhaps, after a flush that changed `chosenLabels`. */
  shared(scope: Scope): Scope
  /** A scope is encoded while it is connected. */
  connect(key: ScopeKey, scope: Scope): void
  disconnect(key: ScopeKey): void
  /** Brings everything up to date, once for any number of changes. */
  flush(): FlushReport
  readonly read: Pick<Graph, 'get' | 'entries'>
  readonly manifests: Collection<Manifest>
  /** Labels by which the configuration chooses among sidecars. */
  readonly chosenLabels: Collection<true>
  /** Those that some proxy has, or would have, by runtime key; a mirror that leads nowhere is not among them. */
  readonly mirrors: Collection<readonly ResolvedMirror[]>
  /** The proxies that the configuration speaks to, connected or not. */
  readonly addressedScopes: Collection<Scope>
  readonly scopedResources: Collection<ScopedResource>
  /** By `<scope>|<type>`. */
  readonly resources: Collection<readonly ScopedResource[]>
  /** What was found, by where it was found; unsorted, and the same diagnostic may stand in several places. */
  readonly findings: Collection<readonly Diagnostic[]>
  /** Bugs of ours: transforms whose last run threw. */
  failures(): readonly Diagnostic[]
}

/** A resource, and the scope whose proxies get it. */
export interface ScopedResource {
  readonly scope: ScopeKey
  readonly resource: Resource
}

/** The whole graph: manifests → model → what each scope sees → encoded resources. */
export function createPipeline(settings: Settings): Pipeline {
  const graph = createGraph()
  const manifests = graph.input<Manifest>('manifests')
  const connected = graph.input<Scope>('connected scopes')

  // What is in force: of each object the newest manifest, or the last one that was not refused.
  const claimed = graph.derive('claimed manifests', manifests, (manifest, _, key) => dialectFor(manifest) === undefined ? [] : [[key, manifest] as const])
  const unclaimed = graph.derive('unclaimed manifests', manifests, (manifest, _, key) => dialectFor(manifest) === undefined ? [[key, unclaimedKind(manifest)] as const] : [])
  const judged = graph.derive('judge', claimed, (manifest, _, key) => [[key, { manifest, refused: isRefused(manifest, settings) }] as const])
  const inForce = graph.retain('in force', judged, ({ refused }) => !refused)

  // Manifests → model. Dialects read other objects as they are in force, too.
  const manifestsInForce = graph.derive('manifests in force', inForce, ({ manifest }, _, key) => [[key, manifest] as const])
  const manifestsByKind = graph.groupBy('manifests by kind', manifestsInForce, ({ id }) => [kindKey(id)])
  const around = (fetch: Fetch) => surroundings({ settings, manifests: manifestsInForce, manifestsByKind }, fetch)
  const accepted = graph.derive('translate', manifestsInForce, (manifest, fetch, key) => [[key, translateManifest(manifest, around(fetch))] as const])
  const refusedEdits = graph.derive('translate refused edits', judged, ({ manifest, refused }, fetch, key) =>
    !refused || fetch(manifestsInForce, key) === manifest ? [] : [[key, translateManifest(manifest, around(fetch)).diagnostics] as const])
  const tables = graph.derive('route tables', accepted, (each, _, key) => numbered(key, each.routeTables))
  const listeners = graph.derive('gateway listeners', accepted, (each, _, key) => numbered(key, each.listeners))
  const services = graph.derive('services', accepted, (each, _, key) => numbered(key, each.services))
  const endpoints = graph.derive('endpoints', accepted, (each, _, key) => numbered(key, each.endpoints))
  const policies = graph.derive('policies', accepted, (each, _, key) => numbered(key, each.policies))

  // The model, as it is asked for.
  const tableHeads = graph.derive('route table heads', tables, (table, _, key) => [[key, headOf(key, table)] as const])
  const tablesByAttachment = graph.groupBy('route tables by attachment', tableHeads, (head) => head.attachedTo)
  const servicesByHost = graph.groupBy('services by host', services, (service) => [service.host])
  const endpointsByHost = graph.groupBy('endpoints by host', endpoints, (set) => [set.host])
  const policiesByHost = graph.groupBy('policies by host', policies, (policy) => [policyKey(policy)])

  const chosenLabels = graph.derive('labels that choose sidecars', tables, (table) => labelsChosenBy(table).map((label) => [label, true] as const))

  // Scopes: those with a proxy, and those that the configuration addresses, so that its mistakes show without one.
  const namespaces = graph.derive('namespaces', manifests, ({ id }, _, key) => [[key, id.namespace] as const])
  const addressed = addressedScopes({ graph, listeners, namespaces, tablesByAttachment })
  const scopes = graph.union('scopes', [connected, addressed])
  const see = (scope: ScopeKey, fetch: Fetch) => sight({ settings, scopes, servicesByHost, policiesByHost }, scope, fetch)

  // What each scope sees: listeners and their virtual hosts planned, then filled.
  const plans = graph.derive('plan listeners', scopes, (scope, fetch, key) =>
    planListeners({ listeners, tablesByAttachment, servicesByHost }, scope, { fetch, key }))
  const virtualHostPlans = graph.derive('plan virtual hosts', plans, (plan, _, key) => plan.virtualHosts.map((host) => [`${key}|${host.name}`, host] as const))
  const virtualHosts = graph.derive('resolve virtual hosts', virtualHostPlans, (plan, fetch, key) => {
    const planned = plan.tables.map((table) => fetch(tables, table)).filter((table) => table !== undefined)
    const resolved = resolveVirtualHost(plan, planned, see(plan.scope, fetch))
    return resolved === undefined ? [] : [[key, resolved] as const]
  })
  const mirrors = graph.derive('mirrors in force', virtualHosts, ({ routes: each }, _, key) => numbered(key, each.flatMap(({ action }) => action.kind === 'forward' ? action.mirrors : [])))
  const mirrorsByRuntimeKey = graph.groupBy('mirrors by runtime key', mirrors, ({ runtimeKey }) => [runtimeKey])
  const uses = graph.derive('cluster uses', virtualHosts, ({ scope, uses: each }, _, key) => numbered(key, each.map((use) => ({ scope, use }))))
  const usesByCluster = graph.groupBy('uses by cluster', uses, ({ scope, use }) => [`${scope}|${use.cluster}`])
  const unbounded = graph.derive('unbounded mirrors', usesByCluster, (group, _, key) => [[key, sharedClusterDiagnostics(group.map(({ use }) => use))] as const])
  const scopeHosts = graph.derive('hosts of scopes', connected, (_, fetch, scope) =>
    fetch.all(servicesByHost).map(([host]) => [`${scope}|${host}`, { scope: scope as ScopeKey, host }] as const))
  const clusters = graph.derive('resolve clusters', scopeHosts, ({ scope, host }, fetch) => clustersOfHost(host, {
    sight: see(scope, fetch),
    endpoints: () => (fetch(endpointsByHost, host) ?? []).flatMap((set) => set.endpoints),
    usesOf: (cluster) => (fetch(usesByCluster, `${scope}|${cluster}`) ?? []).map(({ use }) => use),
  }).map((cluster) => [`${scope}|${cluster.name}`, { scope, cluster }] as const))

  // Encoded, for connected scopes only.
  const isConnected = (scope: ScopeKey, fetch: Fetch) => fetch(connected, scope) !== undefined
  const encodedHosts = graph.derive('encode virtual hosts', virtualHosts, (host, fetch, key) =>
    isConnected(host.scope, fetch) ? [[key, encode.virtualHostBytes(host)] as const] : [])
  const hostsPresent = graph.derive('virtual hosts present', encodedHosts, (_, __, key) => [[key, true] as const])
  const hostResources = graph.derive('virtual host resources', encodedHosts, (host, fetch) =>
    fetch(connected, host.scope)?.virtualHosts === 'apart' ? [scoped(host.scope, encode.virtualHostResource(host))] : [])
  const routes = graph.derive('encode route configurations', plans, (plan, fetch, key) => {
    const scope = fetch(connected, plan.scope)
    if (scope === undefined) return []
    const hasHosts = plan.virtualHosts.some((host) => fetch(hostsPresent, `${key}|${host.name}`) === true)
    if (scope.virtualHosts === 'apart' && hasHosts) return [scoped(plan.scope, encode.routeConfigurationApart(plan))]
    const hosts = plan.virtualHosts.map((host) => fetch(encodedHosts, `${key}|${host.name}`)).filter((host) => host !== undefined)
    return [scoped(plan.scope, encode.routeConfigurationResource(plan, hosts))]
  })
  const listenerResources = graph.derive('encode listeners', plans, (plan, fetch) =>
    isConnected(plan.scope, fetch) ? encode.listenerResources(plan).map((each) => scoped(plan.scope, each)) : [])
  const clusterResources = graph.derive('encode clusters', clusters, ({ scope, cluster }) => [scoped(scope, encode.clusterResource(cluster, settings))])
  const endpointResources = graph.derive('encode endpoints', clusters, ({ scope, cluster }) => encode.endpointResources(cluster).map((each) => scoped(scope, each)))
  const runtimes = graph.derive('encode runtime', connected, (_, __, scope) => [scoped(scope as ScopeKey, encode.runtimeResource())])
  const scopedResources = graph.union('resources', [clusterResources, endpointResources, listenerResources, routes, hostResources, runtimes])
  const resources = graph.groupBy('resources by scope and type', scopedResources, ({ scope, resource }) => [`${scope}|${resource.type}`])

  // Everything found, by where it was found. Of an object with a refused edit, what is wrong with the newest text is what matters.
  const found = <V>(name: string, input: Collection<V>, of: (value: V, fetch: Fetch, key: string) => readonly Diagnostic[]) =>
    graph.derive(`diagnostics of ${name}`, input, (value, fetch, key) => {
      const diagnostics = of(value, fetch, key)
      return diagnostics.length === 0 ? [] : [[`${name}|${key}`, diagnostics] as const]
    })
  const findings = graph.union('diagnostics', [
    found('unclaimed manifests', unclaimed, (each) => [each]),
    found('objects', accepted, (each, fetch, key) => fetch(refusedEdits, key) ?? each.diagnostics),
    found('listeners', plans, (plan) => plan.diagnostics),
    found('virtual hosts', virtualHosts, (host) => host.diagnostics),
    found('mirrors', unbounded, (each) => each),
  ])

  return {
    setManifest: (key, manifest) => { manifests.set(key, manifest) },
    deleteManifest: (key) => { manifests.delete(key) },
    shared: (scope) => sharedScope(scope, (label) => graph.get(chosenLabels, label) === true),
    connect: (key, scope) => { connected.set(key, scope) },
    disconnect: (key) => { connected.delete(key) },
    flush: () => graph.flush(),
    read: graph,
    manifests,
    chosenLabels,
    mirrors: mirrorsByRuntimeKey,
    addressedScopes: addressed,
    scopedResources,
    resources,
    findings,
    failures: () => graph.failures.map(({ transform, key, error }) => ({
      code: 'internal/transform-failed', severity: 'error', message: `${transform} of ${key}: ${String(error)}`,
    })),
  }
}

/** Everything that is wrong now, unsorted, duplicates included. */
export function diagnosticsOf(pipeline: Pipeline): readonly Diagnostic[] {
  return [...pipeline.read.entries(pipeline.findings).flatMap(([, each]) => each), ...pipeline.failures()]
}

/** What a flush means for those who have proxies. Keys of the grouped resources are `<scope>|<type>`. */
export function refreshed(pipeline: Pipeline, report: FlushReport): Refreshed {
  const changed = new Map<ScopeKey, Set<TypeName>>()
  for (const key of report.changed.get(pipeline.resources) ?? []) {
    const separator = key.lastIndexOf('|')
    const scope = key.slice(0, separator) as ScopeKey
    const types = changed.get(scope) ?? new Set<TypeName>()
    changed.set(scope, types.add(key.slice(separator + 1) as TypeName))
  }
  return { changed, sharing: (report.changed.get(pipeline.chosenLabels)?.size ?? 0) > 0 ? 'changed' : 'kept' }
}

type Entries<V> = readonly (readonly [key: string, value: V])[]

function numbered<V>(key: string, values: readonly V[]): Entries<V> {
  return values.map((value, index) => [`${key}#${index}`, value])
}

function scoped(scope: ScopeKey, resource: Resource): readonly [string, ScopedResource] {
  return [`${scope}|${resource.type}|${resource.name}`, { scope, resource }]
}
