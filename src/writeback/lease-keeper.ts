import { errorText } from '../errors.ts'
import { ApiFailure, failureOf } from '../kubernetes/failure.ts'
import type { KubernetesApi } from '../kubernetes/api.ts'
import { choose, isHeld, leaseObject, leaseRecord, see } from './lease.ts'
import type { LeaseRecord, LeaseSight } from './lease.ts'
import type { LeasePace } from './lease-pace.ts'
import type { Clock } from '../clock.ts'
import { parseJson } from '../manifest/json.ts'
import { isRecord } from '../manifest/message.ts'

export interface LeaseOptions {
  readonly api: KubernetesApi
  readonly namespace: string
  readonly name: string
  /** No two replicas have the same, also not one before and after a restart. */
  readonly identity: string
  readonly pace: LeasePace
  readonly clock: Clock
  readonly listener: LeaseListener
}

export interface LeaseListener {
  /** This replica is the holder from now on, until `tenure` is aborted. */
  gained(tenure: AbortSignal): void
  /** Why the Lease cannot be read or written; undefined once it can. */
  trouble(reason: string | undefined): void
}

/** Holds a Lease whenever it can be had. */
export interface LeaseKeeper {
  readonly holds: boolean
  start(): void
  /**
   * Releases the Lease, so that another replica may take it at once. Everything that writes under it must
   * have ended before.
   */
  close(): Promise<void>
}

/** Starts nothing yet. */
export function createLeaseKeeper(options: LeaseOptions): LeaseKeeper {
  return new Keeper(options)
}

class Keeper implements LeaseKeeper {
  readonly #options: LeaseOptions
  readonly #collection: string
  readonly #watch: LeaseWatch
  readonly #stopping = new AbortController()
  #visible: LeaseSight | undefined
  /** When the last renewal that succeeded began. */
  #renewed: number | undefined
  #tenure: AbortController | undefined
  #cancelEnd: (() => void) | undefined
  #cancelNext: (() => void) | undefined
  #work: Promise<void> = Promise.resolve()
  #trouble: string | undefined
  /** The record that was written last is no longer the present one. */
  #stale = false
  /** The Lease was released while a turn was under way. */
  #hurried = false
  #closing = false

