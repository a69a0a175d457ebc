import type { KubernetesApi } from '../kubernetes/api.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { DiagnosticChange } from '../diagnostics/record.ts'
import type { Clock } from '../clock.ts'
import type { InvolvedObject } from './event-object.ts'
import { WorkQueue } from './work-queue.ts'
import type { Outcome } from './work-queue.ts'
import type { WriteProblems } from './write-problems.ts'
import { ApiFailure } from '../kubernetes/failure.ts'
import { eventObject, eventPlace, seriesPatch } from './event-object.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'

/** An object that Events may be about. */
export interface EventSubject {
  readonly involvedObject: InvolvedObject
  /** Absent if no status contains its diagnostics. */
  readonly status?: unknown
}

export interface EventWriterOptions {
  readonly api: KubernetesApi
  readonly clock: Clock
  /** Identity of this replica. */
  readonly identity: string
  /** By object key; undefined for an object outside of the cluster. */
  readonly subject: (key: string) => EventSubject | undefined
  readonly problems: WriteProblems
}

/**
 * Milliseconds after which an active diagnostic is reported again: the API server removes Events after an
 * hour.
 */
const repeatAfter = 30 * 60_000
/**
 * Milliseconds before a new diagnostic is reported: objects arrive one after the other, and often the next
 * one resolves it.
 */
const tellAfter = 2_000

/**
 * Reports, by Events during a tenure, the errors of every object, and the warnings of objects whose status
 * does not contain them.
 */
export class EventWriter {
  readonly #options: EventWriterOptions
  readonly #queue: WorkQueue
  readonly #active = new ActiveFindings()
  #cancelRepeat: (() => void) | undefined
  readonly counts = { created: 0, repeated: 0, told: 0, failed: 0 }

  constructor(options: EventWriterOptions) {
    this.#options = options
    this.#queue = new WorkQueue({
      clock: options.clock,
      rate: { perSecond: 10, burst: 50 },
      atOnce: 2,
      settle: 500,
      isWorth: (key) => this.#isTold(key),
      work: (key, tenure) => this.#write(key, tenure),
    })
  }

  /** Events that are still to be written. */
  get size(): number {
    return this.#queue.size
  }

  /** The active diagnostics of an object. */
  of(object: string): readonly Diagnostic[] {
    return this.#active.of(object)
  }

  /** Returns the keys of the objects concerned. */
  update(change: DiagnosticChange): ReadonlySet<string> {
    const { objects, added } = this.#active.update(change)
    for (const key of added) this.#queue.addLater(key, tellAfter)
    return objects
  }

  begin(tenure: AbortSignal): void {
    this.#queue.begin(tenure)
    this.#tellAll()
  }

  end(): void {
    this.#cancelRepeat?.()
    this.#queue.end()
  }

  ended(): Promise<void> {
    return this.#queue.ended()
  }

  #tellAll(): void {
    for (const key of this.#active.keys()) this.#queue.add(key)
    this.#cancelRepeat = this.#options.clock.after(repeatAfter, () => {
      this.#tellAll()
    })
  }

  #isTold(key: string): boolean {
    const found = this.#find(key)
    if (found !== undefined)
      return found.active.diagnostic.severity === 'error' || found.subject.status === undefined
    this.#options.problems.note(key, undefined)
    return false
  }

  /** The diagnostic to report; undefined if it is no longer active, or about no object of the cluster. */
  #find(key: string): { readonly active: ActiveDiagnostic; readonly subject: EventSubject } | undefined {
    const active = this.#active.get(key)
    const subject = active === undefined ? undefined : this.#options.subject(active.object)
    return active === undefined || subject === undefined ? undefined : { active, subject }
  }

  async #write(key: string, tenure: AbortSignal): Promise<Outcome> {
    const { api, clock, identity, problems } = this.#options
    const found = this.#find(key)
    if (found === undefined) return 'done'
    const {
      active: { diagnostic, told, object },
      subject: { involvedObject },
    } = found
    return problems.attempt(key, `an Event of ${object} cannot be written`, {
      tenure,
      work: async () => {
        const outcome = await writeEvent({ diagnostic, involvedObject }, told + 1, {
          api,
          tenure,
          instance: identity,
          now: () => clock.date(),
        })
        this.#active.toldOnce(key)
        this.counts[outcome] += 1
      },
      failed: () => {
        this.counts.failed += 1
      },
    })
  }
}

/** An Event to be written. */
interface EventOrder {
  readonly diagnostic: Diagnostic
  readonly involvedObject: InvolvedObject
}

