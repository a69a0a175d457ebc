import { setImmediate as immediate } from 'node:timers/promises'
import { UsageError, errorText } from '../errors.ts'
import { createProbeServer } from '../admin/probes.ts'
import { createAdminServer } from '../admin/server.ts'
import { statusRoutes } from '../admin/status-routes.ts'
import type { Administered } from '../admin/status-routes.ts'
import type { FlushReport } from '../collection/graph.ts'
import { dialects, mayBeRead } from '../dialects/index.ts'
import { authenticator } from '../identity/authenticate.ts'
import { openCertificateFiles } from '../identity/certificate-files.ts'
import type { WatchedCertificate } from '../identity/certificate-files.ts'
import { recordDenials } from '../observe/denials.ts'
import type { ControlPlaneEvent } from '../observe/event.ts'
import { createMetrics } from '../observe/metrics.ts'
import { recordRefusals } from '../observe/refusals.ts'
import { createPipeline, refreshed, resourceCounts } from '../pipeline/pipeline.ts'
import { createXdsServer } from '../server/ads.ts'
import type { Authenticate } from '../server/authentication.ts'
import type { XdsEvent } from '../server/event.ts'
import { createClusterSource } from '../sources/cluster/cluster-source.ts'
import type { KubernetesSource } from '../sources/cluster/source.ts'
import { createFileSource } from '../sources/files/file-source.ts'
import type { FileSourceOptions } from '../sources/files/file-source.ts'
import { requirePaths } from '../sources/files/require-paths.ts'
import { joinSources } from '../sources/joined-sources.ts'
import { locateIn } from '../sources/locate.ts'
import { createOverlaySource } from '../sources/overlay-source.ts'
import type { Source, SourceState } from '../sources/source.ts'
import { createSnapshotCache } from '../xds/snapshot-cache.ts'
import { parseHostPort } from './config.ts'
import type { Config } from './config.ts'
import type { PartContext } from './part.ts'
import { createParts } from './parts.ts'
import type { Parts } from './parts.ts'
import { Rounds } from './rounds.ts'

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
  /** The reason for the log: a signal. */
  readonly reason?: string
  /** Milliseconds until connections that have not ended by themselves are cut; absent: two seconds. */
  readonly grace?: number
}

/**
 * Constructs sources, pipeline, servers and parts, and connects them. Resolves when proxies are served, which
 * is not before the first complete state of the sources. Rejects with a UsageError if a path does not exist
 * or an address is not available.
 */
export async function startControlPlane(
  config: Config,
  observe: (event: ControlPlaneEvent) => void,
): Promise<ControlPlane> {
  const plane = new Plane(config, observe)
  try {
    return await plane.start()
  } catch (error) {
    await plane.close()
    throw error
  }
}

/** `opening`: everything has been read, and the xDS port is being bound. */
type Life = 'reading sources' | 'reading Secrets' | 'opening' | 'serving' | 'closing'

/** Everything that takes time or permission to construct. */
interface Assembled {
  readonly kubernetes: KubernetesSource | undefined
  readonly source: Source
  readonly parts: Parts
  readonly certificate: WatchedCertificate | undefined
  readonly xds: ReturnType<typeof createXdsServer>
}

class Plane {
  readonly #config: Config
  readonly #observe: (event: ControlPlaneEvent) => void
  readonly #pipeline
  readonly #overlay = createOverlaySource()
  readonly #denials = recordDenials()
  readonly #refusals = recordRefusals()
  readonly #rounds: Rounds
  readonly #snapshots
  readonly #metrics
  #assembled: Assembled | undefined
  #servers: Pick<ReturnType<typeof createAdminServer>, 'close'>[] = []
  #life: Life = 'reading sources'
  #state: SourceState = { manifests: new Map(), diagnostics: [], outage: undefined }
  /** Proxies, including those that wait for their first snapshot. */
  #connected = 0
  #revision = 0