  constructor(options: LeaseOptions) {
    const { api, clock, name, namespace } = options
    this.#options = options
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
    this.#watch = new LeaseWatch({
      api,
      clock,
      name,
      collection: this.#collection,
      released: () => {
        this.#hurry()
      },
    })
  }

  get holds(): boolean {
    return this.#tenure !== undefined
  }

  start(): void {
    this.#work = this.#turn()
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#watch.stop()
    this.#cancelNext?.()
    const cancel = this.#options.clock.after(this.#options.pace.retry, () => {
      this.#stopping.abort()
    })
    await this.#work
    cancel()
    const held = this.#tenure !== undefined
    this.#end()
    // If this fails, others wait for the duration, as for a killed holder.
    if (held) await this.#release().catch(() => undefined)
  }

  async #release(): Promise<void> {
    const { pace, identity } = this.#options
    const signal = AbortSignal.timeout(pace.retry)
    const record = this.#stale ? await this.#read(signal) : this.#visible?.record
    if (record?.holder === identity) await this.#write(record, '', signal)
  }

  async #turn(): Promise<void> {
    const { clock, pace } = this.#options
    this.#cancelNext = undefined
    this.#hurried = false
    const wait = await this.#look().catch((thrown: unknown) => this.#failed(thrown))
    if (!isHeld(this.#renewed, clock.now(), pace)) this.#end()
    if (this.#closing) return
    if (this.#tenure !== undefined) this.#watch.stop()
    else if (this.#visible?.record !== undefined) this.#watch.follow(this.#visible.record.version)
    this.#cancelNext = clock.after(this.#hurried ? 0 : wait * (0.8 + 0.4 * clock.random()), () => {
      this.#work = this.#turn()
    })
  }

  /** The Lease can be had: the next turn is now. */
  #hurry(): void {
    if (this.#closing || this.#tenure !== undefined) return
    this.#hurried = true
    if (this.#cancelNext === undefined) return
    this.#cancelNext()
    this.#work = this.#turn()
  }

  /**
   * A holder renews the record that it wrote last without reading it: the API server rejects this if another
   * replica has written.
   */
  async #look(): Promise<number> {
    const { clock, identity, pace } = this.#options
    const { signal } = this.#stopping
    if (this.#tenure === undefined || this.#visible === undefined || this.#stale) {
      this.#visible = see(this.#visible, await this.#read(signal), clock.now())
      this.#stale = false
      if (this.#visible.record?.holder !== identity) this.#end()
    }
    if (choose(this.#visible, identity, clock.now()) !== 'wait') {
      const began = clock.now()
      this.#stale = true
      this.#visible = see(
        this.#visible,
        await this.#write(this.#visible.record, identity, signal),
        clock.now(),
      )
      this.#stale = false
      this.#hold(began)
    }
    this.#tell(undefined)
    return pace.retry
  }

  /** Milliseconds until the next attempt. The failed request may have been written nevertheless. */
  #failed(thrown: unknown): number {
    const { pace } = this.#options
    const isConflict = thrown instanceof ApiFailure && thrown.status === 409
    if (!isConflict && !this.#stopping.signal.aborted) this.#tell(errorText(thrown))
    return isConflict && this.#tenure !== undefined ? pace.retry / 10 : pace.retry
  }

  async #read(signal: AbortSignal): Promise<LeaseRecord | undefined> {
    try {
      const { value } = await this.#options.api.request({
        path: `${this.#collection}/${this.#options.name}`,
        idle: this.#options.pace.deadline / 2,
        signal,
      })
      return leaseRecord(value)
    } catch (thrown) {
      if (thrown instanceof ApiFailure && thrown.status === 404) return undefined
      throw thrown
    }
  }

  async #write(before: LeaseRecord | undefined, holder: string, signal: AbortSignal): Promise<LeaseRecord> {
    const { api, name, namespace, pace, clock } = this.#options
    const body = leaseObject(before, {
      name,
      namespace,
      holder,
      duration: holder === '' ? 1_000 : pace.duration,
      now: clock.date().toISOString(),
    })
    const { value } = await api.request({
      ...(before === undefined
        ? { path: this.#collection, method: 'POST' }
        : { path: `${this.#collection}/${name}`, method: 'PUT' }),
      body,
      signal,
      idle: pace.deadline / 2,
    })
    return leaseRecord(value)
  }

  #hold(began: number): void {
    const { clock, pace, listener } = this.#options
    this.#renewed = began
    this.#cancelEnd?.()
    this.#cancelEnd = clock.after(Math.max(0, began + pace.deadline - clock.now()), () => {
      this.#end()
    })
    if (this.#tenure !== undefined || !isHeld(began, clock.now(), pace)) return
    this.#tenure = new AbortController()
    listener.gained(this.#tenure.signal)
  }

  #end(): void {
    this.#cancelEnd?.()
    this.#renewed = undefined
    const tenure = this.#tenure
    this.#tenure = undefined
    tenure?.abort()
  }

  #tell(trouble: string | undefined): void {
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#options.listener.trouble(trouble)
  }
}

interface LeaseWatchOptions {
  readonly api: KubernetesApi
  /** The API path of the Leases of a namespace. */
  readonly collection: string
  readonly name: string
  readonly clock: Clock
  /** The Lease has no holder any more, or does not exist. */
  readonly released: () => void
}

/** Milliseconds after a watch that failed: the regular reads of the Lease are enough for so long. */
const pause = 30_000
/** Seconds after which the server ends a watch. */
const watchFor = '300'

/**
 * Says at once when a Lease is released. It sees no holder who falls silent, and may be without a watch for a
 * while: looking stays necessary.
 */
class LeaseWatch {
  readonly #options: LeaseWatchOptions
  #open: AbortController | undefined
  #notBefore = 0

  constructor(options: LeaseWatchOptions) {
    this.#options = options
  }

  /** Watches from that version of the Lease on; an open watch continues. */
  follow(version: string): void {
    if (this.#open !== undefined || this.#options.clock.now() < this.#notBefore) return
    const open = new AbortController()
    this.#open = open
    void this.#watch(version, open)
      .catch(() => {
        this.#notBefore = this.#options.clock.now() + pause
      })
      .finally(() => {
        if (this.#open === open) this.#open = undefined
      })
  }

  stop(): void {
    this.#open?.abort()
    this.#open = undefined
  }

  async #watch(version: string, open: AbortController): Promise<void> {
    const { api, collection, name, released } = this.#options
    const query = {
      watch: 'true',
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: version,
      timeoutSeconds: watchFor,
    }
    let failure: ApiFailure | undefined
    const line = (text: string): void => {
      const { value } = parseJson(text)
      const { type, object } = isRecord(value) ? value : {}
      if (type === 'ERROR') {
        failure = failureOf(object)
        open.abort()
      } else if (!open.signal.aborted && (type === 'DELETED' || leaseRecord(object).holder === '')) released()
    }
    try {
      await api.lines({ path: collection, query, signal: open.signal }, { open: () => undefined, line })
    } catch (thrown) {
      // Stopped by us: it may be wanted again at once.
      if (!open.signal.aborted) throw thrown
    }
    if (failure !== undefined) throw failure
  }
}
