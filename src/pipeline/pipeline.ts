import type { Collection, Fetch } from '../collection/collection.ts'
import type { Entry } from '../collection/entries.ts'
import { createGraph } from '../collection/graph.ts'
import type { FlushReport, Graph } from '../collection/graph.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { withLastGood } from '../diagnostics/finding.ts'
import type { Failure } from '../diagnostics/internal-error.ts'
import {
  dialectFor,
  indexKeys,
  isInRevision,
  isRefused,
  mayHaveStatus,
  meshSettings,
  statusOf,
  translateManifest,
  translateUnclaimed,
} from '../dialects/index.ts'
import { nothingSaid } from '../dialects/status.ts'
import type { StatusReport } from '../dialects/status.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { attach, attachKeys, attachToAll, unattached } from '../model/attach.ts'
import type { BackendPolicy, EndpointSet, Service } from '../model/backend.ts'
import { countObjects, sectionKey, sectionsTaking } from '../model/condition.ts'
import type { ObjectStatus } from '../model/condition.ts'
import type { EgressRule } from '../model/egress.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { RouteTable } from '../model/route.ts'
import type { Settings } from '../model/settings.ts'
import type { BackendTls, TlsRouteTable } from '../model/tls.ts'
import { addressedScopes } from './addressed.ts'
import { chosenLabels } from './chosen-labels.ts'
import { servedWith } from './served.ts'
import { isSecret, kindKey, oldest, surroundings } from './surroundings.ts'
import { clustersOfHost } from '../resolve/cluster.ts'
import { destinations } from '../resolve/destinations.ts'
import { reaches } from '../resolve/egress.ts'
import { adviceOn } from '../resolve/findings/advice.ts'
import { clusterUseFindings } from '../resolve/findings/cluster-use-findings.ts'
import { findIn, knownHosts, knownLabels } from '../resolve/findings/findings.ts'
import { mirrorEdges, mirrorLoop } from '../resolve/findings/mirror-loop.ts'
import { joinKey, joinNamespaces } from '../resolve/findings/namespace-finding.ts'
import { sharedRelease } from '../resolve/findings/older-envoy.ts'
import { policyFindings } from '../resolve/findings/policy-findings.ts'
import { protectionFindings } from '../resolve/findings/protection-findings.ts'
import {
  expiredFindings,
  secretFindings,
  secretsOfBackendTls,
  secretsOfListener,
  secretsOfPolicy,
  useFindings,
} from '../resolve/findings/secret-findings.ts'
import { selectorFindings, tableFindings } from '../resolve/findings/table-findings.ts'
import { portsByAddress } from '../resolve/plan/gateway-port.ts'
import { planInterceptions, planListeners, planTlsSockets } from '../resolve/plan/listeners.ts'
import { headOf } from '../resolve/plan/plan.ts'
import type { RouteConfigurationPlan } from '../resolve/plan/plan.ts'
import { resolveTlsListener } from '../resolve/plan/tls-listener.ts'
import type { ResolvedMirror, ResolvedVirtualHost } from '../resolve/resolved.ts'
import { distinct, neededFor, neededIn, secretNameOf } from '../resolve/secrets/secret-name.ts'
import type { SecretName } from '../resolve/secrets/secret-name.ts'
import { upstreamSecrets } from '../resolve/secrets/secret-use.ts'
import { secretsNamed } from '../resolve/secrets/secret-value.ts'
import { choiceOf, labelsBalancedBy, sharedScope } from '../resolve/shared-scope.ts'
import type { Choosing } from '../resolve/shared-scope.ts'
import { policyKey, sight } from '../resolve/sight.ts'
import { mirrorsOf, resolveVirtualHost } from '../resolve/virtual-host.ts'
import * as encode from '../translate/resource.ts'
import type { PortMap } from '../xds/port-map.ts'
import type { TypeName } from '../xds/resource-types.ts'
import type { Resource } from '../xds/resource.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import type { Refreshed } from '../xds/snapshot-cache.ts'

