import type { ResourceType } from '../xds/resource-types.ts'

/** What a client subscribes to, of one type, on one stream. */
export interface Interest {
  readonly wildcard: boolean
  readonly names: ReadonlySet<string>
  /** Once the client has named anything, an empty list no longer means everything ("How the client specifies what resources to return"). */
  readonly explicit: boolean
}

export const noInterest: Interest = { wildcard: false, names: new Set(), explicit: false }

/** SotW: each request holds the whole list ("Unsubscribing From Resources"). An unchanged list gives the very same interest. */
export function interestIn(type: ResourceType, names: readonly string[], before: Interest): Interest {
  const explicit = before.explicit || names.length > 0
  const wildcard = type.wildcard && (names.includes('*') || !explicit)
  const listed = type.wildcard ? names.filter((name) => name !== '*') : names
  return settle({ wildcard, names: new Set(listed), explicit }, before)
}

export interface InterestChange {
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  /** True for the first request of this type on the stream. */
  readonly first: boolean
}

/**
 * Delta: requests hold changes. The legacy wildcard is a first request that names nothing ("Incremental xDS"); it lasts
 * until `*` is unsubscribed, whatever else is subscribed meanwhile.
 */
export function changedInterest(type: ResourceType, change: InterestChange, before: Interest): Interest {
  const { subscribe, unsubscribe } = change
  const legacy = change.first && subscribe.length === 0 && unsubscribe.length === 0
  const kept = before.wildcard && !unsubscribe.includes('*')
  const wildcard = type.wildcard && (legacy || kept || subscribe.includes('*'))
  if (subscribe.length === 0 && unsubscribe.length === 0) return { ...before, wildcard }
  const gone = new Set(unsubscribe)
  const listed = [...before.names].filter((name) => !gone.has(name)).concat(type.wildcard ? subscribe.filter((name) => name !== '*') : subscribe)
  return settle({ wildcard, names: new Set(listed), explicit: before.explicit || subscribe.length > 0 }, before)
}

export function covers(interest: Interest, name: string): boolean {
  return interest.wildcard || interest.names.has(name)
}

/** Keeps the old set where the new one is equal: what is remembered by it stays valid. */
function settle(next: Interest, before: Interest): Interest {
  const same = next.names.size === before.names.size && [...next.names].every((name) => before.names.has(name))
  return same ? { ...next, names: before.names } : next
}
