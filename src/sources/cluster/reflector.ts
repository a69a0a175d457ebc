import { ApiFailure, failureOf } from '../../kubernetes/failure.ts'
import type { ApiRequest, KubernetesApi } from '../../kubernetes/api.ts'
import { listPage } from '../../kubernetes/list-page.ts'
import type { ListPage } from '../../kubernetes/list-page.ts'
import { parseJson } from '../../manifest/json.ts'
import type { NodeValue } from '../../manifest/node-value.ts'
import { isRecord } from '../../manifest/message.ts'
import { defaultBackOff, reflect, unread, waitsForServer } from './reflection.ts'
import type { ReflectionBackOff, Item, Reflection, ReflectionCommand, ReflectionEvent } from './reflection.ts'
import type { After } from '../../clock.ts'

/** One path of the API that is listed and watched, perhaps with selectors. */
export interface ReflectedPath {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Media types; absent: JSON of the whole objects. */
  readonly accept?: { readonly list: string; readonly watch: string }
}

export interface ReflectorListener<I extends Item> {
  /** Reads an object of the API; undefined leaves it out. */
  read(object: NodeValue): I | undefined
  /** Receives every object; all others were removed. */
  replace(items: readonly I[]): void
  set(item: I): void
  delete(item: I): void
  missing(): void
  /** The server answers again. */
  recovered(): void
  /** Something other than the objects has changed: `reflection`. */
  standing(): void
}

/** One page of a list. */
interface Page extends ListPage {
  readonly exactNumbers: NodeValue['exactNumbers']
}

export interface ReflectorPace {
  readonly after: After
  /** Below 1. */
  readonly random: () => number
  readonly backOff: ReflectionBackOff
  /**
   * Milliseconds without a byte, after which a watch is taken for dead: the server sends a bookmark about
   * every minute.
   */
  readonly idle: number
  /** Milliseconds that a watch lasts at least, and at most twice: then the server ends it. */
  readonly watchFor: number
}

export const defaultPace: Omit<ReflectorPace, 'after'> = {
  random: Math.random,
  backOff: defaultBackOff,
  idle: 150_000,
  watchFor: 300_000,
}

/** Follows one path of the API until it is stopped, whatever the server does; it never ends by itself. */
export class Reflector<I extends Item> {
  readonly #target: ReflectedPath
  readonly #api: KubernetesApi
  readonly #pace: ReflectorPace
  readonly #listener: ReflectorListener<I>
  readonly #stopping = new AbortController()
  #reflection: Reflection<I> = unread
  #cancelWait: (() => void) | undefined
  #work: Promise<void> = Promise.resolve()
  #restarts = -1

  constructor(
    target: ReflectedPath,
    {
      api,
      pace,
      listener,
    }: { readonly api: KubernetesApi; readonly pace: ReflectorPace; readonly listener: ReflectorListener<I> },
  ) {
    this.#target = target
    this.#api = api
    this.#pace = pace
    this.#listener = listener
  }

  get reflection(): Reflection<I> {
    return this.#reflection
  }

  /** Watches that followed the first one. */
  get restarts(): number {
    return Math.max(0, this.#restarts)
  }

  start(): void {
    this.#step({ kind: 'start' })
  }

  /** Retries at once if the server's absence was the only reason for the wait. */
  hurry(isOver: (reflection: Reflection<I>) => boolean = waitsForServer): void {
    if (!isOver(this.#reflection) || this.#stopping.signal.aborted) return
    this.#cancelWait?.()
    this.#do({ kind: 'wait', milliseconds: this.#pace.random() * this.#pace.backOff.first })
  }

  /** It reports nothing after this; resolves when its request has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelWait?.()
    await this.#work
  }

  #step(event: ReflectionEvent<I>): void {
    if (this.#stopping.signal.aborted) return
    const before = this.#reflection
    const { state, commands } = reflect(before, event, {
      chance: this.#pace.random(),
      backOff: this.#pace.backOff,
    })
    this.#reflection = state
    for (const command of commands) this.#do(command)
    if (before.failure !== undefined && state.failure === undefined) this.#listener.recovered()
    if (before.synced !== state.synced || before.failure !== state.failure) this.#listener.standing()
  }

  #do(command: ReflectionCommand<I>): void {
    switch (command.kind) {
      case 'list':
        this.#run(() => this.#list(command))
        return
      case 'watch':
        this.#run(() => this.#watch(command.version))
        return
      case 'check':
        this.#run(() => this.#check())
        return
      case 'wait':
        this.#cancelWait = this.#pace.after(command.milliseconds, () => {
          this.#step({ kind: 'waited' })
        })
        return
      case 'replace':
        this.#listener.replace(command.items)
        return
      case 'missing':
        this.#listener.missing()
        return
      default:
        this.#listener[command.kind](command.item)
    }
  }

  /**
   * The result of a request is the next event. A bug of ours in it becomes a failure like any other, so that
   * the kind continues.
   */
  #run(request: () => Promise<ReflectionEvent<I>>): void {
    this.#work = this.#end(request())
  }

  async #end(request: Promise<ReflectionEvent<I>>): Promise<void> {
    this.#step(
      await request.catch((thrown: unknown): ReflectionEvent<I> => ({
        kind: 'failed',
        failure: thrown instanceof ApiFailure ? thrown : new ApiFailure(String(thrown)),
      })),
    )
  }

