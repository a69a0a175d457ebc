import type { Collection } from '../collection/collection.ts'
import { createGraph } from '../collection/graph.ts'
import type { FlushReport, Graph, Input } from '../collection/graph.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Failure } from '../diagnostics/internal-error.ts'
import type { StatusReport } from '../dialects/status.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { BackendPolicy, EndpointSet, Service } from '../model/backend.ts'
import type { ObjectStatus } from '../model/condition.ts'
import type { EgressRule } from '../model/egress.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { RouteTable } from '../model/route.ts'
import type { Settings } from '../model/settings.ts'
import type { BackendTls, TlsRouteTable } from '../model/tls.ts'
import { adviceOn } from '../resolve/findings/advice.ts'
import { sharedRelease } from '../resolve/findings/older-envoy.ts'
import { expiredFindings } from '../resolve/findings/secret-findings.ts'
import type { ResolvedMirror, ResolvedVirtualHost } from '../resolve/resolved.ts'
import { distinct, secretNameOf } from '../resolve/secrets/secret-name.ts'
import type { SecretName } from '../resolve/secrets/secret-name.ts'
import { choiceOf, labelsBalancedBy, sharedScope } from '../resolve/shared-scope.ts'
import type { Choosing } from '../resolve/shared-scope.ts'
import type { PortMap } from '../xds/port-map.ts'
import { resourceTypes } from '../xds/resource-types.ts'
import type { TypeName } from '../xds/resource-types.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import type { Refreshed } from '../xds/snapshot-cache.ts'
import { encodedStage } from './encoded.ts'
import { findingsStage } from './findings.ts'
import { inForceStage } from './in-force.ts'
import type { InForce } from './in-force.ts'
import { splitResourcesKey } from './keys.ts'
import type { ScopedResource } from './keys.ts'
import { modelIndexStage } from './model-index.ts'
import type { ModelIndex } from './model-index.ts'
import { modelStage } from './model.ts'
import type { Model } from './model.ts'
import { scopesStage } from './scopes.ts'
import type { Scopes } from './scopes.ts'
import { secretsStage } from './secrets.ts'
import type { Secrets } from './secrets.ts'
import { statusesStage } from './statuses.ts'
import { visibleStage } from './visible.ts'

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
   * Does a flush piece by piece, for as long as `goOn` says; true when it is complete. Changes that come
   * meanwhile may be left to the next flush. Reading meanwhile completes the rest first.
   */
  prepare(goOn: () => boolean): boolean
  /** The results that `prepare` has completed since the last report. */
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
  /** The mirrors of all proxies, connected or possible, by runtime key, except mirrors without a target. */
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
  /**
   * Findings by the place where they were found; unsorted, and one diagnostic may appear in several places.
   */
  readonly findings: Collection<readonly Diagnostic[]>
  /** The conditions that a controller reports for each object, by object key and parent. */
  readonly statuses: Collection<ObjectStatus>
  /** The status of each object that this control plane may write, by object key. */
  readonly statusReports: Collection<StatusReport>
  /** The meaning of the manifests in force, before any proxy's view of it. */
  readonly model: ModelCollections
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
export interface ModelCollections {
  readonly settings: Collection<Settings>
  /** Routes as declared, and with the attachments of other objects, by the same keys. */
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

/** The whole graph: manifests → model → what each scope sees → encoded resources. */
export function createPipeline(settings: Settings): Pipeline {
  const graph = createGraph()
  const manifests = graph.input<Manifest>('manifests')
  const connected = graph.input<Scope>('connected scopes')

  const inForce = inForceStage(graph, { settings, manifests })
  const model = modelStage(graph, inForce)
  const index = modelIndexStage(graph, model)
  const scopes = scopesStage(graph, { manifests, connected, inForce, model, index })
  const { settingsIn } = inForce
  const visible = visibleStage(graph, { connected, settingsIn, model, index, scopes })
  const secrets = secretsStage(graph, { connected, model, visible })
  const { secretsByName } = index
  const encoded = encodedStage(graph, { connected, settingsIn, secretsByName, visible, secrets })
  const findings = findingsStage(graph, { settings, connected, inForce, model, index, visible, secrets })
  const statuses = statusesStage(graph, { settings, read: inForce.read, model })

  return {
    ...edits(manifests, connected),
    ...flushes(graph, { settings, scopes }),
    ...reads(graph, { model, index, inForce, secrets }),
    isConnected: (key) => graph.get(connected, key) !== undefined,
    read: graph,
    manifests,
    chosenLabels: scopes.chosenLabels,
    targetPorts: scopes.targetPorts,
    mirrors: visible.mirrorsByRuntimeKey,
    addressedScopes: scopes.addressed,
    virtualHosts: visible.virtualHosts,
    ...encoded,
    findings,
    ...statuses,
    model: { settings: inForce.declaredSettings, ...model },
  }
}

function edits(
  manifests: Input<Manifest>,
  connected: Input<Scope>,
): Pick<Pipeline, 'setManifest' | 'deleteManifest' | 'connect' | 'disconnect'> {
  return {
    setManifest: (key, manifest) => manifests.set(key, manifest),
    deleteManifest: (key) => manifests.delete(key),
    connect: (key, scope) => connected.set(key, scope),
    disconnect: (key) => connected.delete(key),
  }
}

type Flushes = Pick<Pipeline, 'shared' | 'flush' | 'prepare' | 'prepared'> & { readonly isDue: boolean }

/** Sharing is decided by labels and ports, which are read as of the last completed flush. */
function flushes(
  graph: Graph,
  { settings, scopes }: { readonly settings: Settings; readonly scopes: Scopes },
): Flushes {
  const balanced = labelsBalancedBy(settings.locality)
  const choice = madeOnce(
    () => graph.entries(scopes.chosenLabels),
    (labels) => choiceOf(labels, balanced),
  )
  const ports = madeOnce(
    () => graph.entries(scopes.targetPorts),
    (entries) => new Map(entries),
  )
  return {
    shared(scope) {
      const chosen = choice()
      return sharedScope(sharedRelease(scope, chosen), chosen, (place) => ports().get(place))
    },
    flush: () => graph.flush(),
    prepare: (goOn) => graph.prepare(goOn),
    prepared: () => graph.prepared(),
    get isDue() {
      return graph.isDue
    },
  }
}

/** Makes a value again only if the entries are others. */
function madeOnce<E, V>(read: () => readonly E[], make: (entries: readonly E[]) => V): () => V {
  let known: { readonly entries: readonly E[]; readonly value: V } | undefined
  return () => {
    const entries = read()
    if (known?.entries !== entries) known = { entries, value: make(entries) }
    return known.value
  }
}

interface Readable {
  readonly model: Model
  readonly index: ModelIndex
  readonly inForce: InForce
  readonly secrets: Secrets
}

function reads(
  graph: Graph,
  { model, index, inForce, secrets }: Readable,
): Pick<Pipeline, 'advice' | 'expired' | 'secretsNeeded' | 'thrown' | 'failures'> {
  return {
    advice: () =>
      graph
        .entries(model.tables)
        .flatMap(([, table]) => adviceOn(table, (host) => graph.get(index.servicesByHost, host) ?? [])),
    expired: (now) => graph.entries(model.secrets).flatMap(([, secret]) => expiredFindings(secret, now)),
    secretsNeeded: () =>
      distinct([
        ...graph.entries(secrets.secretsNeeded).map(([, name]) => name),
        ...[...graph.keysFetched(inForce.secretManifests)].map(secretNameOf),
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

/** The effects of a flush for proxies. Keys of the grouped resources are `<scope>|<type>`. */
export function refreshed(pipeline: Pipeline, report: FlushReport): Refreshed {
  const changed = new Map<ScopeKey, Set<TypeName>>()
  for (const key of report.changed.get(pipeline.resources) ?? []) {
    const { scope, type } = splitResourcesKey(key)
    changed.set(scope, (changed.get(scope) ?? new Set<TypeName>()).add(type))
  }
  const sharing = [pipeline.chosenLabels, pipeline.targetPorts].some(
    (each) => (report.changed.get(each)?.size ?? 0) > 0,
  )
  return { changed, sharing: sharing ? 'changed' : 'kept' }
}

/** The number of resources of each type, over all connected scopes. */
export function resourceCounts(pipeline: Pipeline): ReadonlyMap<TypeName, number> {
  const counts = new Map<TypeName, number>(resourceTypes.map(({ name }) => [name, 0]))
  for (const [key, group] of pipeline.read.entries(pipeline.resources)) {
    const { type } = splitResourcesKey(key)
    counts.set(type, (counts.get(type) ?? 0) + group.length)
  }
  return counts
}
