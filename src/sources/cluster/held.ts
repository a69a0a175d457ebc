import { isDeepStrictEqual } from 'node:util'
import { objectKey } from '../../diagnostics/diagnostic.ts'
import type { KubernetesApi } from '../../kubernetes/api.ts'
import type { PlacedManifest } from '../../manifest/manifest.ts'
import type { NodeValue } from '../../manifest/node-value.ts'
import { kindName } from './kinds.ts'
import { manifestOf } from './manifest.ts'
import { waitsForReadiness } from './reflection.ts'
import { Reflector } from './reflector.ts'
import type { ReflectorPace } from './reflector.ts'
import type { Target } from './target.ts'

interface HeldObject extends PlacedManifest {
  readonly key: string
}

/** The keys are object keys; undefined: the object was removed. */
export type Edits = ReadonlyMap<string, PlacedManifest | undefined>

export interface HeldListener {
  /** The target's objects have changed. */
  changed(edits: Edits): void
  missing(): void
  /** The server answers again. */
  recovered(): void
  standing(): void
}

/** The sync state of one target, for people and metrics. */
export interface TargetStanding {
  /** `networking.istio.io/VirtualService`. */
  readonly kind: string
  readonly synced: boolean
  readonly objects: number
  /** Watches after the first. */
  readonly restarts: number
  readonly error: string | undefined
}

/** The objects of one list and watch. They stay when the watch fails. */
export class HeldTarget {
  readonly #connection: {
    readonly api: KubernetesApi
    readonly pace: ReflectorPace
    readonly listener: HeldListener
  }
  #target: Target
  #reflector: Reflector<HeldObject>
  readonly #objects = new Map<string, PlacedManifest>()
  #synced = false
  #restarts = 0
  /** Requests of reflectors that gave way to another version. */
  #ending: Promise<void> = Promise.resolve()

  constructor(
    target: Target,
    connection: {
      readonly api: KubernetesApi
      readonly pace: ReflectorPace
      readonly listener: HeldListener
    },
  ) {
    this.#target = target
    this.#connection = connection
    this.#reflector = this.#create()
    this.#reflector.start()
  }

  get target(): Target {
    return this.#target
  }

  get objects(): ReadonlyMap<string, PlacedManifest> {
    return this.#objects
  }

  /** True after the first list, or if the list is forbidden and nothing has to wait for it. */
  get settled(): boolean {
    return this.#synced || (this.#target.whenForbidden !== 'wait' && this.#isForbidden())
  }

  /** The failure that the next attempt did not clear. */
  get trouble(): string | undefined {
    const { failure, failures, synced } = this.#reflector.reflection
    if (failure === undefined || (this.#target.whenForbidden === 'go without' && this.#isForbidden()))
      return undefined
    return failures > 1 || !synced ? failure.message : undefined
  }

  get standing(): TargetStanding {
    return {
      kind: kindName(this.#target.served),
      synced: this.#synced,
      objects: this.#objects.size,
      restarts: this.#restarts + this.#reflector.restarts,
      error: this.#reflector.reflection.failure?.message,
    }
  }

  /**
   * Moves to the version that the cluster serves now. The held objects stay until the new version has been
   * listed.
   */
  moveTo(target: Target): void {
    if (target.path === this.#target.path) return
    const old = this.#reflector
    this.#restarts += old.restarts + 1
    this.#ending = Promise.all([this.#ending, old.stop()]).then(() => undefined)
    this.#target = target
    this.#reflector = this.#create()
    this.#reflector.start()
  }

  /** The server answers others. */
  hurry(): void {
    this.#reflector.hurry()
  }

  /** True if the server asked to be left alone for a while, as it does while it starts. */
  get waitsForReadiness(): boolean {
    return waitsForReadiness(this.#reflector.reflection)
  }

  /** The server is ready. */
  resume(): void {
    this.#reflector.hurry(waitsForReadiness)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#ending, this.#reflector.stop()])
  }

  #isForbidden(): boolean {
    return this.#reflector.reflection.failure?.status === 403
  }

  #create(): Reflector<HeldObject> {
    const { api, pace, listener } = this.#connection
    const { served } = this.#target
    return new Reflector<HeldObject>(this.#target, {
      api,
      pace,
      listener: {
        read: (object) => read(object, served),
        replace: (items) => {
          this.#replace(items)
        },
        set: (item) => {
          if (this.#set(item)) listener.changed(new Map([[item.key, item]]))
        },
        delete: ({ key }) => {
          if (this.#objects.delete(key)) listener.changed(new Map([[key, undefined]]))
        },
        missing: () => {
          listener.missing()
        },
        recovered: () => {
          listener.recovered()
        },
        standing: () => {
          listener.standing()
        },
      },
    })
  }

  /**
   * False if no field that is read has changed, for example after a status update: the held manifest stays
   * the same value.
   */
  #set(item: HeldObject): boolean {
    const held = this.#objects.get(item.key)
    if (held !== undefined && isDeepStrictEqual(held.manifest, item.manifest)) return false
    this.#objects.set(item.key, item)
    return true
  }

  #replace(items: readonly HeldObject[]): void {
    this.#synced = true
    const present = new Set(items.map(({ key }) => key))
    const gone = [...this.#objects.keys()].filter((key) => !present.has(key))
    for (const key of gone) this.#objects.delete(key)
    const set = items.filter((item) => this.#set(item))
    if (gone.length + set.length > 0)
      this.#connection.listener.changed(
        new Map([
          ...gone.map((key) => [key, undefined] as const),
          ...set.map((item) => [item.key, item] as const),
        ]),
      )
  }
}

const nowhere = (): undefined => undefined

function read(object: NodeValue, served: Target['served']): HeldObject | undefined {
  const manifest = manifestOf(object, served)
  return manifest === undefined ? undefined : { key: objectKey(manifest.id), manifest, locate: nowhere }
}
