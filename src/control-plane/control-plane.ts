import { setImmediate as immediate } from 'node:timers/promises'
import { createProbeServer } from '../admin/probes.ts'
import type { Administered } from '../admin/routes.ts'
import { createAdminServer } from '../admin/server.ts'
import { createTaps } from '../admin/taps.ts'
import type { RecorderAddress } from '../admin/taps.ts'
import { createClusterReports } from './cluster-reports.ts'
import { parseHostPort } from './config.ts'
import type { Config } from './config.ts'
import type { Severity } from '../diagnostics/codes.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { objectKey, objectName } from '../diagnostics/diagnostic.ts'
import type { LocateOrigin } from '../diagnostics/placed.ts'
import { recordInternalErrors } from '../diagnostics/internal-error.ts'
import { recordDiagnostics } from '../diagnostics/record.ts'
import { renderText } from '../diagnostics/render.ts'
import { recordDenials } from '../observe/denials.ts'
import { dialects, mayBeRead } from '../dialects/index.ts'
import type { ControlPlaneEvent, ShownDiagnostic } from '../observe/event.ts'
import { authenticator } from '../identity/authenticate.ts'
import { openCertificateFiles } from '../identity/certificate-files.ts'
import { createMetrics } from '../observe/metrics.ts'
import { recordMirrors } from '../observe/mirror-changes.ts'
import { recordRefusals } from '../observe/refusals.ts'
import { createPipeline, refreshed } from '../pipeline/pipeline.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { FlushReport } from '../collection/graph.ts'
import { createXdsServer } from '../server/ads.ts'
import type { Authenticate } from '../server/authentication.ts'
import type { ClientState } from '../server/status/client-state.ts'
import { createClusterSource } from '../sources/cluster/cluster-source.ts'
import { createFileSource } from '../sources/files/file-source.ts'
import type { FileSourceOptions } from '../sources/files/file-source.ts'
import { joinSources } from '../sources/joined-sources.ts'
import { locateIn } from '../sources/locate.ts'
import { createOverlaySource } from '../sources/overlay-source.ts'
import { requirePaths } from '../sources/files/require-paths.ts'
import { UsageError } from '../sources/source.ts'
import type { SourceState } from '../sources/source.ts'
import { tapStanding } from './tap-standing.ts'
import { resourceTypes } from '../xds/resource-types.ts'
import type { TypeName } from '../xds/resource-types.ts'
import { createSnapshotCache } from '../xds/snapshot-cache.ts'

export type { ControlPlaneEvent } from '../observe/event.ts'

export interface ControlPlane {
  /** `host:port` of the xDS server. */
  readonly xdsAddress: string
  /** `host:port` of the admin listener. */
  readonly adminAddress: string
  /** Resolves when every connection has ended or is cut. */
  close(ending?: Ending): Promise<void>
}

export interface Ending {
  /** Why, for the log: a signal. */
  readonly reason?: string
  /** Milliseconds until connections that have not ended by themselves are cut; absent: two seconds. */
  readonly grace?: number
}

/** Milliseconds of computing at a time. */
const slice = 8

/**
 * Constructs sources, pipeline and servers, and connects them. Resolves when proxies are served, which is not
 * before the first complete state of the sources. Rejects with UsageError when a path is not there or an
 * address cannot be had.
 */
