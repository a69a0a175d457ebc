import type { NameList } from '../xds/name-list.ts'
import type { Resource } from '../xds/resource.ts'
import type { ResourceType, TypeName } from '../xds/resource-types.ts'
import { absent, isResource, nothing, uncertainVersion } from './content.ts'
import type { Content, Holding, Holdings, Unknown } from './content.ts'
import { covers, noInterest } from './interest.ts'
import type { Interest } from './interest.ts'
import { afterAck, afterNack } from './isolation.ts'
import type { Change, Isolation, Refused } from './isolation.ts'

/** All that is known of one type on one stream. Immutable: each event gives the next one. */
export interface Subscription {
  readonly type: ResourceType
  readonly mode: 'sotw' | 'delta'
  readonly interest: Interest
  /** The names of the latest SotW request. */
  readonly list: NameList | undefined
  /** What the client has ACKed, or claimed when it came back. */
  readonly held: Holdings
  /** By name. They do not go out again ("When to send an update"). */
  readonly refused: ReadonlyMap<string, Refused>
  /** Set while it is open which of several changes the client refuses. */
  readonly isolation: Isolation | undefined
  /** The refused version_info of a response that held a whole state; '' for none. */
  readonly refusedVersion: string
  /** When the latest NACK came, in milliseconds since the epoch; 0 for never. */
  readonly refusedAt: number
  /** version_info of the last response that was ACKed; '' for none. */
  readonly ackedVersion: string
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
  /** `trial` where it carries a part of what was refused together. */
  readonly purpose: 'update' | 'trial'
}

/** What a NACK says, and when it came. */
export interface Refusal {
  readonly message: string
  readonly at: number
}

const noneRefused: Subscription['refused'] = new Map()

export function newSubscription(type: ResourceType, mode: Subscription['mode']): Subscription {
  return {
    type, mode, interest: noInterest, list: undefined, held: nothing, refused: noneRefused, isolation: undefined, refusedVersion: '', refusedAt: 0, ackedVersion: '',
    again: new Set(), claimed: '', fresh: true, returning: false, requested: false, answered: false, nonce: '', inFlight: undefined,
  }
}

/** The state after a response went out: nothing more of this type until it is answered. */
export function sent(subscription: Subscription, response: Response): Subscription {
  const { isolation, again } = response.purpose === 'trial' ? subscription : { isolation: undefined, again: new Set<string>() }
  return { ...subscription, answered: true, isolation, again, nonce: response.nonce, inFlight: response }
}

/** ACK: the client holds what the response led to ("ACK and NACK semantics summary"). */
export function accepted(subscription: Subscription, { after, changed, content }: Response): Subscription {
  const { isolation } = subscription
  const kept = { ...subscription, held: after, ackedVersion: content.version, refusedVersion: '', fresh: false, inFlight: undefined }
  if (isolation === undefined && subscription.refused.size === 0) return kept
  const answered = new Set([...changed.map(({ name }) => name), ...content.removed])
  const verdict = isolation === undefined ? { refused: [], isolation } : afterAck(isolation, answered)
  const refused = without(subscription.refused, (name) => answered.has(name))
  return { ...kept, held: withFormer(after, verdict.refused), isolation: verdict.isolation, refused: withRefused(refused, verdict.refused) }
}

/**
 * NACK: what the response brought is refused until its content changes; of several changes it is to be found out which.
 * Envoy takes nothing of a response that it cannot decode, and of another may have taken what is good: until that is sent
 * again it is uncertain what the client holds under those names.
 */
export function rejected(subscription: Subscription, response: Response, { message, at }: Refusal): Subscription {
  const changes = changesOf(subscription, response)
  const verdict = isDivisible(subscription, response.changed) ? afterNack(changes, message) : { refused: changes.map((change) => ({ ...change, message })), isolation: undefined }
  const held = subscription.mode === 'delta' && changes.length === 1 ? certainAgain(subscription.held, response, verdict.refused) : withUncertain(subscription, response, changes)
  const refused = withRefused(subscription.refused, verdict.refused)
  return { ...subscription, held, refused, isolation: verdict.isolation, refusedVersion: response.content.version, refusedAt: at, inFlight: undefined }
}

/** To say that a name does not exist is no change: the fault is with the others, if there are any. */
function changesOf({ held }: Subscription, { changed, content }: Response): readonly Change[] {
  const removed = content.removed.filter((name) => (held.get(name) ?? absent) !== absent)
  return [...(changed.length === 0 && removed.length === 0 ? content.removed : removed).map(removal), ...changed.map(arrival)]
}

/**
 * True where the changes of a response can be sent in parts. A SotW response of clusters or listeners always holds a whole
 * state: for a part, the others stand in it as the client had them, which must be known, or they would be deleted.
 */