  constructor(config: Config, observe: (event: ControlPlaneEvent) => void) {
    this.#config = config
    this.#observe = observe
    const pipeline = createPipeline(config.settings)
    this.#pipeline = pipeline
    this.#rounds = new Rounds(pipeline, (report, milliseconds) => {
      this.#publish(report, milliseconds)
    })
    this.#snapshots = createSnapshotCache({
      shared: pipeline.shared,
      connect: pipeline.connect,
      disconnect: pipeline.disconnect,
      isReady: pipeline.isConnected,
      // In the next turn, so that the scopes of all proxies that connect together are computed together.
      wanted: () => {
        this.#rounds.begin(immediate())
      },
      read: (scope, type) =>
        (pipeline.read.get(pipeline.resources, `${scope}|${type}`) ?? []).map(({ resource }) => resource),
    })
    this.#metrics = createMetrics({
      clients: this.#clients,
      diagnostics: this.#severities,
      outage: () => this.#state.outage,
      objects: () => this.#state.manifests.size,
      resources: () => resourceCounts(pipeline),
      watches: () => this.#assembled?.kubernetes?.standings() ?? [],
      writeback: () => this.#assembled?.parts.status?.counts(),
    })
  }

  /** Reads the sources, then the Secrets that they name, then serves. */
  async start(): Promise<ControlPlane> {
    const { source, parts, xds } = (this.#assembled = await this.#assemble())
    const { host, port } = parseHostPort('--listen', this.#config.listen)
    const adminAddress = await this.#administer(parts)
    source.onChange((next) => {
      this.#accept(next)
    })
    this.#accept(await source.start())
    await this.#rounds.settled()
    this.#life = 'reading Secrets'
    await parts.secrets.read(() => this.#rounds.settled())
    this.#life = 'opening'
    await parts.findings.settled()
    const xdsAddress = await xds
      .listen(`${host.includes(':') ? `[${host}]` : host}:${port}`)
      .catch((error: unknown) => {
        throw new UsageError(`--listen: ${errorText(error)}`, { cause: error })
      })
    this.#life = 'serving'
    for (const part of parts.all) part.start?.()
    this.#tell({
      kind: 'listening',
      xds: xdsAddress,
      admin: adminAddress,
      adminScheme: this.#config.adminAccess?.tls === undefined ? 'http' : 'https',
    })
    return { xdsAddress, adminAddress, close: (ending) => this.close(ending) }
  }

  async close({ reason, grace }: Ending = {}): Promise<void> {
    this.#life = 'closing'
    this.#rounds.close()
    if (reason !== undefined) this.#tell({ kind: 'stopping', reason, proxies: this.#connected })
    const { parts, certificate, source, xds } = this.#assembled ?? {}
    await Promise.all((parts?.all ?? []).map(async (part) => part.close?.()))
    certificate?.close()
    await Promise.all([source?.close(), xds?.close(grace), ...this.#servers.map((server) => server.close())])
  }

  async #assemble(): Promise<Assembled> {
    const kubernetes = await this.#readCluster()
    const source = joinSources([
      ...(this.#config.paths.length === 0 ? [] : [createFileSource(filesOf(this.#config))]),
      ...(kubernetes === undefined ? [] : [kubernetes]),
      this.#overlay,
    ])
    const parts = await createParts(this.#config, this.#context(kubernetes))
    const authenticate = await authenticatorOf(this.#config)
    const files = this.#config.xds?.tls
    const certificate =
      files === undefined
        ? undefined
        : await openCertificateFiles(files, (news) => {
            this.#tell({ kind: 'certificate', ...news })
          })
    const xds = createXdsServer({
      snapshots: this.#snapshots,
      tls: certificate,
      authenticate,
      maxConnectionAge: this.#config.xds?.maxConnectionAge,
      virtualHostDiscovery: this.#config.virtualHosts ?? 'separate',
      limits: this.#config.limits ?? {},
      hosted: parts.all.flatMap((part) => part.services?.() ?? []),
      observe: (event) => {
        this.#note(event, parts)
      },
    })
    return { kubernetes, source, parts, certificate, xds }
  }

  async #readCluster(): Promise<KubernetesSource | undefined> {
    const { kubernetes } = this.#config
    if (kubernetes === undefined) return undefined
    const kinds = dialects.flatMap((dialect) => dialect.kinds)
    return createClusterSource(kubernetes, kinds, (reason) => {
      // Later outages come with the state of the source.
      if (this.#life !== 'serving') this.#tell({ kind: 'outage', reason })
    })
  }

  #context(kubernetes: KubernetesSource | undefined): PartContext {
    return {
      pipeline: this.#pipeline,
      overlay: this.#overlay,
      kubernetes,
      state: () => this.#state,
      clients: this.#clients,
      tell: this.#tell,
      revision: () => this.#revision,
      catchUp: () => {
        this.#rounds.catchUp()
      },
      isComplete: () => kubernetes === undefined || this.#life === 'opening' || this.#life === 'serving',
    }
  }

  /** Opens the admin listener and that of the probes; resolves with `host:port` of the former. */
  async #administer({ all }: Parts): Promise<string> {
    const { admin, probes, adminAccess = {} } = this.#config
    const administered: Administered = {
      outage: () => this.#state.outage,
      notReady: () =>
        this.#life === 'serving'
          ? undefined
          : (this.#assembled?.kubernetes?.waiting() ?? 'the configuration has not been read yet'),
      clients: this.#clients,
      diagnostics: this.#severities,
      denied: () => this.#denials.list(Date.now()),
      locate: () => locateIn(this.#state.manifests),
      metrics: this.#metrics,
    }
    const extensions = all.flatMap((part) => part.admin?.() ?? [])
    const adminServer = createAdminServer(
      [{ routes: statusRoutes(administered) }, ...extensions],
      adminAccess,
    )
    const probeServer = createProbeServer(administered)
    this.#servers = [adminServer, probeServer]
    const adminAt = parseHostPort('--admin', admin)
    const probesAt = probes === undefined ? undefined : parseHostPort('--probes', probes)
    // Mistakes in paths are reported before a port is bound, also if another process has that port.
    await requirePaths(this.#config.paths)
    const address = await adminServer.listen(adminAt)
    if (probesAt !== undefined) await probeServer.listen(probesAt)
    return address
  }

  #accept(next: SourceState): void {
    const { manifests } = this.#state
    for (const key of next.changed ?? new Set([...manifests.keys(), ...next.manifests.keys()])) {
      const [before, after] = [manifests.get(key)?.manifest, next.manifests.get(key)?.manifest]
      if (after === undefined) this.#pipeline.deleteManifest(key)
      else if (after !== before) this.#pipeline.setManifest(key, after)
    }
    if (next.outage !== this.#state.outage) this.#tell({ kind: 'outage', reason: next.outage })
    this.#state = next
    this.#rounds.begin(Promise.resolve())
  }

  #publish(report: FlushReport, milliseconds: number): void {
    this.#revision += 1
    this.#metrics.flushed(milliseconds)
    const change = refreshed(this.#pipeline, report)
    const parts = this.#assembled?.parts.all ?? []
    for (const part of parts) part.flushed?.({ report, scopes: change.changed.size, milliseconds })
    this.#snapshots.advance(change)
    for (const part of parts) part.published?.()
  }

  #note(event: XdsEvent, { findings }: Parts): void {
    this.#revision += 1
    if (event.kind === 'connected') this.#connected += 1
    if (event.kind === 'disconnected') this.#connected -= 1
    this.#tell(event)
    this.#denials.record(event, Date.now())
    if (this.#refusals.record(event)) findings.show('refusals', this.#refusals.diagnostics())
  }

  readonly #tell = (event: ControlPlaneEvent): void => {
    this.#metrics.observe(event)
    this.#observe(event)
  }

  readonly #clients = () => this.#assembled?.xds.clients() ?? []

  readonly #severities = () =>
    this.#assembled?.parts.findings.severities() ?? { error: 0, warning: 0, info: 0 }
}

async function authenticatorOf({ xds }: Config): Promise<Authenticate | undefined> {
  if (xds === undefined) return undefined
  const certificates = xds.tls?.clientCa === undefined ? 'unknown' : 'required'
  return authenticator({ identity: xds.identity, certificates }).catch((error: unknown) => {
    throw new UsageError(`--proxy-identity ${xds.identity.kind}: ${errorText(error)}`, { cause: error })
  })
}

function filesOf({ paths, settleAfter }: Config): FileSourceOptions {
  return { paths, mayBeRead, ...(settleAfter === undefined ? {} : { settleAfter }) }
}