export interface Pipeline {
  /** By object key. */
  setManifest(key: string, manifest: Manifest): void
  deleteManifest(key: string): void
  /**
   * The scope that a proxy shares with all that get the same, as of the last report; another one, perhaps,
   * after a flush that changed `chosenLabels`.
   */
  shared(scope: Scope): Scope
  /** A scope is encoded while it is connected. */
  connect(key: ScopeKey, scope: Scope): void
  disconnect(key: ScopeKey): void
  /** Brings everything up to date, once for any number of changes. */
  flush(): FlushReport
  /**
   * Does a flush piece by piece, for as long as `goOn` says; true when it is complete. What is changed
   * meanwhile may be left to the next one. Whoever looks meanwhile has the rest of it done first.
   */
  prepare(goOn: () => boolean): boolean
  /** What `prepare` has completed since it was reported last. */
  prepared(): FlushReport
  /** True while changes wait, or a flush is to be gone on with. */
  readonly isDue: boolean
  /** Whether a scope is encoded, as of the last flush. */
  isConnected(key: ScopeKey): boolean
  readonly read: Pick<Graph, 'get' | 'entries'>
  readonly manifests: Collection<Manifest>
  /** Labels by which the configuration chooses among proxies. */
  readonly chosenLabels: Collection<Choosing>
  /** Ports at addresses of gateways, on which `shared` depends too. */
  readonly targetPorts: Collection<PortMap>
  /**
   * Those that some proxy has, or would have, by runtime key; a mirror that leads nowhere is not among them.
   */
  readonly mirrors: Collection<readonly ResolvedMirror[]>
  /** The proxies that the configuration speaks to, connected or not. */
  readonly addressedScopes: Collection<Scope>
  /**
   * By `<scope>|<route configuration>|<virtual host>`; its routes are those of the encoded one, in that
   * order.
   */
  readonly virtualHosts: Collection<ResolvedVirtualHost>
  readonly scopedResources: Collection<ScopedResource>
  /** By `<scope>|<type>`. */
  readonly resources: Collection<readonly ScopedResource[]>
  /** What was found, by where it was found; unsorted, and the same diagnostic may stand in several places. */
  readonly findings: Collection<readonly Diagnostic[]>
  /** What a controller says of each object, by object key and parent. */
  readonly statuses: Collection<ObjectStatus>
  /** What there is to say of each object whose status is ours to write, by object key. */
  readonly statusReports: Collection<StatusReport>
  /** What the manifests in force mean, before any proxy's view of it. */
  readonly model: Model
  /** Worth knowing, and wrong nowhere; computed when asked for. */
  advice(): readonly Diagnostic[]
  /** Certificates of Secrets that do not count at a time, in milliseconds since the epoch. */
  expired(now: number): readonly Diagnostic[]
  /**
   * The Secrets that the objects in force name, in the namespaces in which they are looked for; each once,
   * whether it is there or not.
   */
  secretsNeeded(): readonly SecretName[]
  /** Bugs of ours: transforms whose last run threw. */
  failures(): readonly Diagnostic[]
  /** The same as they were thrown. */
  thrown(): readonly Failure[]
}

/** The model, in collections. */
export interface Model {
  readonly settings: Collection<Settings>
  /** As they were declared, and with what other objects attach to them, by the same keys. */
  readonly declaredTables: Collection<RouteTable>
  readonly tables: Collection<RouteTable>
  readonly tlsTables: Collection<TlsRouteTable>
  readonly listeners: Collection<GatewayListener>
  readonly services: Collection<Service>
  readonly endpoints: Collection<EndpointSet>
  readonly policies: Collection<BackendPolicy>
  readonly backendTls: Collection<BackendTls>
  readonly egressRules: Collection<EgressRule>
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
  const claimed = graph.derive('claimed manifests', manifests, (manifest, _, key) =>
    dialectFor(manifest) === undefined || !isInRevision(manifest, settings) ? [] : [[key, manifest] as const],
  )
  const unclaimed = graph.derive('unclaimed manifests', manifests, (manifest, _, key) =>
    dialectFor(manifest) === undefined ? [[key, translateUnclaimed(manifest)] as const] : [],
  )
  const judged = graph.derive('judge', claimed, (manifest, _, key) => [
    [key, { manifest, refused: isRefused(manifest, settings) }] as const,
  ])
  const inForce = graph.retain('in force', judged, ({ refused }) => !refused)