  async #list({ limit, next }: Extract<ReflectionCommand<I>, { kind: 'list' }>): Promise<ReflectionEvent<I>> {
    const list = await this.#page({
      ...(limit === undefined ? {} : { limit: String(limit) }),
      ...(next === undefined ? {} : { continue: next }),
    })
    const { version, more, exactNumbers } = list
    const items = list.items.flatMap(
      (item, index) =>
        this.#listener.read({
          value: item,
          exactNumbers: exactNumbers.flatMap(({ path, text }) =>
            path[1] === index ? [{ path: path.slice(2), text }] : [],
          ),
        }) ?? [],
    )
    return { kind: 'page', items, next: more, version }
  }

  /** Any list without a version is of the newest state, so the shortest one says which version that is. */
  async #check(): Promise<ReflectionEvent<I>> {
    const { version } = await this.#page({ limit: '1' })
    return { kind: 'checked', version }
  }

  async #page(query: Readonly<Record<string, string>>): Promise<Page> {
    const { value, exactNumbers } = await this.#api.request(this.#request(query))
    return { ...listPage(value), exactNumbers }
  }

  async #watch(version: string): Promise<ReflectionEvent<I>> {
    this.#restarts += 1
    const { idle, watchFor, random } = this.#pace
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: version,
      timeoutSeconds: String(Math.ceil((watchFor / 1000) * (1 + random()))),
    }
    const broken = new AbortController()
    let failure: ApiFailure | undefined
    let opened = false
    const line = (text: string): void => {
      if (failure !== undefined) return
      const event = this.#read(text)
      if (event?.kind === 'failed') {
        failure = event.failure
        broken.abort()
      } else if (event !== undefined) this.#step(event)
    }
    try {
      const signal = AbortSignal.any([this.#stopping.signal, broken.signal])
      await this.#api.lines(
        { ...this.#request(query), idle, signal },
        {
          open: () => {
            opened = true
            this.#step({ kind: 'open' })
          },
          line,
        },
      )
    } catch (thrown) {
      if (opened && thrown instanceof ApiFailure && thrown.quiet) return { kind: 'quiet' }
      if (failure === undefined) throw thrown
    }
    return failure === undefined ? { kind: 'ended' } : { kind: 'failed', failure }
  }

  /** One event of a watch; undefined for an object that is left out. */
  #read(
    text: string,
  ): Extract<ReflectionEvent<I>, { kind: 'set' | 'delete' | 'bookmark' | 'failed' }> | undefined {
    const { value, exactNumbers } = parseJson(text)
    const { type, object } = isRecord(value) ? value : {}
    if (type === 'ERROR') return { kind: 'failed', failure: failureOf(object) }
    const metadata = isRecord(object) && isRecord(object['metadata']) ? object['metadata'] : {}
    const version = metadata['resourceVersion']
    if (typeof version !== 'string' || !isRecord(object))
      return { kind: 'failed', failure: new ApiFailure(`the watch sent no event: ${text.slice(0, 100)}`) }
    if (type === 'BOOKMARK') return { kind: 'bookmark', version }
    const item = this.#listener.read({
      value: object,
      exactNumbers: exactNumbers.map(({ path, text: digits }) => ({ path: path.slice(1), text: digits })),
    })
    return item === undefined
      ? { kind: 'bookmark', version }
      : { kind: type === 'DELETED' ? 'delete' : 'set', item, version }
  }

  #request(query: Readonly<Record<string, string>>): ApiRequest {
    const { path, accept: either } = this.#target
    const accept = query['watch'] === undefined ? either?.list : either?.watch
    return {
      path,
      query: { ...this.#target.query, ...query },
      signal: this.#stopping.signal,
      ...(accept === undefined ? {} : { accept }),
    }
  }
}
