import type { KubernetesApi } from '../../kubernetes/api.ts'
import type { PlacedManifest } from '../../manifest/manifest.ts'
import { HeldTarget } from './held.ts'
import type { Edits, TargetStanding } from './held.ts'
import { kindName } from './kinds.ts'
import type { ServedKind, WantedKind } from './kinds.ts'
import { outageOf } from './outage.ts'
import { KindPresence } from './presence.ts'
import type { Presence } from './presence.ts'
import { Readiness } from './readiness.ts'
import { defaultPace } from './reflector.ts'
import type { ReflectorPace } from './reflector.ts'
import { LayeredMap } from '../layered-map.ts'
import { secretTarget, targetsOf } from './target.ts'
import type { Selection, Target } from './target.ts'
import type { Source, SourceState } from '../source.ts'
import { realClock } from '../../clock.ts'

export interface KubernetesSourceOptions {
  readonly api: KubernetesApi
  readonly selection: Selection
  /** The kinds that the dialects read. Only the Secrets that `follow` names are read. */
  readonly kinds: readonly WantedKind[]
  readonly pace?: Partial<ReflectorPace>
  /** Milliseconds between two discoveries of the served kinds, unless an event triggers one; absent: 30 s. */
  readonly lookEvery?: number
  /** Runs when what the source cannot do becomes another, before `start` has resolved too. */
  readonly onOutage?: (outage: string | undefined) => void
}

/**
 * The objects of a cluster, kept in step with it by lists and watches of our own. It closes the API with
 * itself.
 */
export interface KubernetesSource extends Source {
  /** Reads exactly these Secrets from now on. Resolves when they have been read, or are forbidden. */
  follow(secrets: readonly { readonly namespace: string; readonly name: string }[]): Promise<void>
  standings(): readonly TargetStanding[]
  /**
   * The form in which the cluster serves a wanted kind; undefined if it does not, or has not answered yet.
   */
  served(kind: { readonly group: string; readonly kind: string }): ServedKind | undefined
  /** The present lists and watches. */
  targets(): readonly Target[]
  /** The target that `start` or `follow` is still waiting for. */
  waiting(): string | undefined
}

/** Starts nothing yet. */
export function createKubernetesSource(options: KubernetesSourceOptions): KubernetesSource {
  return new ClusterSource(options)
}

const defaultLookEvery = 30_000
/** Milliseconds: after the first trouble, and between two accounts of it. */
const outageAfter = 500
const outageEvery = 15_000

class ClusterSource implements KubernetesSource {
  readonly #options: KubernetesSourceOptions
  readonly #wanted: readonly WantedKind[]
  readonly #pace: ReflectorPace
  readonly #presence: KindPresence
  readonly #readiness: Readiness
  readonly #targets = new Map<string, HeldTarget>()
  /** Requests of removed targets. */
  readonly #ending = new Set<Promise<void>>()
  #known: Presence = new Map()
  #unknown: string | undefined = 'no kind has been listed yet'
  #secrets: readonly Target[] = []
  #waiters: (() => void)[] = []
  #listener: ((state: SourceState) => void) | undefined
  #phase: 'new' | 'starting' | 'started' | 'closed' = 'new'
  #published: 'yes' | 'scheduled' = 'yes'
  #manifests: LayeredMap<PlacedManifest> = LayeredMap.over(new Map())
  /** Edits that are in no published state yet. */
  readonly #edits = new Map<string, PlacedManifest | undefined>()
  #outage: string | undefined
  #cancelOutage: (() => void) | undefined

