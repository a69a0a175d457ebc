import { backOffDelay } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { fullBucket, takeToken } from './token-bucket.ts'
import type { Bucket, Rate } from './token-bucket.ts'

/** The result of a piece of work; `later`: it failed, and is worth another attempt. */
export type Outcome = 'done' | 'later'

export interface WorkOptions {
  readonly clock: Clock
  readonly rate: Rate
  /** Pieces of work under way at once; of one key never more than one. */
  readonly atOnce: number
  /** Milliseconds to wait for more, before work begins. */
  readonly settle: number
  /** False if there is nothing left to do for the key, which costs nothing of the rate. */
  readonly isWorth: (key: string) => boolean
  /** Does the present work for the key. Never rejects. */
  readonly work: (key: string, tenure: AbortSignal) => Promise<Outcome>
}

/** Milliseconds after the first failure of a key, and the most. */
const backOff = { first: 500, most: 60_000 }

/**
 * Keys about which something is to be done, each once however often it was added: the latest wins. It works
 * during a tenure only.
 */
export class WorkQueue {
  readonly #options: WorkOptions
  readonly #ready = new Set<string>()
  readonly #running = new Set<string>()
  /** Added while they were under way. */
  readonly #again = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #waits = new Map<string, () => void>()
  #bucket: Bucket
  #tenure: AbortSignal | undefined
  #cancelPump: (() => void) | undefined
  #idle: (() => void)[] = []

  constructor(options: WorkOptions) {
    this.#options = options
    this.#bucket = fullBucket(options.rate, options.clock.now())
  }

  /** Keys that wait, or are under way. */
  get size(): number {
    return this.#ready.size + this.#running.size + this.#waits.size
  }

  begin(tenure: AbortSignal): void {
    this.#tenure = tenure
    this.#schedule(this.#options.settle)
  }

  /** Forgets pending work; work under way is not waited for. */
  end(): void {
    this.#tenure = undefined
    this.#cancelPump?.()
    this.#cancelPump = undefined
    for (const cancel of this.#waits.values()) cancel()
    for (const keys of [this.#ready, this.#again, this.#failures, this.#waits]) keys.clear()
  }

  /** Nothing happens outside of a tenure: its beginning adds everything that is pending. */
  add(key: string): void {
    if (this.#tenure === undefined) return
    if (this.#running.has(key)) {
      this.#again.add(key)
      return
    }
    this.#waits.get(key)?.()
    this.#waits.delete(key)
    this.#ready.add(key)
    this.#schedule(this.#options.settle)
  }

  /** Like `add`, after so many milliseconds, unless the key is pending anyway. */
  addLater(key: string, milliseconds: number): void {
    if (this.#tenure !== undefined && !this.#ready.has(key)) this.#wait(key, milliseconds)
  }

  /** Resolves when nothing is under way. */
  async ended(): Promise<void> {
    if (this.#running.size > 0)
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve)
      })
  }

  #schedule(milliseconds: number): void {
    this.#cancelPump ??= this.#options.clock.after(milliseconds, () => {
      this.#cancelPump = undefined
      this.#pump()
    })
  }

  #pump(): void {
    const { clock, rate, atOnce, isWorth } = this.#options
    while (this.#tenure !== undefined && this.#running.size < atOnce) {
      const [key] = this.#ready
      if (key === undefined) return
      if (!isWorth(key)) {
        this.#ready.delete(key)
        this.#failures.delete(key)
        continue
      }
      const taken = takeToken(this.#bucket, rate, clock.now())
      if (typeof taken === 'number') {
        this.#schedule(taken)
        return
      }
      this.#bucket = taken
      this.#ready.delete(key)
      void this.#run(key, this.#tenure)
    }
  }

  async #run(key: string, tenure: AbortSignal): Promise<void> {
    this.#running.add(key)
    const outcome = await this.#options.work(key, tenure)
    this.#running.delete(key)
    if (this.#again.delete(key)) this.add(key)
    else if (outcome === 'later' && !tenure.aborted) this.#retry(key)
    else this.#failures.delete(key)
    if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.#pump()
  }

  #retry(key: string): void {
    const { clock } = this.#options
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const wait = backOffDelay(failures, backOff, clock.random())
    this.#wait(key, wait)
  }

  #wait(key: string, milliseconds: number): void {
    this.#waits.get(key)?.()
    this.#waits.set(
      key,
      this.#options.clock.after(milliseconds, () => {
        this.#waits.delete(key)
        this.add(key)
      }),
    )
  }
}
