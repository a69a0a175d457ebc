import type { KubernetesApi } from '../../kubernetes/api.ts'
import type { After } from '../../clock.ts'

export interface ReadinessOptions {
  readonly api: KubernetesApi
  readonly after: After
  /** Whether anybody still waits for it. */
  readonly isAwaited: () => boolean
  readonly ready: () => void
}

/** Milliseconds. */
const askEvery = 500
/**
 * Milliseconds without another hurry: as long as a starting server asks clients to wait. A ready server that
 * still refuses has other reasons.
 */
const rest = 5_000

/**
 * A starting API server asks every client to stay away for 5 s (503 with Retry-After), but is ready sooner.
 * One small request now and then finds that out for all kinds. A client without permission for /readyz waits
 * the full time.
 */
export class Readiness {
  readonly #options: ReadinessOptions
  #phase: 'idle' | 'asking' | 'resting' | 'closed' = 'idle'
  #cancel: (() => void) | undefined

  constructor(options: ReadinessOptions) {
    this.#options = options
  }

  /** Somebody waits. */
  call(): void {
    if (this.#phase !== 'idle') return
    this.#phase = 'asking'
    this.#cancel = this.#options.after(askEvery, () => {
      void this.#ask()
    })
  }

  close(): void {
    this.#phase = 'closed'
    this.#cancel?.()
  }

  async #ask(): Promise<void> {
    const { api, after, isAwaited, ready } = this.#options
    const answered = await api.request({ path: '/readyz', accept: '*/*', idle: 5_000 }).then(
      () => true,
      () => false,
    )
    if (this.#phase === 'closed') return
    this.#phase = 'idle'
    if (!isAwaited()) return
    if (!answered) {
      this.call()
      return
    }
    this.#phase = 'resting'
    this.#cancel = after(rest, () => {
      this.#phase = 'idle'
    })
    ready()
  }
}