export async function startControlPlane(
  config: Config,
  observe: (event: ControlPlaneEvent) => void,
): Promise<ControlPlane> {
  const pipeline = createPipeline(config.settings)
  const overlay = createOverlaySource()
  const kubernetes =
    config.kubernetes === undefined
      ? undefined
      : await createClusterSource(
          config.kubernetes,
          dialects.flatMap(({ kinds }) => kinds),
          (reason) => {
            // From then on `accept` tells it.
            if (!ready) tell({ kind: 'outage', reason })
          },
        )
  const source = joinSources([
    ...(config.paths.length === 0 ? [] : [createFileSource(filesOf(config))]),
    ...(kubernetes === undefined ? [] : [kubernetes]),
    overlay,
  ])
  const reports =
    kubernetes === undefined || config.writeback === undefined || config.kubernetes === undefined
      ? undefined
      : await createClusterReports({
          cluster: config.kubernetes,
          config: config.writeback,
          pipeline,
          source: kubernetes,
          manifests: () => state.manifests,
          tell: (event) => {
            tell(event)
          },
        })
  const mirrors = recordMirrors()
  const refusals = recordRefusals()
  const denials = recordDenials()
  const bugs = recordInternalErrors()
  const diagnostics = recordDiagnostics()
  const shown = new Map<string, ShownDiagnostic>()
  /** Since they were last shown. */
  let changedFindings: (readonly [string, readonly Diagnostic[]])[] = []
  let state: SourceState = { manifests: new Map(), diagnostics: [], outage: undefined }
  let ready = false
  /** Secrets are read last, as the configuration names them: until then, what lacks one is no mistake. */
  let complete = kubernetes === undefined
  let closed = false
  /** Proxies, those that wait for their first snapshot included. */
  let connected = 0
  /** While changes are computed piece by piece, with turns of the event loop in between. */
  let working: Promise<void> | undefined
  /** Whether something has come since the last round began. */
  let asked = false
  /** Milliseconds spent on the flush to come. */
  let spent = 0
  /** The revision as it was at rest. */
  let settled = -1
  let counted: ReadonlyMap<TypeName, number> = new Map()
  /** Counts whatever may change what proxies have, or should have. */
  let revision = 0
  /** The Secrets that the cluster was asked for last, as JSON. */
  let followed = '[]'

  const clients = (): readonly ClientState[] => xds.clients()
  const severities = () => countBySeverity(shown.values())
  const metrics = createMetrics({
    clients,
    diagnostics: severities,
    outage: () => state.outage,
    objects: () => state.manifests.size,
    // A look at the graph would have the rest of a large change computed at once.
    resources: () => {
      if (working === undefined) counted = resourceCounts(pipeline)
      return counted
    },
    watches: () => kubernetes?.standings() ?? [],
    writeback: () => reports?.counts(),
  })
  const tell = (event: ControlPlaneEvent): void => {
    metrics.observe(event)
    observe(event)
  }

  const snapshots = createSnapshotCache({
    shared: pipeline.shared,
    connect: pipeline.connect,
    disconnect: pipeline.disconnect,
    isReady: pipeline.isConnected,
    // In the next turn, so that the scopes of all proxies that connect together are computed together.
    wanted: () => {
      begin(immediate())
    },
    refresh() {
      revision += 1
      const report = metrics.timeFlush(() => pipeline.prepared(), spent)
      spent = 0
      changedFindings.push(
        ...[...(report.changed.get(pipeline.findings) ?? [])].map(
          (key) => [key, pipeline.read.get(pipeline.findings, key) ?? []] as const,
        ),
      )
      const result = refreshed(pipeline, report)
      reports?.flushed(report)
      announce(report, result.changed.size)
      followSecrets()
      return result
    },
    read: (scope, type) =>
      (pipeline.read.get(pipeline.resources, `${scope}|${type}`) ?? []).map(({ resource }) => resource),
  })

  const files = config.xds?.tls
  const authenticate = await authenticatorOf(config)
  const certificate =
    files === undefined
      ? undefined
      : await openCertificateFiles(files, (news) => {
          tell({ kind: 'certificate', ...news })
        })
  const xds = createXdsServer({
    snapshots,
    tls: certificate,
    authenticate,
    maxConnectionAge: config.xds?.maxConnectionAge,
    virtualHostDiscovery: config.virtualHosts ?? 'apart',
    limits: config.limits ?? {},
    observe(event) {
      revision += 1
      if (event.kind === 'connected') connected += 1
      if (event.kind === 'disconnected') connected -= 1
      tell(event)
      denials.record(event, Date.now())
      if (refusals.record(event)) showDiagnostics([['refusals', refusals.diagnostics()]])
    },
  })
  const taps = createTaps({
    overlay: {
      set(object) {
        const id = overlay.set(object)
        catchUp()
        return id
      },
      delete: overlay.delete,
    },
    objects: () => [...state.manifests.values()].map(({ manifest }) => manifest.id),
    // A standing is a look at the graph, too.
    revision: () => {
      if (working === undefined) settled = revision
      return settled
    },
    standing: (tap) =>
      tapStanding(tap, { pipeline, clients: clients(), findings: findingsOn(objectName(tap)) }),
    recorder: config.recorder ?? recorderBeside(config.listen),
  })
  const administered: Administered = {
    outage: () => state.outage,
    notReady: () =>
      ready ? undefined : (kubernetes?.waiting() ?? 'the configuration has not been read yet'),
    clients,
    diagnostics: severities,
    denied: () => denials.list(Date.now()),
    locate: () => locateIn(state.manifests),
    metrics,
  }
  const admin = createAdminServer(administered, { taps, access: config.adminAccess ?? {} })
  const probes = createProbeServer(administered)

  /** What is wrong with an object that the process itself added: its name stands nowhere else. */
  function findingsOn(name: string): readonly string[] {
    return [...shown.values()]
      .filter(({ severity, text }) => severity !== 'info' && text.includes(name))
      .map(({ text }) => text)
  }

  function accept(next: SourceState): void {
    for (const key of next.changed ?? new Set([...state.manifests.keys(), ...next.manifests.keys()])) {
      const [before, after] = [state.manifests.get(key)?.manifest, next.manifests.get(key)?.manifest]
      if (after === undefined) pipeline.deleteManifest(key)
      else if (after !== before) pipeline.setManifest(key, after)
    }
    if (next.outage !== state.outage) tell({ kind: 'outage', reason: next.outage })
    state = next
    begin(Promise.resolve())
  }

  function begin(turn: Promise<void>): void {
    asked = true
    working ??= turn.then(work)
  }

  /**
   * An edit is computed at once; what takes longer, and a scope that nobody had, leaves turns to streams,
   * probes and watches, and is seen by nobody before all of it is done. What comes meanwhile is the next
   * round's, so that a storm of it holds nothing back.
   */
  async function work(): Promise<void> {
    while (asked || pipeline.isDue) {
      asked = false
      while (!prepared()) {
        await immediate()
        if (closed) return
      }
      advance()
      await immediate()
      if (closed) return
    }
    working = undefined
  }

  function advance(): void {
    snapshots.advance()
    changedFindings.push(
      ['files', state.diagnostics],
      ['expired certificates', pipeline.expired(Date.now())],
      ['failures', pipeline.failures()],
    )
    for (const bug of bugs.update(pipeline.thrown())) tell({ kind: 'internal-error', ...bug })
    // After the pushes.
    setImmediate(tellFindings)
  }

  /** All that is left, in one piece. */
  function catchUp(): void {
    while (pipeline.isDue) pipeline.prepare(() => true)
    advance()
  }

  /** Computes for a while; true when a round is complete. */
  function prepared(): boolean {
    const begun = performance.now()
    const done = pipeline.prepare(() => performance.now() < begun + slice)
    spent += performance.now() - begun
    return done
  }

  /**
   * Secrets are read one by one, as the configuration names them: that needs no permission to read others.
   */
  function followSecrets(): void {
    if (kubernetes === undefined) return
    const needed = pipeline.secretsNeeded()
    if (JSON.stringify(needed) === followed) return
    followed = JSON.stringify(needed)
    void kubernetes.follow(needed)
  }

  /** Resolves when they have been read, and those that they lead to. */
  async function secretsRead(): Promise<void> {
    if (kubernetes === undefined) return
    for (let before = ''; before !== followed;) {
      before = followed
      await kubernetes.follow(pipeline.secretsNeeded())
      // What was read is accepted in the turn after.
      await immediate()
      await immediate()
      await working
    }
  }

  function announce(report: FlushReport, scopes: number): void {
    const changed = [...(report.changed.get(pipeline.mirrors) ?? [])].map(
      (key) => [key, pipeline.read.get(pipeline.mirrors, key)?.[0]] as const,
    )
    const changes = mirrors.update(changed)
    const objects = report.changed.get(pipeline.manifests)?.size ?? 0
    if (objects === 0) return
    tell({
      kind: 'config-changed',
      mirrors: changes,
      objects,
      translated: report.runs.get('translate') ?? 0,
      resources: report.changed.get(pipeline.scopedResources)?.size ?? 0,
      scopes,
    })
  }

  function tellFindings(): void {
    if (!complete) return
    const parts = changedFindings
    changedFindings = []
    showDiagnostics(parts)
  }

  /** Only what is new is rendered: positions are looked up by reading a document again. */
  function showDiagnostics(parts: Iterable<readonly [string, readonly Diagnostic[]]>): void {
    const change = diagnostics.update(parts)
    reports?.diagnosed(change)
    if (change.added.length + change.resolved.length === 0) return
    const resolved = change.resolved
      .map((each) => shown.get(JSON.stringify(each)))
      .filter((each) => each !== undefined)
    for (const each of change.resolved) shown.delete(JSON.stringify(each))
    const added = showAll(change.added, locateIn(state.manifests))
    change.added.forEach((each, index) => {
      const text = added[index]
      if (text !== undefined) shown.set(JSON.stringify(each), text)
    })
    tell({ kind: 'diagnostics', added, resolved })
  }

  async function close({ reason, grace }: Ending = {}): Promise<void> {
    ready = false
    closed = true
    if (reason !== undefined) tell({ kind: 'stopping', reason, proxies: connected })
    await Promise.all([taps.close(), reports?.close()])
    certificate?.close()
    await Promise.all([source.close(), xds.close(grace), admin.close(), probes.close()])
  }

  try {
    const { host, port } = parseHostPort('--listen', config.listen)
    const adminAt = parseHostPort('--admin', config.admin)
    const probesAt = config.probes === undefined ? undefined : parseHostPort('--probes', config.probes)
    // What is written wrongly is reported before a port is bound, whoever has that port.
    await requirePaths(config.paths)
    const adminAddress = await admin.listen(adminAt)
    if (probesAt !== undefined) await probes.listen(probesAt)
    source.onChange(accept)
    accept(await source.start())
    await working
    await secretsRead()
    complete = true
    tellFindings()
    const xdsAddress = await xds
      .listen(`${host.includes(':') ? `[${host}]` : host}:${port}`)
      .catch((error: unknown) => {
        throw new UsageError(`--listen: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        })
      })
    ready = true
    reports?.start()
    tell({
      kind: 'listening',
      xds: xdsAddress,
      admin: adminAddress,
      adminScheme: config.adminAccess?.tls === undefined ? 'http' : 'https',
    })
    return { xdsAddress, adminAddress, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function authenticatorOf({ xds }: Config): Promise<Authenticate | undefined> {
  if (xds === undefined) return undefined
  const certificates = xds.tls?.clientCa === undefined ? 'unknown' : 'required'
  return authenticator({ identity: xds.identity, certificates }).catch((error: unknown) => {
    throw new UsageError(
      `--proxy-identity ${xds.identity.kind}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  })
}

function filesOf({ paths, settleAfter }: Config): FileSourceOptions {
  return { paths, mayBeRead, ...(settleAfter === undefined ? {} : { settleAfter }) }
}

/** Where recorders listen unless the operator says it: beside the xDS server, on any port. */
function recorderBeside(listen: string): RecorderAddress {
  const { host } = parseHostPort('--listen', listen)
  return { host, ports: [0], advertised: host }
}

/**
 * In the given order, but those of one object are rendered together: for their places its document is read
 * once.
 */
function showAll(diagnostics: readonly Diagnostic[], locate: LocateOrigin): readonly ShownDiagnostic[] {
  const byObject = Map.groupBy(diagnostics, ({ origin }) =>
    origin === undefined ? '' : objectKey(origin.object),
  )
  const texts = new Map([...byObject.values()].flat().map((each) => [each, show(each, locate)] as const))
  return diagnostics.flatMap((each) => texts.get(each) ?? [])
}

function show(diagnostic: Diagnostic, locate: LocateOrigin): ShownDiagnostic {
  return {
    code: diagnostic.code,
    severity: diagnostic.severity,
    text: renderText([diagnostic], locate).trimEnd(),
  }
}

function resourceCounts(pipeline: Pipeline): ReadonlyMap<TypeName, number> {
  const counts = new Map<TypeName, number>(resourceTypes.map(({ name }) => [name, 0]))
  for (const [key, group] of pipeline.read.entries(pipeline.resources)) {
    const type = key.slice(key.lastIndexOf('|') + 1) as TypeName
    counts.set(type, (counts.get(type) ?? 0) + group.length)
  }
  return counts
}

function countBySeverity(diagnostics: Iterable<ShownDiagnostic>): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, info: 0 }
  for (const { severity } of diagnostics) counts[severity] += 1
  return counts
}
