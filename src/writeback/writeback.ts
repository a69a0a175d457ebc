import { objectKey } from '../diagnostics/diagnostic.ts'
import { ApiFailure } from '../kubernetes/failure.ts'
import type { KubernetesApi } from '../kubernetes/api.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { DiagnosticChange } from '../diagnostics/record.ts'
import type { JsonObject } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/message.ts'
import type { Clock } from './clock.ts'
import { writeEvent } from './event-write.ts'
import type { Regarded } from './event-object.ts'
import { withdrawn } from './field-ownership.ts'
import { createLeaseKeeper } from './lease-keeper.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import type { LeasePace } from './lease-pace.ts'
import { StandingDiagnostics } from './standing-diagnostics.ts'
import type { StatusList } from './status-list.ts'
import { StatusSurvey } from './status-survey.ts'
import { wantedStatus, writeStatus } from './status-write.ts'
import type { StatusOrder, StatusReading } from './status-write.ts'
import { WorkQueue } from './work-queue.ts'
import type { Outcome } from './work-queue.ts'

/** An object of the cluster, of which something is to be told there. */
export interface Subject {
  readonly regarded: Regarded
  /** Of the object in the API. */
  readonly path: string
  /** Of the text that is spoken of. */
  readonly generation: number | undefined
  /** The status to have instead of `current`; absent where nothing is said in one: what we said in it before is taken back. */
  readonly status?: (current: JsonObject, said: { readonly diagnostics: readonly Diagnostic[]; readonly now: string }) => JsonObject | undefined
}

export interface WritebackOptions {
  readonly api: KubernetesApi
  /** Of this replica; no other one has it, before or after a restart. */
  readonly identity: string
  readonly lease: { readonly namespace: string; readonly name: string; readonly pace: LeasePace }
  readonly clock: Clock
  /** The object as it is now, by object key; undefined for one that is in no cluster. */
  readonly subject: (key: string) => Subject | undefined
  /** Milliseconds from one look at all statuses to the next, give or take a tenth. */
  readonly surveyEvery: number
  /** Where objects that may have a status are; `told`: where some have one of ours now. */
  readonly lists: (which: 'all' | 'told') => readonly StatusList[]
  readonly tell: (event: WritebackEvent) => void
}

export type WritebackEvent =
  | { readonly kind: 'lease'; readonly held: boolean }
  /** What cannot be written; undefined once all can. */
  | { readonly kind: 'write-failed'; readonly reason: string | undefined }

/** What was done so far. */
export interface WritebackCounts {
  readonly held: boolean
  /** Objects of which something is still to be told, and lists that are still to be compared. */
  readonly waiting: number
  readonly lists: Readonly<Record<'read' | 'failed', number>>
  readonly statuses: Readonly<Record<'written' | 'equal' | 'gone' | 'failed', number>>
  readonly conflicts: number
  readonly events: Readonly<Record<'created' | 'repeated' | 'told' | 'failed', number>>
}

/** Tells the cluster what became of its objects, in their status and by Events, while it holds the Lease. */
export interface Writeback {
  start(): void
  /** There is something else to say in the status of these objects, or nothing any more. */
  changed(keys: Iterable<string>): void
  diagnosed(change: DiagnosticChange): void
  counts(): WritebackCounts
  /** Finishes what is under way and releases the Lease. The API stays open. */
  close(): Promise<void>
}

/** Milliseconds after which a diagnostic that still stands is told again: Events are gone after an hour. */
const repeatAfter = 30 * 60_000
/** Milliseconds that writes under way are given at the end. */
const patience = 2_000

/** Starts nothing yet. */
export function createWriteback(options: WritebackOptions): Writeback {
  return new Writer(options)
}

class Writer implements Writeback {
  readonly #options: WritebackOptions
  readonly #keeper: LeaseKeeper
  readonly #reading: StatusReading
  readonly #survey: StatusSurvey
  readonly #statuses: WorkQueue
  readonly #events: WorkQueue
  readonly #standing = new StandingDiagnostics()
  readonly #counts = { statuses: { written: 0, equal: 0, gone: 0, failed: 0 }, conflicts: 0, events: { created: 0, repeated: 0, told: 0, failed: 0 } }
  readonly #problems = new Map<string, string>()
  #cancelRepeat: (() => void) | undefined
  #closing = false

