import { backOffDelay } from '../../clock.ts'
import type { BackOff } from '../../clock.ts'
import type { ApiFailure } from '../../kubernetes/failure.ts'

/** The identity of an object before it is read. */
export interface Item {
  /** Tells it from all others of its kind. */
  readonly key: string
}

/** The sync state of one kind: listed page by page, then watched from the version of that list. */
export interface Reflection<I extends Item> {
  readonly phase: 'listing' | 'watching' | 'checking' | 'waiting'
  /** The version at which the next watch begins; undefined if a list must come first. */
  readonly version: string | undefined
  /**
   * `doubted`: the server was away or silent, and may have restored its store to a state before that version.
   */
  readonly history: 'known' | 'doubted'
  /** The pages of the list under way. */
  readonly pages: readonly (readonly I[])[]
  readonly next: string | undefined
  /** A list whose pages expired is fetched again in one piece. */
  readonly limit: 'paged' | 'whole'
  /** Since the last success. */
  readonly failures: number
  /**
   * Versions that were too old, since the last thing that a watch brought: a list alone does not show that
   * watches go on.
   */
  readonly expirations: number
  readonly failure: ApiFailure | undefined
  /** True once a whole list has been read. */
  readonly synced: boolean
}

export type ReflectionEvent<I extends Item> =
  | { readonly kind: 'start' }
  | {
      readonly kind: 'page'
      readonly items: readonly I[]
      readonly next: string | undefined
      readonly version: string
    }
  /** The version that the server is at. */
  | { readonly kind: 'checked'; readonly version: string }
  /** The server has accepted the watch. */
  | { readonly kind: 'open' }
  | { readonly kind: 'set' | 'delete'; readonly item: I; readonly version: string }
  | { readonly kind: 'bookmark'; readonly version: string }
  /** The list or watch under way came to an end by this. */
  | { readonly kind: 'failed'; readonly failure: ApiFailure }
  /** The server has ended the watch in good order. */
  | { readonly kind: 'ended' }
  /** No byte for a long time: either nothing happens, or the connection is dead. */
  | { readonly kind: 'quiet' }
  | { readonly kind: 'waited' }

/** The next request or wait, one at a time, or the present objects of the kind. */
export type ReflectionCommand<I extends Item> =
  | { readonly kind: 'list'; readonly limit: number | undefined; readonly next: string | undefined }
  | { readonly kind: 'watch'; readonly version: string }
  /** Ask for the version that the server is at. */
  | { readonly kind: 'check' }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'replace'; readonly items: readonly I[] }
  | { readonly kind: 'set' | 'delete'; readonly item: I }
  /** The server knows no such kind, or knew it under another version. */
  | { readonly kind: 'missing' }

export interface ReflectionStep<I extends Item> {
  readonly state: Reflection<I>
  readonly commands: readonly ReflectionCommand<I>[]
}

export interface ReflectionBackOff extends BackOff {
  /** The longest wait while the server is out of reach, or is starting: asking costs it nothing. */
  readonly unreachable: number
}

export const defaultBackOff: ReflectionBackOff = { first: 200, most: 20_000, unreachable: 3_000 }
const pageSize = 500

export const unread: Reflection<never> = {
  phase: 'waiting',
  version: undefined,
  history: 'known',
  pages: [],
  next: undefined,
  limit: 'paged',
  failures: 0,
  expirations: 0,
  failure: undefined,
  synced: false,
}

/**
 * The next state and its commands. `chance` is a random number below 1: it spreads reconnections over time.
 */
export function reflect<I extends Item>(
  state: Reflection<I>,
  event: ReflectionEvent<I>,
  pace: { readonly chance: number; readonly backOff: ReflectionBackOff },
): ReflectionStep<I> {
  switch (event.kind) {
    case 'start':
    case 'waited':
      return proceed(state)
    case 'page':
      return pageRead(state, event)
    case 'checked':
      return checked(state, event.version)
    case 'open':
      return { state: { ...state, failure: undefined }, commands: [] }
    case 'bookmark':
      return { state: { ...well(state), expirations: 0, version: event.version }, commands: [] }
    case 'set':
    case 'delete':
      return {
        state: { ...well(state), expirations: 0, version: event.version },
        commands: [{ kind: event.kind, item: event.item }],
      }
    // Some proxies end every watch at once: that must not become a storm.
    case 'ended':
      return wait(
        { ...state, failures: state.failures + 1 },
        state.failures === 0
          ? pace.chance * pace.backOff.first
          : backOffDelay(state.failures, pace.backOff, pace.chance),
      )
    case 'quiet':
      return wait({ ...state, history: 'doubted' }, 0)
    case 'failed':
      return failed(state, event.failure, pace)
  }
}

