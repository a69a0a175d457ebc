import type { NameList } from '../../xds/name-list.ts'
import type { Resource } from '../../xds/resource.ts'
import type { ResourceType, TypeName } from '../../xds/resource-types.ts'
import { absent, isResource, nothing } from './content.ts'
import type { Content, Holdings } from './content.ts'
import { covers, noInterest } from './interest.ts'
import type { Interest } from './interest.ts'
import { afterAck, afterNack } from './isolation.ts'
import type { Change, Isolation, Nacked } from './isolation.ts'
import { certainAgain, hadBefore, isUncertain, rolledBack, withUncertain } from './uncertain.ts'

/** All that is known of one type on one stream. Immutable: each event gives the next one. */
export interface Subscription {
  readonly type: ResourceType
  readonly mode: 'sotw' | 'delta'
  readonly interest: Interest
  /** The names of the latest SotW request. */
  readonly list: NameList | undefined
  /** The resources that the client has ACKed, or claimed when it reconnected. */
  readonly held: Holdings
  /** By name. Rejected resources are not sent again ("When to send an update"). */
  readonly nacked: ReadonlyMap<string, Nacked>
  /** Set while it is open which of several changes the client refuses. */
  readonly isolation: Isolation | undefined
  /** The version_info of the whole state that was rejected last; '' for none. */
  readonly refusedVersion: string
  /** When the latest NACK came, in milliseconds since the epoch; 0 for never. */
  readonly nackedAt: number
  /** The version_info of the last ACKed response; '' for none. */
  readonly ackedVersion: string
  /** Names that are sent next, whatever the client holds: subscribed again, or warming. */
  readonly again: ReadonlySet<string>
  /**
   * Resources of this type that the client may still have under an owner that is no longer there, by owner
   * (see owner.ts).
   */
  readonly orphans: ReadonlyMap<string, ReadonlySet<string>>
  /** version_info of the first SotW request: what the client had from another stream. */
  readonly claimed: string
  /** True until the client has ACKed, or claimed, anything of this type. */
  readonly fresh: boolean
  /**
   * A delta client that came back with resources, until it has answered anything: first requests of other
   * types may be under way.
   */
  readonly returning: boolean
  readonly requested: boolean
  readonly answered: boolean
  /** The nonce of the latest response; '' before the first. */
  readonly nonce: string
  readonly inFlight: Response | undefined
}

export type Subscriptions = ReadonlyMap<TypeName, Subscription>

/** A response that waits for its ACK or NACK. */
export interface Response {
  readonly type: TypeName
  readonly nonce: string
  readonly content: Content
  /** The resources in it that the client did not hold. */
  readonly changed: readonly Resource[]
  /** The client's holdings after its ACK. */
  readonly after: Holdings
  /** `trial` if it carries a part of the changes that were rejected together. */
  readonly purpose: 'update' | 'trial'
}

/** The message of a NACK, and its time. */
export interface Refusal {
  readonly message: string
  readonly at: number
}

const noneNacked: Subscription['nacked'] = new Map()
const noOrphans: Subscription['orphans'] = new Map()

export function newSubscription(type: ResourceType, mode: Subscription['mode']): Subscription {
  return {
    type,
    mode,
    interest: noInterest,
    list: undefined,
    held: nothing,
    nacked: noneNacked,
    isolation: undefined,
    refusedVersion: '',
    nackedAt: 0,
    ackedVersion: '',
    again: new Set(),
    orphans: noOrphans,
    claimed: '',
    fresh: true,
    returning: false,
    requested: false,
    answered: false,
    nonce: '',
    inFlight: undefined,
  }
}

/** The state after a response went out: nothing more of this type until it is answered. */
export function sent(subscription: Subscription, response: Response): Subscription {
  const { isolation, again } =
    response.purpose === 'trial' ? subscription : { isolation: undefined, again: new Set<string>() }
  return { ...subscription, answered: true, isolation, again, nonce: response.nonce, inFlight: response }
}

/** ACK: the client holds what the response led to ("ACK and NACK semantics summary"). */
export function accepted(subscription: Subscription, { after, changed, content }: Response): Subscription {
  const { isolation } = subscription
  const kept = {
    ...subscription,
    held: after,
    ackedVersion: content.version,
    refusedVersion: '',
    fresh: false,
    inFlight: undefined,
  }
  if (isolation === undefined && subscription.nacked.size === 0) return kept
  const answered = new Set([...changed.map(({ name }) => name), ...content.removed])
  const verdict = isolation === undefined ? { nacked: [], isolation } : afterAck(isolation, answered)
  const nacked = without(subscription.nacked, (name) => answered.has(name))
  return {
    ...kept,
    held: rolledBack(after, verdict.nacked),
    isolation: verdict.isolation,
    nacked: withNacked(nacked, verdict.nacked),
  }
}

