import { hostname } from 'node:os'
import { randomBytes } from 'node:crypto'
import { mayHaveStatus, statusOf } from '../dialects/index.ts'
import { generationOf } from '../dialects/status.ts'
import type { StatusReport } from '../dialects/status.ts'
import { kubernetesApi } from '../kubernetes/api.ts'
import type { ClusterChoice } from '../kubernetes/credentials.ts'
import type { Manifest, PlacedManifest } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/message.ts'
import { collectionPath, kindName } from '../sources/cluster/kinds.ts'
import type { KubernetesSource } from '../sources/cluster/source.ts'
import { realClock } from '../clock.ts'
import type { Part, PartContext } from './part.ts'
import { defaultLeasePace } from '../writeback/lease-pace.ts'
import type { LeasePace } from '../writeback/lease-pace.ts'
import type { StatusList } from '../writeback/status-list.ts'
import { createWriteback } from '../writeback/writeback.ts'
import type { Subject, WritebackCounts } from '../writeback/writeback.ts'

/** How the cluster's statuses are written. */
export interface WritebackConfig {
  readonly leaseNamespace: string
  readonly leasePace?: LeasePace
  /** Milliseconds; absent: 10 minutes. */
  readonly surveyEvery?: number
}

export interface StatusWriting extends Part {
  counts(): WritebackCounts
}

interface StatusWritingOptions {
  readonly cluster: ClusterChoice | undefined
  readonly config: WritebackConfig | undefined
}

interface Cluster {
  readonly source: Pick<KubernetesSource, 'served' | 'targets'>
  /** The newest text of every object. */
  readonly manifests: () => ReadonlyMap<string, PlacedManifest>
}

const leaseName = 'shadowplane'
const defaultSurveyEvery = 10 * 60_000

/**
 * Writes the status of the cluster's objects, and Events about their findings. Undefined if no cluster is
 * read, or nothing may be written. Rejects with a UsageError if the kubeconfig cannot be used.
 */
export async function statusWriting(
  { pipeline, kubernetes, state, tell }: PartContext,
  { cluster, config }: StatusWritingOptions,
): Promise<StatusWriting | undefined> {
  if (kubernetes === undefined || cluster === undefined || config === undefined) return undefined
  const objects: Cluster = { source: kubernetes, manifests: () => state().manifests }
  const api = await kubernetesApi(cluster)
  const { read, statusReports } = pipeline
  const writeback = createWriteback({
    api,
    identity: `${hostname()}_${randomBytes(6).toString('hex')}`,
    lease: { namespace: config.leaseNamespace, name: leaseName, pace: config.leasePace ?? defaultLeasePace },
    clock: realClock,
    surveyEvery: config.surveyEvery ?? defaultSurveyEvery,
    subject: (key) => subjectOf(key, read.get(statusReports, key), objects),
    lists: (which) =>
      listsOf(which === 'all' ? undefined : read.entries(statusReports).map(([, each]) => each), objects),
    tell,
  })
  return {
    name: 'status writing',
    start: () => writeback.start(),
    flushed({ report }) {
      writeback.changed(report.changed.get(statusReports) ?? [])
    },
    diagnosed: (change) => writeback.diagnosed(change),
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
  { source, manifests }: Cluster,
): Subject | undefined {
  const manifest = report?.manifest ?? manifests().get(key)?.manifest
  const uid = manifest === undefined ? undefined : uidOf(manifest)
  const path = manifest === undefined ? undefined : pathOf(manifest, source)
  if (manifest === undefined || uid === undefined || path === undefined) return undefined
  return {
    involvedObject: { id: manifest.id, apiVersion: manifest.apiVersion, uid },
    path,
    generation: generationOf(manifest),
    ...(report === undefined ? {} : { status: (current, said) => statusOf(report, { current, ...said }) }),
  }
}

/**
 * The lists of the objects that the source reads and that may have a status; with `reports`, of their kinds
 * only.
 */
function listsOf(reports: readonly StatusReport[] | undefined, { source }: Cluster): readonly StatusList[] {
  const kinds =
    reports === undefined ? undefined : new Set(reports.map(({ manifest }) => kindName(manifest.id)))
  return source
    .targets()
    .filter(({ served }) =>
      kinds === undefined ? mayHaveStatus({ id: served }) : kinds.has(kindName(served)),
    )
    .map(({ served: { group, kind }, path, query }) => ({ group, kind, path, query }))
}

/** Undefined for an object from a file. */
function uidOf({ object: { metadata } }: Manifest): string | undefined {
  const uid = isRecord(metadata) ? metadata['uid'] : undefined
  return typeof uid === 'string' ? uid : undefined
}

function pathOf({ id, apiVersion }: Manifest, source: Pick<KubernetesSource, 'served'>): string | undefined {
  const served = source.served(id)
  if (served === undefined) return undefined
  return `${collectionPath(apiVersion, served.plural, served.namespaced ? id.namespace : '')}/${id.name}`
}