  // Manifests → model. Dialects read other objects as they are in force, too.
  const manifestsInForce = graph.derive('manifests in force', inForce, ({ manifest }, _, key) => [
    [key, manifest] as const,
  ])
  const secretManifests = graph.derive('secret manifests', manifestsInForce, (manifest, _, key) =>
    isSecret(manifest.id) ? [[key, manifest] as const] : [],
  )
  const manifestsByKind = graph.groupBy('manifests by kind', manifestsInForce, ({ id }) => [kindKey(id)])
  const manifestsByIndex = graph.groupBy('manifests by index', manifestsInForce, indexKeys)
  const firstByIndex = graph.derive('first of each index', manifestsByIndex, (each, _, key) => [
    [key, oldest(each)] as const,
  ])
  const declaredSettings = graph.derive('mesh settings', manifestsInForce, (manifest) =>
    meshSettings(manifest, settings),
  )
  const settingsIn = (fetch: Fetch) => fetch(declaredSettings, 'mesh') ?? settings
  const around = (fetch: Fetch) =>
    surroundings(
      {
        settings: settingsIn(fetch),
        manifests: manifestsInForce,
        secretManifests,
        manifestsByKind,
        manifestsByIndex,
        firstByIndex,
      },
      fetch,
    )
  const accepted = graph.derive('translate', manifestsInForce, (manifest, fetch, key) => [
    [key, translateManifest(manifest, around(fetch))] as const,
  ])
  const refusedEdits = graph.derive('translate refused edits', judged, ({ manifest, refused }, fetch, key) =>
    !refused || fetch(manifestsInForce, key) === manifest
      ? []
      : [[key, translateManifest(manifest, around(fetch)).diagnostics.map(withLastGood)] as const],
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

  // The model, as it is asked for.
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
  const labels = chosenLabels({ graph, tables, egressRules, policies, declaredSettings, services, listeners })

  // Scopes: those with a proxy, and those that the configuration addresses, so that its mistakes show without
  // one.
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

  // What each scope sees: listeners and their virtual hosts planned, then filled.
  const plans = graph.derive('plan listeners', scopes, (scope, fetch, key) =>
    planListeners(
      {
        listeners,
        tablesByAttachment,
        servicesByHost,
        endpointsByHost,
        reach,
        outside: settingsIn(fetch).outsideTraffic,
      },
      scope,
      { fetch, key },
    ),
  )
  const virtualHostPlans = graph.derive('plan virtual hosts', plans, (plan, _, key) =>
    plan.virtualHosts.map((host) => [`${key}|${host.name}`, host] as const),
  )
  const virtualHosts = graph.derive('resolve virtual hosts', virtualHostPlans, (plan, fetch, key) => {
    const planned = plan.tables.map((table) => fetch(tables, table)).filter((table) => table !== undefined)
    const resolved = resolveVirtualHost(plan, planned, see(plan.scope, fetch))
    return resolved === undefined ? [] : [[key, resolved] as const]
  })
  const mirrors = graph.derive('mirrors in force', virtualHosts, (host, _, key) =>
    numbered(key, mirrorsOf(host)),
  )
  const mirrorsByRuntimeKey = graph.groupBy('mirrors by runtime key', mirrors, ({ runtimeKey }) => [
    runtimeKey,
  ])
  const tlsSockets = graph.derive('plan TLS sockets', scopes, (scope, fetch, key) =>
    planTlsSockets({ listeners, servicesByHost, endpointsByHost }, scope, { fetch, key }),
  )
  const tlsListeners = graph.derive('resolve TLS listeners', tlsSockets, ({ scope, socket }, fetch, key) => [
    [
      key,
      resolveTlsListener(socket, {
        sight: see(scope, fetch),
        tablesOf: (gateway) => fetch(tlsTablesByAttachment, gateway) ?? [],
      }),
    ] as const,
  ])
  const uses = graph.union('cluster uses', [
    graph.derive('cluster uses of requests', virtualHosts, (host, _, key) =>
      usesOf(host.scope, key, host.uses),
    ),
    graph.derive('cluster uses of connections', tlsListeners, (listener, _, key) =>
      usesOf(listener.scope, `${key}|tls`, listener.uses),
    ),
  ])
  const usesByCluster = graph.groupBy('uses by cluster', uses, ({ scope, use }) => [
    `${scope}|${use.cluster}`,
  ])
  const scopeHosts = graph.derive('hosts of scopes', connected, (_, fetch, scope) =>
    fetch
      .all(servicesByHost)
      .map(([host]) => [`${scope}|${host}`, { scope: scope as ScopeKey, host }] as const),
  )
  const clusters = graph.derive('resolve clusters', scopeHosts, ({ scope, host }, fetch) =>
    clustersOfHost(host, {
      sight: see(scope, fetch),
      endpoints: (name) => (fetch(endpointsByHost, name) ?? []).flatMap((set) => set.endpoints),
      usesOf: (cluster) => (fetch(usesByCluster, `${scope}|${cluster}`) ?? []).map(({ use }) => use),
    }).map((cluster) => [`${scope}|${cluster.name}`, { scope, cluster }] as const),
  )

  // Encoded, for connected scopes only.
  const isConnected = (scope: ScopeKey, fetch: Fetch) => fetch(connected, scope) !== undefined
  const encodedHosts = graph.derive('encode virtual hosts', virtualHosts, (host, fetch, key) =>
    isConnected(host.scope, fetch) ? [[key, encode.encodedVirtualHost(host)] as const] : [],
  )
  const hostsPresent = graph.derive('virtual hosts present', encodedHosts, (_, __, key) => [
    [key, true] as const,
  ])
  const hasHosts = (plan: RouteConfigurationPlan, key: string, fetch: Fetch) =>
    plan.virtualHosts.some((host) => fetch(hostsPresent, `${key}|${host.name}`) === true)
  const blackholes = graph.derive('encode blackholes', plans, (plan, fetch, key) =>
    fetch(connected, plan.scope)?.virtualHosts !== 'apart' || hasHosts(plan, key, fetch)
      ? []
      : [[`${key}|blackhole`, encode.blackhole(plan)] as const],
  )
  const hostResources = graph.derive(
    'virtual host resources',
    graph.union('virtual hosts and blackholes', [encodedHosts, blackholes]),
    (host, fetch) =>
      fetch(connected, host.scope)?.virtualHosts === 'apart'
        ? [scoped(host.scope, encode.virtualHostResource(host))]
        : [],
  )
  const routes = graph.derive('encode route configurations', plans, (plan, fetch, key) => {
    const scope = fetch(connected, plan.scope)
    if (scope === undefined) return []
    if (scope.virtualHosts === 'apart') return [scoped(plan.scope, encode.routeConfigurationApart(plan))]
    const hosts = plan.virtualHosts
      .map((host) => fetch(encodedHosts, `${key}|${host.name}`))
      .filter((host) => host !== undefined)
    return [
      scoped(
        plan.scope,
        encode.routeConfigurationResource(plan, hosts.length > 0 ? hosts : [encode.blackhole(plan)]),
      ),
    ]
  })
  const listenerResources = graph.derive('encode listeners', plans, (plan, fetch) =>
    isConnected(plan.scope, fetch)
      ? encode.listenerResources(plan, settingsIn(fetch)).map((each) => scoped(plan.scope, each))
      : [],
  )
  const tlsListenerResources = graph.derive('encode TLS listeners', tlsListeners, (listener, fetch) =>
    isConnected(listener.scope, fetch)
      ? encode.tlsListenerResources(listener, settingsIn(fetch)).map((each) => scoped(listener.scope, each))
      : [],
  )
  const secretUses = graph.union('secret uses', [
    graph.derive('secret uses of listeners', tlsListeners, (listener, fetch, key) =>
      isConnected(listener.scope, fetch) ? usesOf(listener.scope, `${key}|listener`, listener.secrets) : [],
    ),
    graph.derive('secret uses of clusters', clusters, ({ scope, cluster }, _, key) =>
      usesOf(scope, `${key}|cluster`, upstreamSecrets(cluster.tls)),
    ),
  ])
  const usesOfSecret = graph.groupBy('uses of secrets', secretUses, ({ scope, use }) => [
    `${scope}|${use.name}`,
  ])
  const secretResources = graph.derive('encode secrets', usesOfSecret, (group, fetch) =>
    group.slice(0, 1).flatMap(({ scope }) =>
      encode
        .secretResources(
          group.map(({ use }) => use),
          secretsNamed(secretsByName, fetch),
        )
        .map((each) => scoped(scope, each)),
    ),
  )
  const secretsNeeded = graph.union('secrets needed', [
    graph.derive('secrets needed by listeners', listeners, (listener, _, key) =>
      numbered(key, secretsOfListener(listener).flatMap(neededIn)),
    ),
    graph.derive('secrets needed by policies', policies, (policy, _, key) =>
      numbered(key, secretsOfPolicy(policy).flatMap(neededIn)),
    ),
    graph.derive('secrets needed by backend TLS', backendTls, (each, _, key) =>
      numbered(key, secretsOfBackendTls(each).flatMap(neededIn)),
    ),
    graph.derive('secrets needed by TLS sockets', tlsListeners, (listener, _, key) =>
      numbered(
        key,
        listener.secrets.flatMap(({ content }) => neededFor(content)),
      ),
    ),
    graph.derive('secrets needed by proxies', secretUses, ({ use }, _, key) =>
      numbered(key, neededFor(use.content)),
    ),
  ])
  const interceptions = graph.derive('plan interception', connected, (scope, fetch, key) =>
    planInterceptions(
      { servicesByHost, endpointsByHost, reach, outside: settingsIn(fetch).outsideTraffic },
      scope,
      { fetch, key },
    ),
  )
  const interceptionResources = graph.derive('encode interception', interceptions, (part, fetch) => [
    scoped(part.scope, encode.interceptionResource(part, settingsIn(fetch))),
  ])
  const clusterResources = graph.derive('encode clusters', clusters, ({ scope, cluster }, fetch) => [
    scoped(scope, encode.clusterResource(cluster, settingsIn(fetch))),
  ])
  const endpointResources = graph.derive('encode endpoints', clusters, ({ scope, cluster }) =>
    encode.endpointResources(cluster).map((each) => scoped(scope, each)),
  )
  const runtimes = graph.derive('encode runtime', connected, (_, __, scope) => [
    scoped(scope as ScopeKey, encode.runtimeResource()),
  ])
  const scopedResources = graph.union('resources', [
    clusterResources,
    endpointResources,
    listenerResources,
    tlsListenerResources,
    secretResources,
    interceptionResources,
    routes,
    hostResources,
    runtimes,
  ])
  const resources = graph.groupBy('resources by scope and type', scopedResources, ({ scope, resource }) => [
    `${scope}|${resource.type}`,
  ])

  // Everything found, by where it was found. Of an object with a refused edit, what is wrong with the newest
  // text is what matters.
  const found = findIn(graph)
  const missing = graph.derive('missing destinations', virtualHosts, (host, _, key) =>
    numbered(key, host.missing),
  )
  const missingByField = graph.groupBy('missing destinations by field', missing, (each) => [joinKey(each)])
  const listenersByGateway = graph.groupBy('listeners by gateway', listeners, (listener) => [
    listener.gateway,
  ])
  const edges = graph.derive('mirror edges', tables, (table, _, key) => numbered(key, mirrorEdges(table)))
  const edgesByHost = graph.groupBy('mirror edges by host', edges, ({ from }) => [from])
  const tablesByAttachKey = graph.groupBy('route tables by attach key', declaredTables, (table) => [
    ...attachKeys(table),
  ])
  const findings = graph.union('diagnostics', [
    found('unclaimed manifests', unclaimed, ({ diagnostics }) => diagnostics),
    found('objects', accepted, (each, fetch, key) => fetch(refusedEdits, key) ?? each.diagnostics),
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
    found('listeners', plans, (plan) => plan.diagnostics),
    found('virtual hosts', virtualHosts, (host) => host.diagnostics),
    found('clusters', clusters, ({ cluster }) => cluster.diagnostics),
    found('missing destinations', missingByField, joinNamespaces),
    found('TLS listeners', tlsListeners, (listener) => listener.diagnostics),
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
    found('cluster uses', usesByCluster, (group, fetch) =>
      clusterUseFindings(
        group.map(({ use }) => use),
        (host) => fetch(endpointsByHost, host) ?? [],
      ),
    ),
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
  ])

  // What controllers say of objects.
  const statuses = graph.derive('statuses', accepted, (each, _, key) => numbered(key, each.statuses))
  const takenBySection = graph.groupBy('objects taken by sections', statuses, sectionsTaking)
  const statusReports = graph.derive(
    'status reports',
    judged,
    ({ manifest }, fetch, key): Entries<StatusReport> => {
      if (!mayHaveStatus(manifest)) return []
      const said = fetch(accepted, key)?.statuses ?? []
      const sections = said.flatMap(({ section }) => section ?? [])
      const taken = Object.fromEntries(
        sections.map((section) => [
          section,
          countObjects(fetch(takenBySection, sectionKey(key, section)) ?? []),
        ]),
      )
      const report: StatusReport = {
        manifest,
        statuses: said,
        inForce: fetch(refusedEdits, key) === undefined ? 'newest' : 'last good',
        taken,
        settings,
      }
      return statusOf(report, nothingSaid) === undefined ? [] : [[key, report]]
    },
  )

  const targetPorts = portsByAddress({ graph, services, listeners, endpointsByHost })

  // Kept beside the graph: proxies connect while it computes, and a look would have that done at once.
  let choice = choiceOf([], labelsBalancedBy(settings.locality))
  let ports: ReadonlyMap<string, PortMap> = new Map()
  const reported = (report: FlushReport): FlushReport => {
    if (report.changed.has(labels))
      choice = choiceOf(graph.entries(labels), labelsBalancedBy(settings.locality))
    if (report.changed.has(targetPorts)) ports = new Map(graph.entries(targetPorts))
    return report
  }

  return {
    setManifest: (key, manifest) => {
      manifests.set(key, manifest)
    },
    deleteManifest: (key) => {
      manifests.delete(key)
    },
    shared: (scope) => sharedScope(sharedRelease(scope, choice), choice, (place) => ports.get(place)),
    connect: (key, scope) => {
      connected.set(key, scope)
    },
    disconnect: (key) => {
      connected.delete(key)
    },
    flush: () => reported(graph.flush()),
    prepare: (goOn) => graph.prepare(goOn),
    prepared: () => reported(graph.prepared()),
    get isDue() {
      return graph.isDue
    },
    isConnected: (key) => graph.get(connected, key) !== undefined,
    read: graph,
    manifests,
    chosenLabels: labels,
    targetPorts,
    mirrors: mirrorsByRuntimeKey,
    addressedScopes: addressed,
    virtualHosts,
    scopedResources,
    resources,
    findings,
    statuses,
    statusReports,
    model: {
      settings: declaredSettings,
      declaredTables,
      tables,
      tlsTables,
      listeners,
      services,
      endpoints,
      policies,
      backendTls,
      egressRules,
    },
    advice: () =>
      graph
        .entries(tables)
        .flatMap(([, table]) => adviceOn(table, (host) => graph.get(servicesByHost, host) ?? [])),
    expired: (now) => graph.entries(secrets).flatMap(([, secret]) => expiredFindings(secret, now)),
    secretsNeeded: () =>
      distinct([
        ...graph.entries(secretsNeeded).map(([, name]) => name),
        ...[...graph.keysFetched(secretManifests)].map(secretNameOf),
      ]),
    thrown: () => graph.failures,
    failures: () =>
      graph.failures.map(({ transform, key, error }) => ({
        code: 'internal/transform-failed',
        severity: 'error',
        message: `${transform} of ${key}: ${String(error)}`,
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
  const sharing = [pipeline.chosenLabels, pipeline.targetPorts].some(
    (each) => (report.changed.get(each)?.size ?? 0) > 0,
  )
  return { changed, sharing: sharing ? 'changed' : 'kept' }
}

type Entries<V> = readonly Entry<V>[]

function numbered<V>(key: string, values: readonly V[]): Entries<V> {
  return values.map((value, index) => [`${key}#${index}`, value])
}

function usesOf<U>(
  scope: ScopeKey,
  key: string,
  uses: readonly U[],
): Entries<{ readonly scope: ScopeKey; readonly use: U }> {
  return numbered(
    key,
    uses.map((use) => ({ scope, use })),
  )
}

function scoped(scope: ScopeKey, resource: Resource): Entry<ScopedResource> {
  return [`${scope}|${resource.type}|${resource.name}`, { scope, resource }]
}
