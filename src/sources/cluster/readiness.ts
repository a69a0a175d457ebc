import type { KubernetesApi } from '../../kubernetes/api.ts'
import type { After } from '../timers.ts'

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
 * Milliseconds in which nobody is hurried again, as many as a server asks for that starts: one that is ready
 * and refuses all the same has other reasons.
 */
const rest = 5_000

/**
 * An API server that starts asks everybody to stay away for 5 s (503 with Retry-After), and is ready sooner.
 * One small request now and then finds that out for all kinds. Who may not ask for /readyz waits as long as
 * it was told to.
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