/** `told`: it exists already, from an earlier time or another replica. */
type EventOutcome = 'created' | 'repeated' | 'told'

interface EventWriting {
  readonly api: KubernetesApi
  readonly tenure: AbortSignal
  readonly instance: string
  readonly now: () => Date
}

/**
 * Creates the Event, or (`count` from 2) adds to its series; an expired one is created again. Rejects with
 * ApiFailure.
 */
async function writeEvent(order: EventOrder, count: number, writing: EventWriting): Promise<EventOutcome> {
  return count > 1 && (await repeatEvent(order, count, writing)) ? 'repeated' : createEvent(order, writing)
}

async function createEvent(
  { diagnostic, involvedObject }: EventOrder,
  { api, tenure, instance, now }: EventWriting,
): Promise<EventOutcome> {
  const { namespace } = eventPlace(diagnostic, involvedObject)
  try {
    await api.request({
      path: pathOf(namespace),
      method: 'POST',
      body: eventObject(diagnostic, involvedObject, { instance, now: now() }),
      signal: tenure,
    })
    return 'created'
  } catch (thrown) {
    if (thrown instanceof ApiFailure && thrown.status === 409) return 'told'
    throw thrown
  }
}

/** False if the Event no longer exists: the API server keeps them for an hour. */
async function repeatEvent(
  { diagnostic, involvedObject }: EventOrder,
  count: number,
  { api, tenure, now }: EventWriting,
): Promise<boolean> {
  const { namespace, name } = eventPlace(diagnostic, involvedObject)
  try {
    await api.request({
      path: `${pathOf(namespace)}/${name}`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: seriesPatch(count, now()),
      signal: tenure,
    })
    return true
  } catch (thrown) {
    if (thrown instanceof ApiFailure && thrown.status === 404) return false
    throw thrown
  }
}

function pathOf(namespace: string): string {
  return `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
}

/** An active diagnostic. */
interface ActiveDiagnostic {
  readonly diagnostic: Diagnostic
  /** Key of its object. */
  readonly object: string
  /** How often it was reported. */
  readonly told: number
}

/** The changes. */
interface StandingChange {
  /** Keys of the objects concerned. */
  readonly objects: ReadonlySet<string>
  /** Keys of the diagnostics that were not there before. */
  readonly added: readonly string[]
}

/** The most resolved diagnostics whose number of reports is remembered. */
const mostRemembered = 10_000

/** The active diagnostics about objects, by object, except those of severity info. */
class ActiveFindings {
  readonly #active = new Map<string, { readonly diagnostic: Diagnostic; readonly object: string }>()
  readonly #byObject = new Map<string, Set<string>>()
  readonly #told = new Map<string, number>()

  update({ added, resolved }: DiagnosticChange): StandingChange {
    const objects = new Set<string>()
    for (const diagnostic of resolved)
      this.#change(diagnostic, objects, (key, ofObject) => {
        this.#active.delete(key)
        ofObject.delete(key)
      })
    const keys: string[] = []
    for (const diagnostic of added)
      this.#change(diagnostic, objects, (key, ofObject, object) => {
        this.#active.set(key, { diagnostic, object })
        ofObject.add(key)
        keys.push(key)
      })
    return { objects, added: keys }
  }

  keys(): Iterable<string> {
    return this.#active.keys()
  }

  get(key: string): ActiveDiagnostic | undefined {
    const found = this.#active.get(key)
    return found === undefined ? undefined : { ...found, told: this.#told.get(key) ?? 0 }
  }

  /** The active diagnostics of an object. */
  of(object: string): readonly Diagnostic[] {
    return [...(this.#byObject.get(object) ?? [])].flatMap((key) => this.#active.get(key)?.diagnostic ?? [])
  }

  toldOnce(key: string): void {
    if (this.#told.size >= mostRemembered)
      for (const each of [...this.#told.keys()].filter((known) => !this.#active.has(known)))
        this.#told.delete(each)
    this.#told.set(key, (this.#told.get(key) ?? 0) + 1)
  }

  #change(
    diagnostic: Diagnostic,
    objects: Set<string>,
    change: (key: string, ofObject: Set<string>, object: string) => void,
  ): void {
    if (diagnostic.severity === 'info' || diagnostic.origin === undefined) return
    const object = objectKey(diagnostic.origin.object)
    const ofObject = this.#byObject.get(object) ?? new Set()
    change(JSON.stringify(diagnostic), ofObject, object)
    if (ofObject.size === 0) this.#byObject.delete(object)
    else this.#byObject.set(object, ofObject)
    objects.add(object)
  }
}