function isDivisible(subscription: Subscription, changed: readonly Resource[]): boolean {
  return subscription.mode === 'delta' || !subscription.type.wildcard || changed.every(({ name }) => hadBefore(subscription, name) !== undefined)
}

/** What the client certainly had under a name before it refused a change of it, if we have that. */
export function hadBefore({ held, ackedVersion, claimed }: Subscription, name: string): Resource | 'none' | undefined {
  const holding = held.get(name)
  if (holding === undefined) return ackedVersion !== '' || claimed === '' ? 'none' : undefined
  const former = certain(holding)
  return former === undefined || former === 'none' || isResource(former) ? former : undefined
}

/** A new interest. What is no longer subscribed is forgotten, so that it is sent if it is subscribed again. */
export function interested(subscription: Subscription, interest: Interest): Subscription {
  const next = { ...subscription, interest, requested: true }
  if (interest.names === subscription.interest.names && interest.wildcard === subscription.interest.wildcard) return next
  const gone = (name: string): boolean => !covers(interest, name)
  const again = new Set([...subscription.again].filter((name) => !gone(name)))
  return { ...forgetting(next, gone), refused: without(subscription.refused, gone), again }
}

/** The state once the client has dropped these names of its own. */
export function forgetting(subscription: Subscription, gone: (name: string) => boolean): Subscription {
  const { held, inFlight } = subscription
  return { ...subscription, held: without(held, gone), inFlight: inFlight === undefined ? undefined : { ...inFlight, after: without(inFlight.after, gone) } }
}

/** Answers these names next, whatever the client holds. */
export function asked(subscription: Subscription, names: readonly string[]): Subscription {
  return names.length === 0 ? subscription : { ...subscription, again: new Set([...subscription.again, ...names]) }
}

/** True where the client has refused this very resource. */
export function isRefused({ refused }: Subscription, { name, version }: Resource): boolean {
  return refused.size > 0 && refused.get(name)?.version === version
}

/** The resources that the client is known to hold under these names. */
export function heldResources(held: Holdings, names: readonly string[]): readonly Resource[] {
  return names.flatMap((name) => {
    const holding = held.get(name)
    return holding !== undefined && isResource(holding) ? [holding] : []
  })
}

const removal = (name: string): Change => ({ name, version: '', resource: undefined })
const arrival = (resource: Resource): Change => ({ name: resource.name, version: resource.version, resource })

function withRefused(refused: Subscription['refused'], found: readonly Refused[]): Subscription['refused'] {
  return found.length === 0 ? refused : new Map([...refused, ...found.map((each) => [each.name, each] as const)])
}

function withUncertain(subscription: Subscription, { purpose }: Response, changes: readonly Change[]): Holdings {
  const held = new Map(subscription.held)
  for (const change of changes) {
    const isKnown = purpose === 'trial' && isUncertain(held.get(change.name))
    if (!isKnown) held.set(change.name, uncertain(subscription, change))
  }
  return held
}

function uncertain(subscription: Subscription, { name, resource }: Change): Unknown {
  const holding = subscription.held.get(name)
  const had = holding === undefined ? [] : holding.references
  const references = had === undefined ? undefined : [...new Set([...had, ...resource?.references ?? []])]
  if (holding === undefined) return { version: uncertainVersion, references, before: hadBefore(subscription, name) }
  // Not deeper than two: what is open already stays open, and below is what is certain.
  const before = isUncertain(holding) ? { version: uncertainVersion, references: had, before: certain(holding) } : holding
  return { version: uncertainVersion, references, before }
}

function isUncertain(holding: Holding | undefined): boolean {
  return holding?.version === uncertainVersion
}

function certain(holding: Holding): Holding | 'none' | undefined {
  if (isResource(holding) || !isUncertain(holding)) return holding
  return holding.before === undefined || holding.before === 'none' ? holding.before : certain(holding.before)
}

/** A single change is refused whole. That of a trial is one that was refused before, and thought possible. */
function certainAgain(held: Holdings, { purpose }: Response, refused: readonly Refused[]): Holdings {
  return purpose === 'trial' ? withFormer(held, refused) : held
}

/** A state in which it is certain of these changes that they are not in force. */
function withFormer(held: Holdings, refused: readonly Refused[]): Holdings {
  const open = refused.filter(({ name }) => isUncertain(held.get(name)))
  if (open.length === 0) return held
  const former = new Map(held)
  for (const { name } of open) {
    const holding = held.get(name)
    const before = holding === undefined || isResource(holding) ? undefined : holding.before
    if (before === 'none') former.delete(name)
    else if (before !== undefined) former.set(name, before)
  }
  return former
}

function without<V>(map: ReadonlyMap<string, V>, gone: (name: string) => boolean): ReadonlyMap<string, V> {
  const kept = [...map].filter(([name]) => !gone(name))
  return kept.length === map.size ? map : new Map(kept)
}