function proceed<I extends Item>(state: Reflection<I>): ReflectionStep<I> {
  if (state.version !== undefined && state.history === 'doubted')
    return { state: { ...state, phase: 'checking' }, commands: [{ kind: 'check' }] }
  if (state.version !== undefined)
    return { state: { ...state, phase: 'watching' }, commands: [{ kind: 'watch', version: state.version }] }
  return {
    state: { ...state, phase: 'listing' },
    commands: [{ kind: 'list', limit: state.limit === 'paged' ? pageSize : undefined, next: state.next }],
  }
}

function pageRead<I extends Item>(
  state: Reflection<I>,
  { items, next, version }: Extract<ReflectionEvent<I>, { kind: 'page' }>,
): ReflectionStep<I> {
  const pages = [...state.pages, items]
  if (next !== undefined) return proceed({ ...well(state), pages, next })
  const watching = proceed<I>({
    ...well(state),
    pages: [],
    next: undefined,
    limit: 'paged',
    version,
    history: 'known',
    synced: true,
  })
  return { ...watching, commands: [{ kind: 'replace', items: pages.flat() }, ...watching.commands] }
}

/**
 * The API server accepts a watch from a future version, and sends nothing until then (its watch cache sends
 * only newer events). Objects that a restored store lost, or has again, would stay unchanged. A list shows
 * them.
 */
function checked<I extends Item>(state: Reflection<I>, version: string): ReflectionStep<I> {
  const isBack = state.version !== undefined && isBefore(version, state.version)
  return proceed({ ...state, history: 'known', ...(isBack ? { version: undefined } : {}) })
}

/** Versions of one store are growing numbers; nothing can be concluded from other versions. */
function isBefore(a: string, b: string): boolean {
  return [a, b].every((version) => /^\d+$/.test(version)) && BigInt(a) < BigInt(b)
}

function failed<I extends Item>(
  state: Reflection<I>,
  failure: ApiFailure,
  pace: { readonly chance: number; readonly backOff: ReflectionBackOff },
): ReflectionStep<I> {
  if (failure.status === 410) {
    // A version that is too old does not count as an outage: the list that follows brings everything, and at
    // once unless that has not helped.
    const limit = state.pages.length > 0 ? 'whole' : state.limit
    const again = {
      ...state,
      version: undefined,
      pages: [],
      next: undefined,
      limit,
      expirations: state.expirations + 1,
    } as const
    return wait(
      again,
      state.expirations === 0 ? 0 : backOffDelay(state.expirations - 1, pace.backOff, pace.chance),
    )
  }
  const failures = state.failures + 1
  const history = failure.status === undefined || failure.status >= 500 ? 'doubted' : state.history
  const waiting = wait(
    { ...state, history, failures, failure },
    retryAfter(failure, pace.chance) ??
      backOffDelay(
        state.failures,
        {
          first: pace.backOff.first,
          most: isUnreachable(failure) ? pace.backOff.unreachable : pace.backOff.most,
        },
        pace.chance,
      ),
  )
  if (failure.status !== 404) return waiting
  return {
    state: { ...waiting.state, version: undefined, pages: [], next: undefined },
    commands: [{ kind: 'missing' }, ...waiting.commands],
  }
}

function well<I extends Item>(state: Reflection<I>): Reflection<I> {
  return { ...state, failures: 0, failure: undefined }
}

function wait<I extends Item>(state: Reflection<I>, milliseconds: number): ReflectionStep<I> {
  return { state: { ...state, phase: 'waiting' }, commands: [{ kind: 'wait', milliseconds }] }
}

/**
 * The server's Retry-After and up to half of it more. The server knows its recovery time better than a count
 * of failures.
 */
function retryAfter({ retryAfter: asked }: ApiFailure, chance: number): number | undefined {
  return asked === undefined ? undefined : asked * (1 + chance / 2)
}

/** True if it waits only because the server could not be reached. */
export function waitsForServer({ phase, failure }: Reflection<Item>): boolean {
  return (
    phase === 'waiting' && failure !== undefined && failure.retryAfter === undefined && isUnreachable(failure)
  )
}

/** True if a server that may only be starting asked it to wait. */
export function waitsForReadiness({ phase, failure }: Reflection<Item>): boolean {
  return phase === 'waiting' && failure?.status === 503 && failure.retryAfter !== undefined
}

function isUnreachable({ status }: ApiFailure): boolean {
  return status === undefined || status === 503
}
