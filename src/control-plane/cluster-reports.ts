import { hostname } from 'node:os'
import { randomBytes } from 'node:crypto'
import type { FlushReport } from '../collection/graph.ts'
import type { DiagnosticChange } from '../diagnostics/record.ts'
import { mayHaveStatus, statusOf } from '../dialects/index.ts'
import { generationOf } from '../dialects/status.ts'
import type { StatusReport } from '../dialects/status.ts'
import { kubernetesApi } from '../kubernetes/api.ts'
import type { ClusterChoice } from '../kubernetes/credentials.ts'
import type { Manifest, PlacedManifest } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/message.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { collectionPath, kindName } from '../sources/cluster/kinds.ts'
import type { KubernetesSource } from '../sources/cluster/source.ts'
import { realClock } from '../writeback/clock.ts'
import { defaultLeasePace } from '../writeback/lease-pace.ts'
import type { LeasePace } from '../writeback/lease-pace.ts'
import type { StatusList } from '../writeback/status-list.ts'
import { createWriteback } from '../writeback/writeback.ts'
import type { Subject, Writeback, WritebackEvent } from '../writeback/writeback.ts'

/** Telling the cluster what became of its objects. */
export interface WritebackConfig {
  readonly leaseNamespace: string
  readonly leasePace?: LeasePace
  /** Milliseconds; 10 minutes where it is absent. */
  readonly surveyEvery?: number
}

export interface ClusterReportsOptions {
  readonly cluster: ClusterChoice
  readonly config: WritebackConfig
  readonly pipeline: Pipeline
  readonly source: Pick<KubernetesSource, 'served' | 'targets'>
  /** The newest text of every object. */
  readonly manifests: () => ReadonlyMap<string, PlacedManifest>
  readonly tell: (event: WritebackEvent) => void
}

/**
 * What the graph and the diagnostics say, told to the cluster: which object it is of, where that is in the
 * API, and what its dialect makes of it.
 */
export interface ClusterReports extends Pick<Writeback, 'start' | 'counts' | 'close'> {
  flushed(report: FlushReport): void
  diagnosed(change: DiagnosticChange): void
}

const leaseName = 'shadowplane'
const defaultSurveyEvery = 10 * 60_000

/**
 * Starts nothing yet; `start` once the first state is served. Rejects with UsageError when the kubeconfig
 * cannot be used.
 */
export async function createClusterReports(options: ClusterReportsOptions): Promise<ClusterReports> {
  const { cluster, config, pipeline, tell } = options
  const api = await kubernetesApi(cluster)
  /** As of the last flush: a look at the graph would end the slices of the next one. */
  const reports = new Map<string, StatusReport>()
  const writeback = createWriteback({
    api,
    identity: `${hostname()}_${randomBytes(6).toString('hex')}`,
    lease: { namespace: config.leaseNamespace, name: leaseName, pace: config.leasePace ?? defaultLeasePace },
    clock: realClock,
    surveyEvery: config.surveyEvery ?? defaultSurveyEvery,
    subject: (key) => subjectOf(key, reports.get(key), options),
    lists: (which) => listsOf(which === 'all' ? undefined : reports, options),
    tell,
  })
  return {
    start: () => {
      writeback.start()
    },
    flushed(report) {
      const changed = report.changed.get(pipeline.statusReports) ?? []
      for (const key of changed) {
        const found = pipeline.read.get(pipeline.statusReports, key)
        if (found === undefined) reports.delete(key)
        else reports.set(key, found)
      }
      writeback.changed(changed)
    },
    diagnosed: (change) => {
      writeback.diagnosed(change)
    },
    counts: () => writeback.counts(),
    async close() {
      await writeback.close()
      api.close()
    },
  }
}

function subjectOf(
  key: string,
  report: StatusReport | undefined,
  { source, manifests }: ClusterReportsOptions,
): Subject | undefined {
  const manifest = report?.manifest ?? manifests().get(key)?.manifest
  const uid = manifest === undefined ? undefined : uidOf(manifest)
  const path = manifest === undefined ? undefined : pathOf(manifest, source)
  if (manifest === undefined || uid === undefined || path === undefined) return undefined
  return {
    regarded: { id: manifest.id, apiVersion: manifest.apiVersion, uid },
    path,
    generation: generationOf(manifest),
    ...(report === undefined ? {} : { status: (current, said) => statusOf(report, { current, ...said }) }),
  }
}

/**
 * Where the objects are that the source reads and that may have a status; with `reports`, those of their
 * kinds.
 */
function listsOf(
  reports: ReadonlyMap<string, StatusReport> | undefined,
  { source }: ClusterReportsOptions,
): readonly StatusList[] {
  const kinds =
    reports === undefined
      ? undefined
      : new Set([...reports.values()].map(({ manifest }) => kindName(manifest.id)))
  return source
    .targets()
    .filter(({ served }) =>
      kinds === undefined ? mayHaveStatus({ id: served }) : kinds.has(kindName(served)),
    )
    .map(({ served: { group, kind }, path, query }) => ({ group, kind, path, query }))
}

/** Undefined for an object that came from a file. */
function uidOf({ object: { metadata } }: Manifest): string | undefined {
  const uid = isRecord(metadata) ? metadata['uid'] : undefined
  return typeof uid === 'string' ? uid : undefined
}

function pathOf({ id, apiVersion }: Manifest, source: Pick<KubernetesSource, 'served'>): string | undefined {
  const served = source.served(id)
  if (served === undefined) return undefined
  return `${collectionPath(apiVersion, served.plural, served.namespaced ? id.namespace : '')}/${id.name}`
}
