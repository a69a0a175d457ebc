import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Severity } from '../diagnostics/codes.ts'
import type { ControlPlaneEvent } from './event.ts'
import type { ClientState } from '../server/status/client-state.ts'
import type { TargetStanding } from '../sources/cluster/held.ts'
import { version } from '../version.ts'
import type { WritebackCounts } from '../writeback/writeback.ts'
import { resourceTypes } from '../xds/resource-types.ts'
import type { TypeName } from '../xds/resource-types.ts'

/** The values that metrics read when they are scraped. */
export interface Measured {
  readonly clients: () => readonly ClientState[]
  readonly diagnostics: () => Readonly<Record<Severity, number>>
  readonly outage: () => string | undefined
  readonly objects: () => number
  /** Resources in force, over all scopes with a proxy. */
  readonly resources: () => ReadonlyMap<TypeName, number>
  /** Lists and watches of a cluster, if one is read. */
  readonly watches?: () => readonly TargetStanding[]
  /** The counts of writing to a cluster, if it is written to. */
  readonly writeback?: () => WritebackCounts | undefined
}

/** Prometheus metrics of one control plane; each is explained in docs/metrics.md. */
export interface Metrics {
  observe(event: ControlPlaneEvent): void
  /** Observes the time of one flush of the pipeline, in milliseconds of computing. */
  flushed(milliseconds: number): void
  /** The text exposition format, and its media type. */
  exposition(): Promise<{ readonly text: string; readonly mediaType: string }>
}

export function createMetrics(measured: Measured): Metrics {
  const register = new Registry()
  const registers = [register]
  const flushes = new Histogram({
    name: 'shadowplane_flush_duration_seconds',
    help: 'Time to bring the pipeline up to date after changes.',
    buckets: flushBuckets,
    registers,
  })
  const changed = new Gauge({
    name: 'shadowplane_config_last_change_timestamp_seconds',
    help: 'When an object of the configuration last changed, in Unix time.',
    registers,
  })
  const until = new Gauge({
    name: 'shadowplane_xds_certificate_expiry_timestamp_seconds',
    help: 'When the certificate of the xDS port expires, in Unix time; 0 without one.',
    registers,
  })
  const observeStreams = streamMetrics(registers)
  addGauges(measured, registers)
  if (measured.watches !== undefined) addWatchGauges(measured.watches, registers)
  if (measured.writeback !== undefined) addWritebackMetrics(measured.writeback, registers)
  let processToo = false
  return {
    observe(event) {
      if (event.kind === 'config-changed') changed.setToCurrentTime()
      if (event.kind === 'certificate') until.set(Date.parse(event.until) / 1000)
      observeStreams(event)
    },
    flushed(milliseconds) {
      flushes.observe(milliseconds / 1000)
    },
    async exposition() {
      // These watch the process from then on, at a small cost, so they begin with the first scrape.
      if (!processToo) collectDefaultMetrics({ register })
      processToo = true
      return { text: await register.metrics(), mediaType: register.contentType }
    },
  }
}

const flushBuckets = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
]
const ackBuckets = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

interface Tally {
  pushes: number
  bytes: number
  acks: number
  nacks: number
}

/**
 * Counters by type. There may be thousands of pushes at once, so they are plain numbers that are read by a
 * scrape.
 */
function typeCounters(registers: Registry[]): ReadonlyMap<TypeName, Tally> {
  const tallies = new Map<TypeName, Tally>(
    resourceTypes.map(({ name }) => [name, { pushes: 0, bytes: 0, acks: 0, nacks: 0 }]),
  )
  const counter = (name: string, help: string, field: keyof Tally): Counter =>
    new Counter({
      name,
      help,
      labelNames: ['type'],
      registers,
      collect() {
        this.reset()
        for (const [type, tally] of tallies) this.inc({ type }, tally[field])
      },
    })
  counter('shadowplane_pushes_total', 'Responses sent.', 'pushes')
  counter('shadowplane_push_bytes_total', 'Bytes of the responses sent.', 'bytes')
  counter('shadowplane_acks_total', 'Responses that proxies accepted.', 'acks')
  counter('shadowplane_nacks_total', 'Responses that proxies refused.', 'nacks')
  return tallies
}

