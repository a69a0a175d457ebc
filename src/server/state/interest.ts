import type { NameList } from '../../xds/name-list.ts'
import type { ResourceType } from '../../xds/resource-types.ts'
import { remembered } from './remembered.ts'

/** A client's subscriptions of one type on one stream. */
export interface Interest {
  readonly wildcard: boolean
  /**
   * Clients that subscribed by the same requests share the set, and the results that are remembered for it.
   */
  readonly names: ReadonlySet<string>
  /**
   * Once the client has named anything, an empty list no longer means everything ("How the client specifies
   * what resources to return").
   */
  readonly explicit: boolean
}

const none: ReadonlySet<string> = new Set()
export const noInterest: Interest = { wildcard: false, names: none, explicit: false }

/**
 * SotW: each request holds the whole list ("Unsubscribing From Resources"). An unchanged list gives the very
 * same set.
 */
export function interestIn(type: ResourceType, list: NameList, before: Interest): Interest {
  const explicit = before.explicit || list.names.length > 0
  const wildcard = type.wildcard && (list.names.includes('*') || !explicit)
  const names = type.wildcard ? starless(list, none) : joined(list, none)
  return { wildcard, names: isSame(names, before.names) ? before.names : names, explicit }
}

export interface InterestChange {
  readonly subscribe: NameList
  readonly unsubscribe: NameList
  /** True for the first request of this type on the stream. */
  readonly first: boolean
}

/**
 * Delta: requests hold changes. The legacy wildcard is a first request without names ("Incremental xDS"); it
 * lasts until `*` is unsubscribed, whatever other subscriptions are added.
 */
export function changedInterest(
  type: ResourceType,
  { subscribe, unsubscribe, first }: InterestChange,
  before: Interest,
): Interest {
  const isEmpty = subscribe.names.length + unsubscribe.names.length === 0
  const kept = before.wildcard && !unsubscribe.names.includes('*')
  const wildcard = type.wildcard && ((first && isEmpty) || kept || subscribe.names.includes('*'))
  if (isEmpty) return { ...before, wildcard }
  const rest = unsubscribe.names.length === 0 ? before.names : parted(unsubscribe, before.names)
  const names = type.wildcard ? starless(subscribe, rest) : joined(subscribe, rest)
  return { wildcard, names, explicit: before.explicit || subscribe.names.length > 0 }
}

export function covers(interest: Interest, name: string): boolean {
  return interest.wildcard || interest.names.has(name)
}

type Names = ReadonlySet<string>

const joined = remembered(({ names }: NameList, before: Names): Names =>
  names.every((name) => before.has(name)) ? before : new Set([...before, ...names]),
)
const starless = remembered(({ names }: NameList, before: Names): Names => {
  const added = names.filter((name) => name !== '*' && !before.has(name))
  return added.length === 0 ? before : new Set([...before, ...added])
})
const parted = remembered(({ names }: NameList, before: Names): Names => {
  const gone = new Set(names.filter((name) => before.has(name)))
  return gone.size === 0 ? before : new Set([...before].filter((name) => !gone.has(name)))
})

function isSame(a: Names, b: Names): boolean {
  return a === b || (a.size === b.size && [...a].every((name) => b.has(name)))
}