/**
 * NACK: the changes of the response are rejected until their content changes. If there are several, trials
 * find the bad ones. Envoy accepts nothing of a response that it cannot decode; of any other it may have
 * accepted the good part. Until those are sent again, the client's content under those names is uncertain.
 */
export function rejected(
  subscription: Subscription,
  response: Response,
  { message, at }: Refusal,
): Subscription {
  const changes = changesOf(subscription, response)
  const all = { nacked: changes.map((change) => ({ ...change, message })), isolation: undefined }
  const verdict = isDivisible(subscription, response.changed) ? afterNack(changes, message) : all
  const isSingle = subscription.mode === 'delta' && changes.length === 1
  const held = isSingle
    ? certainAgain(subscription.held, response, verdict.nacked)
    : withUncertain(subscription, response, changes)
  const nacked = withNacked(subscription.nacked, verdict.nacked)
  const { version: refusedVersion } = response.content
  return {
    ...subscription,
    held,
    nacked,
    isolation: verdict.isolation,
    refusedVersion,
    nackedAt: at,
    inFlight: undefined,
  }
}

/**
 * The changes that may be at fault. A missing name is not among them, nor is a resource that restores the
 * client's certain content, if there are other changes.
 */
function changesOf(subscription: Subscription, { changed, content }: Response): readonly Change[] {
  const isBack = ({ name, version }: Resource): boolean => {
    const before = isUncertain(subscription.held.get(name)) ? hadBefore(subscription, name) : undefined
    return before !== undefined && before !== 'none' && before.version === version
  }
  const removed = content.removed.filter((name) => (subscription.held.get(name) ?? absent) !== absent)
  const changes = [...removed.map(removal), ...changed.filter((resource) => !isBack(resource)).map(arrival)]
  return changes.length > 0 ? changes : [...content.removed.map(removal), ...changed.map(arrival)]
}

/**
 * True if the changes of a response can be sent in parts. A SotW response of clusters or listeners always
 * holds a whole state: in a part, all others keep the client's content, which must be known, or they would be
 * deleted.
 */
function isDivisible(subscription: Subscription, changed: readonly Resource[]): boolean {
  return (
    subscription.mode === 'delta' ||
    !subscription.type.wildcard ||
    changed.every(({ name }) => hadBefore(subscription, name) !== undefined)
  )
}

/**
 * A new interest. Unsubscribed resources are forgotten, so that they are sent if they are subscribed again.
 */
export function interested(subscription: Subscription, interest: Interest): Subscription {
  const next = { ...subscription, interest, requested: true }
  if (interest.names === subscription.interest.names && interest.wildcard === subscription.interest.wildcard)
    return next
  const gone = (name: string): boolean => !covers(interest, name)
  const again = new Set([...subscription.again].filter((name) => !gone(name)))
  return { ...forgetting(next, gone), nacked: without(subscription.nacked, gone), again }
}

/** The state once the client has dropped these names of its own. */
export function forgetting(subscription: Subscription, gone: (name: string) => boolean): Subscription {
  const { held, inFlight } = subscription
  const lighter = inFlight === undefined ? undefined : { ...inFlight, after: without(inFlight.after, gone) }
  return { ...subscription, held: without(held, gone), inFlight: lighter }
}

/** Sends these names next, whatever the client holds. */
export function asked(subscription: Subscription, names: readonly string[]): Subscription {
  return names.length === 0
    ? subscription
    : { ...subscription, again: new Set([...subscription.again, ...names]) }
}

/** True if the client has rejected exactly this resource. */
export function isNacked({ nacked }: Subscription, { name, version }: Resource): boolean {
  return nacked.size > 0 && nacked.get(name)?.version === version
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

function withNacked(nacked: Subscription['nacked'], found: readonly Nacked[]): Subscription['nacked'] {
  return found.length === 0
    ? nacked
    : new Map([...nacked, ...found.map((each) => [each.name, each] as const)])
}

function without<V>(map: ReadonlyMap<string, V>, gone: (name: string) => boolean): ReadonlyMap<string, V> {
  const kept = [...map].filter(([name]) => !gone(name))
  return kept.length === map.size ? map : new Map(kept)
}