/** Metrics of the streams' events. */
function streamMetrics(registers: Registry[]): (event: ControlPlaneEvent) => void {
  const tallies = typeCounters(registers)
  const latency = new Histogram({
    name: 'shadowplane_ack_latency_seconds',
    help: 'Time from a response to its ACK or NACK.',
    labelNames: ['type'],
    buckets: ackBuckets,
    registers,
  })
  const connections = new Counter({
    name: 'shadowplane_connections_total',
    help: 'Streams that a proxy opened.',
    labelNames: ['mode'],
    registers,
  })
  const refusals = new Counter({
    name: 'shadowplane_requests_refused_total',
    help: 'Requests that were malformed, or of a type that is not served.',
    registers,
  })
  const denials = new Counter({
    name: 'shadowplane_proxies_denied_total',
    help: 'Streams that were refused for who asked.',
    labelNames: ['code'],
    registers,
  })
  for (const code of ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'UNAVAILABLE']) denials.inc({ code }, 0)
  const sentAt = new Map<number, Map<TypeName, number>>()
  return (event) => {
    if (event.kind === 'connected') {
      sentAt.set(event.proxy.stream, new Map())
      connections.inc({ mode: event.proxy.mode })
    } else if (event.kind === 'disconnected') {
      sentAt.delete(event.proxy.stream)
    } else if (event.kind === 'refused') {
      refusals.inc()
    } else if (event.kind === 'denied') {
      denials.inc({ code: event.code })
    } else if (event.kind === 'pushed' || event.kind === 'acked' || event.kind === 'nacked') {
      const tally = tallies.get(event.type)
      const ofStream = sentAt.get(event.proxy.stream)
      if (tally === undefined || ofStream === undefined) return
      if (event.kind === 'pushed') {
        tally.pushes += 1
        tally.bytes += event.bytes
        ofStream.set(event.type, performance.now())
        return
      }
      tally[event.kind === 'acked' ? 'acks' : 'nacks'] += 1
      const since = ofStream.get(event.type)
      if (since !== undefined) latency.observe({ type: event.type }, (performance.now() - since) / 1000)
    }
  }
}

