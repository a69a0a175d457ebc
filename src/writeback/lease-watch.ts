import { failureOf } from '../kubernetes/failure.ts'
import type { ApiFailure } from '../kubernetes/failure.ts'
import type { KubernetesApi } from '../kubernetes/api.ts'
import { parseJson } from '../manifest/json.ts'
import { isRecord } from '../manifest/message.ts'
import type { Clock } from './clock.ts'
import { leaseRecord } from './lease.ts'

export interface LeaseWatchOptions {
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
export class LeaseWatch {
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
