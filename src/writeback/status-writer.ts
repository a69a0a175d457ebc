import { isDeepStrictEqual } from 'node:util'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { KubernetesApi } from '../kubernetes/api.ts'
import type { JsonObject } from '../manifest/manifest.ts'
import { isRecord, isJsonObject } from '../manifest/message.ts'
import type { Clock } from '../clock.ts'
import { withdrawn, ownedStatus } from './field-ownership.ts'
import type { StatusList } from './status-list.ts'
import { StatusSurvey } from './status-survey.ts'
import { WorkQueue } from './work-queue.ts'
import type { Outcome } from './work-queue.ts'
import type { WriteProblems } from './write-problems.ts'
import { ApiFailure } from '../kubernetes/failure.ts'

/** An object that may have a status. */
export interface StatusSubject {
  readonly involvedObject: { readonly uid: string }
  /** API path of the object. */
  readonly path: string
  /** Generation of the text that the status is about. */
  readonly generation: number | undefined
  /**
   * The status that replaces `current`; absent if there is none, and then our earlier entries are removed.
   */
  readonly status?: (
    current: JsonObject,
    said: { readonly diagnostics: readonly Diagnostic[]; readonly now: string; readonly owned: JsonObject },
  ) => JsonObject | undefined
}

export interface StatusWriterOptions {
  readonly api: KubernetesApi
  readonly clock: Clock
  /** The manager of the fields of statuses. */
  readonly manager: string
  /** Milliseconds from one look at all statuses to the next, give or take a tenth. */
  readonly surveyEvery: number
  /** By object key; undefined for an object outside of the cluster. */
  readonly subject: (key: string) => StatusSubject | undefined
  /** The active diagnostics of an object. */
  readonly diagnostics: (key: string) => readonly Diagnostic[]
  /** The lists of objects that may have a status; `told`: of those where some have one of ours now. */
  readonly lists: (which: 'all' | 'told') => readonly StatusList[]
  readonly problems: WriteProblems
}

/**
 * Writes what there is to say of objects in their status, during a tenure: of all of them at its beginning,
 * and of each that changes.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #reading: StatusReading
  readonly #queue: WorkQueue
  readonly #survey: StatusSurvey
  readonly counts = { written: 0, equal: 0, gone: 0, failed: 0 }
  #conflicts = 0

  constructor(options: StatusWriterOptions) {
    const { api, clock, manager, lists, surveyEvery, problems } = options
    this.#options = options
    this.#reading = { manager, now: () => clock.date() }
    this.#queue = new WorkQueue({
      clock,
      rate: { perSecond: 50, burst: 100 },
      atOnce: 8,
      settle: 100,
      isWorth: (key) => this.#isWorth(key),
      work: (key, tenure) => this.#write(key, tenure),
    })
    this.#survey = new StatusSurvey({
      api,
      clock,
      lists,
      problems,
      every: surveyEvery,
      look: (list, object) => {
        this.#compare(list, object)
      },
    })
  }

  /** Objects whose status is pending, and lists that are still to be compared. */
  get size(): number {
    return this.#survey.size + this.#queue.size
  }

  /** Statuses that somebody else wrote at the same time. */
  get conflicts(): number {
    return this.#conflicts
  }

  get lists(): StatusSurvey['counts'] {
    return this.#survey.counts
  }

  /** The statuses of these objects have changed, or ended. */
  changed(keys: Iterable<string>): void {
    for (const key of keys) this.#queue.add(key)
  }

  /** The diagnostics of these objects have changed, and they may have a status. */
  diagnosed(keys: Iterable<string>): void {
    for (const key of keys) if (this.#options.subject(key)?.status !== undefined) this.#queue.add(key)
  }

  begin(tenure: AbortSignal): void {
    this.#queue.begin(tenure)
    this.#survey.begin(tenure)
  }

  end(): void {
    this.#survey.end()
    this.#queue.end()
  }

  async ended(): Promise<void> {
    await Promise.all([this.#survey.ended(), this.#queue.ended()])
  }

  /** Compares an object of the API with its status; an equal one costs no request. */
  #compare({ group, kind }: StatusList, object: JsonObject): void {
    const { name, namespace } = isRecord(object['metadata']) ? object['metadata'] : {}
    if (typeof name !== 'string') return
    const key = objectKey({ group, kind, namespace: typeof namespace === 'string' ? namespace : '', name })
    const order = this.#order(key)
    if (order === undefined) return
    const status = wantedStatus(object, order, this.#reading)
    if (typeof status === 'string') this.counts[status] += 1
    else this.#queue.add(key)
  }

  #order(key: string): StatusOrder | undefined {
    const found = this.#options.subject(key)
    if (found === undefined) return undefined
    const {
      path,
      generation,
      involvedObject: { uid },
      status,
    } = found
    const diagnostics = this.#options.diagnostics(key)
    return {
      path,
      uid,
      generation,
      status: (current, { now, owned }) =>
        status === undefined ? withdrawn(current, owned) : status(current, { diagnostics, now, owned }),
    }
  }

  #isWorth(key: string): boolean {
    if (this.#options.subject(key) !== undefined) return true
    this.#options.problems.note(key, undefined)
    return false
  }

  async #write(key: string, tenure: AbortSignal): Promise<Outcome> {
    const { api, problems } = this.#options
    const order = this.#order(key)
    if (order === undefined) return 'done'
    return problems.attempt(key, `the status of ${key} cannot be written`, {
      tenure,
      work: async () => {
        const outcome = await writeStatus(order, {
          ...this.#reading,
          api,
          tenure,
          conflict: () => {
            this.#conflicts += 1
          },
        })
        this.counts[outcome] += 1
      },
      failed: () => {
        this.counts.failed += 1
      },
    })
  }
}

