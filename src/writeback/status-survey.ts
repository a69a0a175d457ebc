import { setImmediate as immediate } from 'node:timers/promises'
import type { KubernetesApi } from '../kubernetes/api.ts'
import type { JsonObject } from '../manifest/manifest.ts'
import type { Clock } from '../clock.ts'
import { pagesOf } from './status-list.ts'
import type { StatusList } from './status-list.ts'
import { WorkQueue } from './work-queue.ts'
import type { Outcome } from './work-queue.ts'
import type { WriteProblems } from './write-problems.ts'

export interface SurveyOptions {
  readonly api: KubernetesApi
  readonly clock: Clock
  /** Milliseconds between two surveys, give or take a tenth. */
  readonly every: number
  /** `told`: without lists in which no object has a status of ours now. */
  readonly lists: (which: 'all' | 'told') => readonly StatusList[]
  readonly look: (list: StatusList, object: JsonObject) => void
  readonly problems: WriteProblems
}

/** Milliseconds of looking at a time. */
const slice = 8

/**
 * Looks at every object that may have a status, a list a kind, when a tenure begins and every now and then in
 * it: what others make of our conditions reaches us in no other way.
 */
export class StatusSurvey {
  readonly #options: SurveyOptions
  readonly #queue: WorkQueue
  #cancelNext: (() => void) | undefined
  readonly counts = { read: 0, failed: 0 }

  constructor(options: SurveyOptions) {
    this.#options = options
    this.#queue = new WorkQueue({
      clock: options.clock,
      rate: { perSecond: 10, burst: 50 },
      atOnce: 1,
      settle: 0,
      isWorth: (key) => this.#isWorth(key),
      work: (key, tenure) => this.#read(key, tenure),
    })
  }

  /** Lists that are still to be read. */
  get size(): number {
    return this.#queue.size
  }

  begin(tenure: AbortSignal): void {
    this.#queue.begin(tenure)
    this.#add('all')
    this.#addLater()
  }

  end(): void {
    this.#cancelNext?.()
    this.#queue.end()
  }

  ended(): Promise<void> {
    return this.#queue.ended()
  }

  #add(which: 'all' | 'told'): void {
    for (const list of this.#options.lists(which)) this.#queue.add(keyOf(list))
  }

  #addLater(): void {
    const { clock, every } = this.#options
    this.#cancelNext = clock.after(every * (0.9 + 0.2 * clock.random()), () => {
      this.#add('told')
      this.#addLater()
    })
  }

  #find(key: string): StatusList | undefined {
    return this.#options.lists('all').find((each) => keyOf(each) === key)
  }

  #isWorth(key: string): boolean {
    if (this.#find(key) !== undefined) return true
    this.#options.problems.note(key, undefined)
    return false
  }

  async #read(key: string, tenure: AbortSignal): Promise<Outcome> {
    const { api, problems } = this.#options
    const list = this.#find(key)
    if (list === undefined) return 'done'
    return problems.attempt(key, `the statuses of ${list.kind} cannot be compared`, {
      tenure,
      work: async () => {
        for await (const objects of pagesOf(list, { api, tenure })) await this.#look(list, objects)
        this.counts.read += 1
      },
      failed: () => {
        this.counts.failed += 1
      },
    })
  }

  async #look(list: StatusList, objects: readonly JsonObject[]): Promise<void> {
    let end = performance.now() + slice
    for (const object of objects) {
      this.#options.look(list, object)
      if (performance.now() < end) continue
      await immediate()
      end = performance.now() + slice
    }
  }
}

function keyOf({ path, query }: StatusList): string {
  return `${path} ${new URLSearchParams(query).toString()}`
}