/** Metrics of the present state, read by a scrape. */
function addGauges(
  { clients, diagnostics, outage, objects, resources }: Measured,
  registers: Registry[],
): void {
  new Gauge({
    name: 'shadowplane_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: version(), node: process.versions.node }, 1)
  gauge('shadowplane_proxies', 'Streams of proxies that are connected.', {
    labels: ['mode', 'role'],
    registers,
    read: () => counted(clients().map(({ proxy }) => ({ mode: proxy.mode, role: proxy.scope.role }))),
  })
  gauge(
    'shadowplane_subscriptions',
    'Types that connected proxies have asked for, by whether they are in step.',
    {
      labels: ['type', 'status'],
      registers,
      read: () =>
        counted(clients().flatMap(({ types }) => [...types].map(([type, { status }]) => ({ type, status })))),
    },
  )
  gauge('shadowplane_resources', 'Resources in force, over all scopes with a proxy.', {
    labels: ['type'],
    registers,
    read: () => [...resources()].map(([type, value]) => ({ labels: { type }, value })),
  })
  gauge('shadowplane_diagnostics', 'Findings in force.', {
    labels: ['severity'],
    registers,
    read: () => Object.entries(diagnostics()).map(([severity, value]) => ({ labels: { severity }, value })),
  })
  gauge('shadowplane_config_objects', 'Objects of the configuration that were read.', {
    labels: [],
    registers,
    read: () => [{ labels: {}, value: objects() }],
  })
  gauge('shadowplane_source_outage', '1 while a source cannot be read and the last good state is served.', {
    labels: [],
    registers,
    read: () => [{ labels: {}, value: outage() === undefined ? 0 : 1 }],
  })
}

/** One series for each kind: all of its namespaces together, if they are read one by one. */
function addWatchGauges(watches: () => readonly TargetStanding[], registers: Registry[]): void {
  const byKind = (value: (of: readonly TargetStanding[]) => number) => (): readonly Sample[] =>
    [...Map.groupBy(watches(), ({ kind }) => kind)].map(([kind, of]) => ({
      labels: { kind },
      value: value(of),
    }))
  const labels = ['kind']
  gauge('shadowplane_kubernetes_synced', '1 once all objects of the kind have been read.', {
    labels,
    registers,
    read: byKind((of) => (of.every(({ synced }) => synced) ? 1 : 0)),
  })
  gauge('shadowplane_kubernetes_objects', 'Objects of the kind that are held.', {
    labels,
    registers,
    read: byKind((of) => sum(of.map(({ objects }) => objects))),
  })
  gauge('shadowplane_kubernetes_failing', 'Lists and watches of the kind that failed at the last attempt.', {
    labels,
    registers,
    read: byKind((of) => of.filter(({ error }) => error !== undefined).length),
  })
  gauge(
    'shadowplane_kubernetes_watch_restarts',
    'Watches of the kind after the first, since the kind was found.',
    { labels, registers, read: byKind((of) => sum(of.map(({ restarts }) => restarts))) },
  )
}

/** Status and Events of a cluster's objects; no series if nothing is written. */
function addWritebackMetrics(counts: () => WritebackCounts | undefined, registers: Registry[]): void {
  const one = (value: (of: WritebackCounts) => number) => (): readonly Sample[] =>
    [counts()].flatMap((of) => (of === undefined ? [] : [{ labels: {}, value: value(of) }]))
  const byOutcome =
    (outcomes: (of: WritebackCounts) => Readonly<Record<string, number>>) => (): readonly Sample[] =>
      [counts()].flatMap((of) =>
        of === undefined
          ? []
          : Object.entries(outcomes(of)).map(([outcome, value]) => ({ labels: { outcome }, value })),
      )
  gauge(
    'shadowplane_kubernetes_leader',
    '1 while this replica holds the Lease, and so writes status and Events.',
    { labels: [], registers, read: one(({ held }) => (held ? 1 : 0)) },
  )
  gauge(
    'shadowplane_kubernetes_writes_waiting',
    'Objects and Events that are still to be written, and lists that are still to be compared.',
    { labels: [], registers, read: one(({ waiting }) => waiting) },
  )
  readCounter(
    'shadowplane_kubernetes_statuses_total',
    'Statuses that were looked at, by what became of it.',
    { labels: ['outcome'], registers, read: byOutcome(({ statuses }) => statuses) },
  )
  readCounter(
    'shadowplane_kubernetes_status_lists_total',
    'Lists whose statuses were compared with the wanted status.',
    { labels: ['outcome'], registers, read: byOutcome(({ lists }) => lists) },
  )
  readCounter('shadowplane_kubernetes_events_total', 'Events that were written, by outcome.', {
    labels: ['outcome'],
    registers,
    read: byOutcome(({ events }) => events),
  })
  readCounter(
    'shadowplane_kubernetes_conflicts_total',
    'Statuses that somebody else wrote at the same time.',
    { labels: [], registers, read: one(({ conflicts }) => conflicts) },
  )
}

/** Counted elsewhere. */
function readCounter(
  name: string,
  help: string,
  { labels: labelNames, registers, read }: GaugeOptions,
): Counter {
  return new Counter({
    name,
    help,
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const { labels, value } of read()) this.inc({ ...labels }, value)
    },
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface GaugeOptions {
  readonly labels: string[]
  readonly registers: Registry[]
  readonly read: () => readonly Sample[]
}

function gauge(name: string, help: string, { labels: labelNames, registers, read }: GaugeOptions): Gauge {
  return new Gauge({
    name,
    help,
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const { labels, value } of read()) this.set({ ...labels }, value)
    },
  })
}

function counted(labels: readonly Sample['labels'][]): readonly Sample[] {
  const groups = Map.groupBy(labels, (each) => JSON.stringify(each))
  return [...groups.values()].flatMap((same) =>
    same[0] === undefined ? [] : [{ labels: same[0], value: same.length }],
  )
}
