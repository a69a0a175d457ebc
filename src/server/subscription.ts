import type { Resource } from '../xds/resource.ts'
import type { ResourceType, TypeName } from '../xds/resource-types.ts'
import { isResource, nothing } from './content.ts'
import type { Content, Holding, Holdings } from './content.ts'
import { covers, noInterest } from './interest.ts'
import type { Interest } from './interest.ts'

/** All that is known of one type on one stream. Immutable: each event gives the next one. */
export interface Subscription {
  readonly type: ResourceType
  readonly mode: 'sotw' | 'delta'
  readonly interest: Interest
  /** What the client has ACKed, or claimed when it came back. */
  readonly held: Holdings
  /** Refused versions by name; '' for a refused removal. They do not go out again ("When to send an update"). */
  readonly refused: ReadonlyMap<string, string>
  /** The refused version_info of a response that held a whole state; '' for none. */
  readonly refusedVersion: string
  /** Names that are answered next, whatever the client holds: subscribed again, or warming. */
  readonly again: ReadonlySet<string>
  /** version_info of the first SotW request: what the client had from another stream. */
  readonly claimed: string
  /** True until the client has ACKed, or claimed, anything of this type. */
  readonly fresh: boolean
  /** A delta client that came back with resources, until it has answered anything on this stream: first requests of other types may be under way. */
  readonly returning: boolean
  readonly requested: boolean
  readonly answered: boolean
  /** Of the latest response; '' before the first. */
  readonly nonce: string
  readonly inFlight: Response | undefined
}

export type Subscriptions = ReadonlyMap<TypeName, Subscription>

/** A response that waits for its ACK or NACK. */
export interface Response {
  readonly type: TypeName
  readonly nonce: string
  readonly content: Content
  /** Those of its resources that the client did not hold. */
  readonly changed: readonly Resource[]
  /** What the client holds once it has ACKed. */
  readonly after: Holdings
}

export function newSubscription(type: ResourceType, mode: Subscription['mode']): Subscription {
  return {
    type, mode, interest: noInterest, held: nothing, refused: new Map(), refusedVersion: '', again: new Set(),
    claimed: '', fresh: true, returning: false, requested: false, answered: false, nonce: '', inFlight: undefined,
  }
}

/** The state after a response went out: nothing more of this type until it is answered. */
export function sent(subscription: Subscription, response: Response): Subscription {
  return { ...subscription, answered: true, again: new Set(), nonce: response.nonce, inFlight: response }
}

/** ACK: the client holds what the response led to ("ACK and NACK semantics summary"). */
export function accepted(subscription: Subscription, response: Response): Subscription {
  const answered = new Set([...response.content.sent, ...response.content.removed])
  const refused = subscription.refused.size === 0 ? subscription.refused : without(subscription.refused, (name) => answered.has(name))
  return { ...subscription, held: response.after, refused, refusedVersion: '', fresh: false, inFlight: undefined }
}

/**
 * NACK: what the response brought is refused until its content changes. Envoy refuses a delta response whole, but may
 * have applied parts of a SotW response, so that there it is uncertain what the client holds under those names.
 */
export function rejected(subscription: Subscription, response: Response): Subscription {
  const { changed, content } = response
  const refused = new Map(subscription.refused)
  for (const { name, version } of changed) refused.set(name, version)
  if (changed.length === 0) for (const name of content.removed) refused.set(name, '')
  const held = new Map(subscription.held)
  if (subscription.mode === 'sotw') for (const resource of changed) held.set(resource.name, uncertain(held.get(resource.name), resource))
  const certain = subscription.mode === 'sotw' ? held : subscription.held
  return { ...subscription, held: certain, refused, refusedVersion: content.version, inFlight: undefined }
}

/** A new interest. What is no longer subscribed is forgotten, so that it is sent if it is subscribed again. */
export function interested(subscription: Subscription, interest: Interest): Subscription {
  const { inFlight } = subscription
  if (interest.names === subscription.interest.names && interest.wildcard === subscription.interest.wildcard) {
    return { ...subscription, interest, requested: true }
  }
  const gone = (name: string): boolean => !covers(interest, name)
  return {
    ...subscription,
    interest,
    requested: true,
    held: without(subscription.held, gone),
    refused: without(subscription.refused, gone),
    again: new Set([...subscription.again].filter((name) => !gone(name))),
    inFlight: inFlight === undefined ? undefined : { ...inFlight, after: without(inFlight.after, gone) },
  }
}

/** Answers these names next, whatever the client holds. */
export function asked(subscription: Subscription, names: readonly string[]): Subscription {
  return names.length === 0 ? subscription : { ...subscription, again: new Set([...subscription.again, ...names]) }
}

const uncertainVersion = 'uncertain'

function uncertain(before: Holding | undefined, after: Resource): Holding {
  const references = before === undefined ? [] : before.references
  return { version: uncertainVersion, references: references === undefined ? undefined : [...references, ...after.references] }
}

function without<V>(map: ReadonlyMap<string, V>, gone: (name: string) => boolean): ReadonlyMap<string, V> {
  const kept = [...map].filter(([name]) => !gone(name))
  return kept.length === map.size ? map : new Map(kept)
}

/** The resources that the client is known to hold under these names. */
export function heldResources(held: Holdings, names: readonly string[]): readonly Resource[] {
  return names.flatMap((name) => {
    const holding = held.get(name)
    return holding !== undefined && isResource(holding) ? [holding] : []
  })
}