/** A status to be written. */
interface StatusOrder {
  /**
   * API path of the object, for example
   * `/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/reviews`.
   */
  readonly path: string
  /** Another object with the same name has another uid. */
  readonly uid: string
  readonly generation: number | undefined
  /** The status that replaces `current`; undefined: none is written. */
  status(current: JsonObject, moment: WritingMoment): JsonObject | undefined
}

/** The state of the object when it is read. */
interface WritingMoment {
  /** RFC 3339, in whole seconds. */
  readonly now: string
  /** The parts of its status that are still ours, as FieldsV1. */
  readonly owned: JsonObject
}

/** `equal`: the status is right already; `gone`: the object is another one, or newer than its status. */
type StatusOutcome = 'written' | 'equal' | 'gone'

interface StatusReading {
  /** The manager of the fields of statuses. */
  readonly manager: string
  readonly now: () => Date
}

interface StatusWriting extends StatusReading {
  readonly api: KubernetesApi
  readonly tenure: AbortSignal
  /** Somebody else has written meanwhile. */
  readonly conflict: () => void
}

const mostConflicts = 5

/**
 * Reads the object, and writes its status if it differs, with the version that was read, because lists in it
 * are atomic. A conflict reads again. Rejects with ApiFailure for every other failure.
 */
async function writeStatus(order: StatusOrder, writing: StatusWriting): Promise<StatusOutcome> {
  const { api, tenure, manager, conflict } = writing
  for (let conflicts = 0; ; conflicts += 1) {
    const object = await readObject(order.path, writing)
    const status = object === undefined ? 'gone' : wantedStatus(object, order, writing)
    if (object === undefined || typeof status === 'string') return status === 'equal' ? 'equal' : 'gone'
    try {
      await api.request({
        path: `${order.path}/status`,
        query: { fieldManager: manager },
        method: 'PUT',
        body: statusBody(object, status),
        signal: tenure,
      })
      return 'written'
    } catch (thrown) {
      if (!(thrown instanceof ApiFailure) || thrown.status !== 409 || conflicts === mostConflicts)
        throw thrown
      conflict()
    }
  }
}

/** The object's new status, or the reason why it stays. */
function wantedStatus(
  object: JsonObject,
  order: StatusOrder,
  { manager, now }: StatusReading,
): JsonObject | Exclude<StatusOutcome, 'written'> {
  if (!isMeant(object, order)) return 'gone'
  const current = isJsonObject(object['status']) ? object['status'] : {}
  const status = order.status(current, {
    now: `${now().toISOString().slice(0, 19)}Z`,
    owned: ownedStatus(object, manager),
  })
  return status === undefined || isDeepStrictEqual(status, current) ? 'equal' : status
}

/**
 * The rest of the object is ignored when a status is written, and may hold numbers that a double does not.
 */
function statusBody({ apiVersion, kind, metadata }: JsonObject, status: JsonObject): JsonObject {
  const { name, namespace, uid, resourceVersion } = isJsonObject(metadata) ? metadata : {}
  const identity = Object.entries({ name, namespace, uid, resourceVersion }).flatMap(([field, value]) =>
    value === undefined ? [] : [[field, value] as const],
  )
  // For a new object without a status, the API server fills in the default of its definition.
  return {
    apiVersion: apiVersion ?? '',
    kind: kind ?? '',
    metadata: Object.fromEntries(identity),
    ...(Object.keys(status).length === 0 ? {} : { status }),
  }
}

async function readObject(path: string, { api, tenure }: StatusWriting): Promise<JsonObject | undefined> {
  try {
    const { value } = await api.request({ path, signal: tenure })
    return isJsonObject(value) ? value : undefined
  } catch (thrown) {
    if (thrown instanceof ApiFailure && thrown.status === 404) return undefined
    throw thrown
  }
}

/** The change of a newer generation is under way, and its status will be written then. */
function isMeant({ metadata }: JsonObject, order: StatusOrder): boolean {
  if (!isJsonObject(metadata) || metadata['uid'] !== order.uid) return false
  const { generation } = metadata
  return typeof generation !== 'number' || order.generation === undefined || generation <= order.generation
}