  constructor(options: WritebackOptions) {
    const { api, clock, identity, lease, lists, surveyEvery } = options
    this.#options = options
    // Another installation in the same cluster has another Lease.
    this.#reading = { manager: `${lease.name}.${lease.namespace}`, now: () => clock.date() }
    this.#survey = new StatusSurvey({
      api, clock, lists, every: surveyEvery,
      look: (list, object) => { this.#compare(list, object) }, tell: (path, reason) => { this.#note(path, reason) },
    })
    this.#statuses = new WorkQueue({ clock, rate: { perSecond: 50, burst: 100 }, atOnce: 8, settle: 100, isWorth: (key) => this.#options.subject(key) !== undefined || this.#dropped(key), work: (key, tenure) => this.#writeStatus(key, tenure) })
    this.#events = new WorkQueue({ clock, rate: { perSecond: 10, burst: 50 }, atOnce: 2, settle: 500, isWorth: (key) => this.#isTold(key), work: (key, tenure) => this.#writeEvent(key, tenure) })
    this.#keeper = createLeaseKeeper({
      api, clock, identity, ...lease,
      listener: {
        gained: (tenure) => { this.#begin(tenure) },
        trouble: (reason) => { this.#note('Lease', reason) },
      },
    })
  }

  start(): void {
    this.#keeper.start()
  }

  changed(keys: Iterable<string>): void {
    for (const key of keys) this.#statuses.add(key)
  }

  diagnosed(change: DiagnosticChange): void {
    const { objects, added } = this.#standing.update(change)
    for (const key of objects) if (this.#options.subject(key)?.status !== undefined) this.#statuses.add(key)
    for (const key of added) this.#events.add(key)
  }

  counts(): WritebackCounts {
    return { held: this.#keeper.holds, waiting: this.#survey.size + this.#statuses.size + this.#events.size, lists: this.#survey.counts, ...this.#counts }
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#end()
    const late = Promise.withResolvers<void>()
    const cancel = this.#options.clock.after(patience, late.resolve)
    await Promise.race([Promise.all([this.#survey, this.#statuses, this.#events].map((each) => each.ended())), late.promise])
    cancel()
    await this.#keeper.close()
  }

  #begin(tenure: AbortSignal): void {
    if (this.#closing) return
    this.#options.tell({ kind: 'lease', held: true })
    this.#statuses.begin(tenure)
    this.#events.begin(tenure)
    this.#survey.begin(tenure)
    for (const key of this.#standing.keys()) this.#events.add(key)
    this.#repeatLater()
    tenure.addEventListener('abort', () => {
      this.#end()
      this.#options.tell({ kind: 'lease', held: false })
    }, { once: true })
  }

  #end(): void {
    this.#cancelRepeat?.()
    for (const each of [this.#survey, this.#statuses, this.#events]) each.end()
  }

  /** Of an object as it is in the API: what is as it should be costs nothing more. */
  #compare({ group, kind }: StatusList, object: JsonObject): void {
    const { name, namespace } = isRecord(object['metadata']) ? object['metadata'] : {}
    if (typeof name !== 'string') return
    const key = objectKey({ group, kind, namespace: typeof namespace === 'string' ? namespace : '', name })
    const order = this.#order(key)
    if (order === undefined) return
    const status = wantedStatus(object, order, this.#reading)
    if (typeof status === 'string') this.#counts.statuses[status] += 1
    else this.#statuses.add(key)
  }

  #order(key: string): StatusOrder | undefined {
    const found = this.#options.subject(key)
    if (found === undefined) return undefined
    const { path, generation, regarded: { uid }, status } = found
    const diagnostics = this.#standing.of(key)
    return { path, uid, generation, status: (current, { now, owned }) => status === undefined ? withdrawn(current, owned) : status(current, { diagnostics, now }) }
  }

  #repeatLater(): void {
    this.#cancelRepeat = this.#options.clock.after(repeatAfter, () => {
      for (const key of this.#standing.keys()) this.#events.add(key)
      this.#repeatLater()
    })
  }

  /** Errors of every object, and warnings of those whose status does not say them. */
  #isTold(key: string): boolean {
    const standing = this.#standing.get(key)
    const subject = standing === undefined ? undefined : this.#options.subject(standing.object)
    if (standing === undefined || subject === undefined) return this.#dropped(key)
    return standing.diagnostic.severity === 'error' || subject.status === undefined
  }

  /** Nothing is to be written there any more, so that nothing fails either. */
  #dropped(key: string): false {
    this.#note(key, undefined)
    return false
  }

  async #writeStatus(key: string, tenure: AbortSignal): Promise<Outcome> {
    const order = this.#order(key)
    if (order === undefined) return 'done'
    try {
      const outcome = await writeStatus(order, { ...this.#reading, api: this.#options.api, tenure, conflict: () => { this.#counts.conflicts += 1 } })
      this.#counts.statuses[outcome] += 1
      this.#note(key, undefined)
      return 'done'
    } catch (thrown) {
      return this.#failed(thrown, { key, tenure, what: `the status of ${key}`, counts: this.#counts.statuses })
    }
  }

  async #writeEvent(key: string, tenure: AbortSignal): Promise<Outcome> {
    const { api, clock, identity, subject } = this.#options
    const standing = this.#standing.get(key)
    const found = standing === undefined ? undefined : subject(standing.object)
    if (standing === undefined || found === undefined) return 'done'
    const { diagnostic, told, object } = standing
    try {
      const outcome = await writeEvent({ diagnostic, regarded: found.regarded }, told + 1, { api, tenure, instance: identity, now: () => clock.date() })
      this.#standing.toldOnce(key)
      this.#counts.events[outcome] += 1
      this.#note(key, undefined)
      return 'done'
    } catch (thrown) {
      return this.#failed(thrown, { key, tenure, what: `an Event of ${object}`, counts: this.#counts.events })
    }
  }

  #failed(thrown: unknown, { key, tenure, what, counts }: { readonly key: string; readonly tenure: AbortSignal; readonly what: string; readonly counts: { failed: number } }): Outcome {
    if (tenure.aborted) return 'done'
    counts.failed += 1
    this.#note(key, `${what} cannot be written: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    return thrown instanceof ApiFailure && !isFinal(thrown) ? 'later' : 'done'
  }

  /** One line for whatever fails, and one when nothing does any more. */
  #note(key: string, problem: string | undefined): void {
    const before = this.#problems.size
    if (problem === undefined) this.#problems.delete(key)
    else this.#problems.set(key, problem)
    if (before === 0 && problem !== undefined) this.#options.tell({ kind: 'write-failed', reason: problem })
    if (before > 0 && this.#problems.size === 0) this.#options.tell({ kind: 'write-failed', reason: undefined })
  }
}

/** The API server will say the same of the same request. */
function isFinal({ status }: ApiFailure): boolean {
  return status === 400 || status === 404 || status === 405 || status === 422
}