  constructor(options: KubernetesSourceOptions) {
    const { api, pace, lookEvery } = options
    this.#options = options
    this.#wanted = options.kinds.filter(({ group, kind }) => group !== '' || kind !== 'Secret')
    this.#pace = { ...defaultPace, after: realClock.after, ...pace }
    this.#readiness = new Readiness({
      api,
      after: this.#pace.after,
      isAwaited: () => this.#awaitsReadiness(),
      ready: () => {
        for (const held of this.#targets.values()) held.resume()
      },
    })
    this.#presence = new KindPresence({
      api,
      wanted: this.#wanted,
      pace: this.#pace,
      lookEvery: lookEvery ?? defaultLookEvery,
      looked: (presence, error) => {
        this.#known = presence
        this.#unknown = error
        this.#arrange()
      },
    })
  }

  async start(): Promise<SourceState> {
    this.#phase = 'starting'
    this.#presence.start()
    await this.#settled()
    if (this.#phase === 'starting') this.#phase = 'started'
    return this.#state()
  }

  onChange(listener: (state: SourceState) => void): void {
    this.#listener = listener
  }

  async follow(secrets: readonly { readonly namespace: string; readonly name: string }[]): Promise<void> {
    const { namespaces } = this.#options.selection
    this.#secrets = secrets
      .filter(({ namespace }) => namespaces.length === 0 || namespaces.includes(namespace))
      .map((each) => secretTarget(each))
    this.#arrange()
    await this.#settled()
  }

  standings(): readonly TargetStanding[] {
    return [...this.#targets.values()].map(({ standing }) => standing)
  }

  served(kind: { readonly group: string; readonly kind: string }): ServedKind | undefined {
    const served = this.#known.get(kindName(kind))
    return served === 'absent' ? undefined : served
  }

  targets(): readonly Target[] {
    return [...this.#targets.values()].map(({ target }) => target)
  }

  waiting(): string | undefined {
    const waiting = this.#waiting()
    const trouble = this.#trouble()
    return waiting === undefined
      ? undefined
      : `waiting for the Kubernetes API: ${waiting}${trouble === undefined ? '' : ` (${trouble})`}`
  }

  #waiting(): string | undefined {
    const unread = [...this.#targets.values()]
      .filter(({ settled }) => !settled)
      .map(({ standing }) => standing.kind)
    const parts = [...(this.#isKnown() ? [] : ['the kinds that the cluster has']), ...new Set(unread)]
    return parts.length === 0 ? undefined : parts.join(', ')
  }

  async close(): Promise<void> {
    this.#phase = 'closed'
    this.#cancelOutage?.()
    this.#readiness.close()
    this.#listener = undefined
    await Promise.all([
      this.#presence.close(),
      ...[...this.#targets.values()].map((each) => each.stop()),
      ...this.#ending,
    ])
    this.#options.api.close()
    this.#answer()
  }

  #isKnown(): boolean {
    return this.#wanted.every((each) => this.#known.has(kindName(each)))
  }

  /** Starts new targets, ends removed ones, and leaves the rest unchanged. */
  #arrange(): void {
    if (this.#phase === 'closed') return
    const { selection } = this.#options
    const targets = [
      ...this.#wanted.flatMap((each) => {
        const served = this.#known.get(kindName(each))
        return served === undefined || served === 'absent' ? [] : targetsOf(each, served, selection)
      }),
      ...this.#secrets,
    ]
    const keys = new Set(targets.map(({ key }) => key))
    for (const [key, held] of this.#targets) if (!keys.has(key)) this.#drop(key, held)
    for (const target of targets) this.#hold(target)
    this.#stands()
  }

  #hold(target: Target): void {
    const held = this.#targets.get(target.key)
    if (held !== undefined) {
      held.moveTo(target)
      return
    }
    const { api } = this.#options
    this.#targets.set(
      target.key,
      new HeldTarget(target, {
        api,
        pace: this.#pace,
        listener: {
          changed: (edits) => {
            this.#changed(edits)
          },
          missing: () => {
            this.#presence.call()
          },
          recovered: () => {
            this.#hurry()
          },
          standing: () => {
            this.#stands()
          },
        },
      }),
    )
  }

  #drop(key: string, held: HeldTarget): void {
    this.#targets.delete(key)
    const ending = held.stop().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
    if (held.objects.size > 0)
      this.#changed(new Map([...held.objects.keys()].map((gone) => [gone, undefined])))
  }

  /** Something is read or fails that was not so before. */
  #stands(): void {
    const outage = this.#trouble()
    if (outage === undefined) {
      this.#cancelOutage?.()
      this.#cancelOutage = undefined
      this.#tell(undefined)
    } else this.#cancelOutage ??= this.#tellLater(this.#outage === undefined ? outageAfter : outageEvery)
    if (this.#waiting() === undefined) this.#answer()
    if (this.#awaitsReadiness()) this.#readiness.call()
  }

  #awaitsReadiness(): boolean {
    return [...this.#targets.values()].some(({ waitsForReadiness }) => waitsForReadiness)
  }

  #hurry(): void {
    for (const held of this.#targets.values()) held.hurry()
  }

  /** All kinds fail one after the other, and recover so: that is one outage. */
  #tellLater(milliseconds: number): () => void {
    return this.#pace.after(milliseconds, () => {
      this.#cancelOutage = undefined
      this.#tell(this.#trouble())
      this.#stands()
    })
  }

  #trouble(): string | undefined {
    return outageOf([...this.#targets.values()], this.#unknown)
  }

  #tell(outage: string | undefined): void {
    if (outage === this.#outage || this.#phase === 'closed') return
    this.#outage = outage
    this.#options.onOutage?.(outage)
    this.#changed(new Map())
  }

  #answer(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }

  async #settled(): Promise<void> {
    if (this.#waiting() === undefined || this.#phase === 'closed') return
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve)
    })
  }

  /** All changes that have come together are one state. */
  #changed(edits: Edits): void {
    for (const [key, held] of edits) this.#edits.set(key, held)
    if (this.#phase !== 'started' || this.#published === 'scheduled') return
    this.#published = 'scheduled'
    setImmediate(() => {
      this.#published = 'yes'
      if (this.#phase === 'started') this.#listener?.(this.#state())
    })
  }

  #state(): SourceState {
    const changed = new Set(this.#edits.keys())
    this.#manifests = this.#manifests.with(this.#edits)
    this.#edits.clear()
    return { manifests: this.#manifests, changed, diagnostics: [], outage: this.#outage }
  }
}
