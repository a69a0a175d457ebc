import type { DiagnosticChange } from '../diagnostics/record.ts'
import type { InvolvedObject } from './event-object.ts'
import { EventWriter } from './event-writer.ts'
import { createLeaseKeeper } from './lease-keeper.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import type { LeasePace } from './lease-pace.ts'
import { StatusWriter } from './status-writer.ts'
import type { StatusSubject, StatusWriterOptions } from './status-writer.ts'
import { WriteProblems } from './write-problems.ts'

/** An object of the cluster with a status or Events. */
export interface Subject extends StatusSubject {
  readonly involvedObject: InvolvedObject
}

export interface WritebackOptions extends Pick<
  StatusWriterOptions,
  'api' | 'clock' | 'lists' | 'surveyEvery'
> {
  /** Identity of this replica; no other one has it, before or after a restart. */
  readonly identity: string
  readonly lease: { readonly namespace: string; readonly name: string; readonly pace: LeasePace }
  /** The present object, by object key; undefined for one outside of the cluster. */
  readonly subject: (key: string) => Subject | undefined
  readonly tell: (event: WritebackEvent) => void
}

export type WritebackEvent =
  | { readonly kind: 'lease'; readonly held: boolean }
  /** The failure of writing; undefined once all writes succeed. */
  | { readonly kind: 'write-failed'; readonly reason: string | undefined }

/** The counts so far. */
export interface WritebackCounts {
  readonly held: boolean
  /** Objects with pending reports, and lists that are still to be compared. */
  readonly waiting: number
  readonly lists: Readonly<Record<'read' | 'failed', number>>
  readonly statuses: Readonly<Record<'written' | 'equal' | 'gone' | 'failed', number>>
  readonly conflicts: number
  readonly events: Readonly<Record<'created' | 'repeated' | 'told' | 'failed', number>>
}

/** Tells the cluster what became of its objects, in their status and by Events, while it holds the Lease. */
export interface Writeback {
  start(): void
  /** The statuses of these objects have changed, or ended. */
  changed(keys: Iterable<string>): void
  diagnosed(change: DiagnosticChange): void
  counts(): WritebackCounts
  /** Completes work under way and releases the Lease. The API stays open. */
  close(): Promise<void>
}

/** Milliseconds that writes under way are given at the end. */
const patience = 2_000
/** The key of failures of the Lease itself. */
const ofLease = 'Lease'

/** Starts nothing yet. */
export function createWriteback(options: WritebackOptions): Writeback {
  return new Writer(options)
}

class Writer implements Writeback {
  readonly #options: WritebackOptions
  readonly #keeper: LeaseKeeper
  readonly #problems: WriteProblems
  readonly #events: EventWriter
  readonly #statuses: StatusWriter
  #closing = false

  constructor(options: WritebackOptions) {
    const { api, clock, identity, lease, tell } = options
    this.#options = options
    this.#problems = new WriteProblems((reason) => {
      tell({ kind: 'write-failed', reason })
    })
    this.#events = new EventWriter({ ...options, problems: this.#problems })
    // Another installation in the same cluster has another Lease.
    const manager = `${lease.name}.${lease.namespace}`
    this.#statuses = new StatusWriter({
      ...options,
      manager,
      problems: this.#problems,
      diagnostics: (key) => this.#events.of(key),
    })
    this.#keeper = createLeaseKeeper({
      api,
      clock,
      identity,
      ...lease,
      listener: {
        gained: (tenure) => {
          this.#begin(tenure)
        },
        trouble: (reason) => {
          this.#problems.note(ofLease, reason)
        },
      },
    })
  }

  start(): void {
    this.#keeper.start()
  }

  changed(keys: Iterable<string>): void {
    this.#statuses.changed(keys)
  }

  diagnosed(change: DiagnosticChange): void {
    this.#statuses.diagnosed(this.#events.update(change))
  }

  counts(): WritebackCounts {
    const { counts: statuses, conflicts, lists } = this.#statuses
    return {
      held: this.#keeper.holds,
      waiting: this.#statuses.size + this.#events.size,
      lists,
      statuses,
      conflicts,
      events: this.#events.counts,
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#end()
    const late = Promise.withResolvers<void>()
    const cancel = this.#options.clock.after(patience, late.resolve)
    await Promise.race([Promise.all([this.#statuses.ended(), this.#events.ended()]), late.promise])
    cancel()
    await this.#keeper.close()
  }

  #begin(tenure: AbortSignal): void {
    if (this.#closing) return
    this.#options.tell({ kind: 'lease', held: true })
    this.#statuses.begin(tenure)
    this.#events.begin(tenure)
    tenure.addEventListener(
      'abort',
      () => {
        this.#end()
        this.#problems.keep(ofLease)
        this.#options.tell({ kind: 'lease', held: false })
      },
      { once: true },
    )
  }

  #end(): void {
    this.#statuses.end()
    this.#events.end()
  }
}
