import type { KubernetesApi } from '../../kubernetes/api.ts'
import { discover, isReady, kindName } from './kinds.ts'
import type { ServedKind, WantedKind } from './kinds.ts'
import { Reflector } from './reflector.ts'
import type { ReflectorPace } from './reflector.ts'

/** Whether the cluster has each wanted kind, by `kindName`. */
export type Presence = ReadonlyMap<string, ServedKind | 'absent'>

export interface PresenceOptions {
  readonly api: KubernetesApi
  readonly wanted: readonly WantedKind[]
  readonly pace: ReflectorPace
  /** Milliseconds between two discoveries, unless an event triggers one. */
  readonly lookEvery: number
  /** Runs after every discovery. Kinds without an answer keep their state; `error` is the reason. */
  readonly looked: (presence: Presence, error: string | undefined) => void
}

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
/**
 * Lists CustomResourceDefinitions without their schemas, which are most of their size. A watch that requests
 * a list would open and deliver no event.
 */
const namesOnly = { list: partial('PartialObjectMetadataList'), watch: partial('PartialObjectMetadata') }
/**
 * Milliseconds. A kind is removed only if two discoveries this far apart do not find it; also the wait after
 * a failed discovery.
 */
const confirmAfter = 1_000
/** The server's discovery follows its definitions a moment later. */
const followUps = [100, 2_000, 10_000]

/**
 * Follows which kinds there are: by looking every now and then, and at once when a CustomResourceDefinition
 * changes.
 */
export class KindPresence {
  readonly #options: PresenceOptions
  readonly #definitions: Reflector<{ readonly key: string }>
  readonly #present = new Map<string, ServedKind | 'absent'>()
  readonly #missing = new Set<string>()
  /** Looks to come. */
  readonly #due = new Set<() => void>()
  #work: Promise<void> = Promise.resolve()
  #phase: 'idle' | 'looking' | 'looking, then again' | 'closed' = 'idle'

  constructor(options: PresenceOptions) {
    this.#options = options
    const { api, pace } = options
    const call = (): void => {
      this.call()
    }
    this.#definitions = new Reflector(
      { path: definitions, query: {}, accept: namesOnly },
      {
        api,
        pace,
        listener: {
          read: () => ({ key: '' }),
          replace: call,
          set: call,
          delete: call,
          missing: () => undefined,
          recovered: () => undefined,
          standing: () => undefined,
        },
      },
    )
  }

  start(): void {
    this.#look()
    this.#definitions.start()
  }

  /** Something speaks for a change: looks soon, and twice more. */
  call(): void {
    this.#schedule(followUps)
  }

  async close(): Promise<void> {
    this.#phase = 'closed'
    this.#cancel()
    await Promise.all([this.#definitions.stop(), this.#work])
  }

  #schedule(delays: readonly number[]): void {
    if (this.#phase === 'closed') return
    this.#cancel()
    for (const milliseconds of delays) {
      const cancel = this.#options.pace.after(milliseconds, () => {
        this.#due.delete(cancel)
        this.#look()
      })
      this.#due.add(cancel)
    }
  }

  #cancel(): void {
    for (const cancel of this.#due) cancel()
    this.#due.clear()
  }

  #look(): void {
    if (this.#phase === 'closed') return
    if (this.#phase !== 'idle') {
      this.#phase = 'looking, then again'
      return
    }
    this.#phase = 'looking'
    this.#work = this.#lookOnce()
  }

  async #lookOnce(): Promise<void> {
    const next = await this.#ask()
    if (!this.#isOpen()) return
    const again = this.#phase === 'looking, then again'
    this.#phase = 'idle'
    if (again) this.#look()
    else if (this.#due.size === 0) this.#schedule([next])
  }

  /** Milliseconds until the next look. */
  async #ask(): Promise<number> {
    const { api, wanted, lookEvery, looked, pace } = this.#options
    const found = await discover(api, wanted)
    const names = wanted.map((each) => kindName(each))
    const absent = names.filter(
      (name) => found.kinds.get(name) === 'absent' && this.#present.get(name) !== 'absent',
    )
    const believed = absent.length === 0 || (await isReady(api))
    let open = !believed
    for (const name of names) {
      const kind = found.kinds.get(name)
      if (kind === undefined || kind === 'unknown') open = true
      else if (kind !== 'absent' || this.#present.get(name) === 'absent') this.#note(name, kind)
      else if (believed && (this.#missing.has(name) || !this.#present.has(name))) this.#note(name, kind)
      else if (believed) {
        this.#missing.add(name)
        open = true
      }
    }
    if (this.#isOpen())
      looked(new Map(this.#present), found.error ?? (believed ? undefined : 'the API server is not ready'))
    return open ? confirmAfter : lookEvery * (0.5 + pace.random())
  }

  #note(name: string, kind: ServedKind | 'absent'): void {
    this.#missing.delete(name)
    this.#present.set(name, kind)
  }

  #isOpen(): boolean {
    return this.#phase !== 'closed'
  }
}

function partial(as: string): string {
  return `application/json;as=${as};g=meta.k8s.io;v=v1`
}
