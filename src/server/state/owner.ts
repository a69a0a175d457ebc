import type { ResourceType } from '../../xds/resource-types.ts'
import type { Snapshot } from '../../xds/snapshot.ts'
import { absent, difference, isResource, nothing, select } from './content.ts'
import type { Holding, Holdings, Resources } from './content.ts'
import { covers } from './interest.ts'
import { remembered } from './remembered.ts'
import { asked, forgetting, isNacked } from './subscription.ts'
import type { Subscription, Subscriptions } from './subscription.ts'

// A resource with an owner, as a virtual host has, is of use only to a client that holds the owner: Envoy
// loses a virtual host that arrives before its route configuration is ACKed, never asks for it again, and
// drops those that it has when it unsubscribes from their route configuration. It ignores the removal of a
// route configuration to which it subscribes: a listener that drains goes on with its routes, and a listener
// that comes back meanwhile shares them. So when an owner returns, all that the client may have kept under it
// is sent again or removed by name.

/** The effect of the rule on one type of one client. */
export interface Ownership {
  /** The resources of the type whose owner the client holds. */
  readonly resources: Resources
  /** True for a change that waits until the client has its present owner; see `removalWaits` for removals. */
  readonly waits: (owner: string | undefined) => boolean
  /**
   * The owner of a resource that vanished before this stream is unknown: its removal waits for all owners.
   */
  readonly removalWaits: (holding: Holding | undefined) => boolean
  /** True while the client is yet to hold the owner of a resource that it will be sent then. */
  readonly awaited: boolean
}

const never = (): boolean => false

export function ownership(type: ResourceType, subscriptions: Subscriptions, snapshot: Snapshot): Ownership {
  const resources = snapshot.resources.get(type.name) ?? nothing
  if (type.ownedBy === undefined) return { resources, waits: never, removalWaits: never, awaited: false }
  const owners = subscriptions.get(type.ownedBy)
  const current = snapshot.resources.get(type.ownedBy) ?? nothing
  const all = [...heldOwners(resources, resources)]
  const held = all.filter((owner) => isHeld(owners, owner))
  const own = subscriptions.get(type.name)?.held ?? nothing
  const waits = (owner: string | undefined): boolean =>
    owner !== undefined &&
    !(owners !== undefined && isAcknowledged(owners, { owner, current, resources, own }))
  const isAnyOutdated =
    owners !== undefined &&
    difference(owners.held, select(current, owners.interest)).changed.some(
      (owner) => !isNacked(owners, owner),
    )
  return {
    resources: held.length === all.length ? resources : ofOwners(resources, held),
    waits: held.some(waits) ? waits : never,
    removalWaits: (holding) =>
      holding !== undefined && isResource(holding) ? waits(holding.owner) : isAnyOutdated,
    awaited: all.some((owner) => owners !== undefined && covers(owners.interest, owner) && waits(owner)),
  }
}

/**
 * Forgets what the client has under owners that are no longer there: nothing keeps it alive, and it is not
 * removed by name as long as its owner is absent. Once the owner is held again, the names are answered again.
 */
export function disowned(
  subscriptions: Subscriptions,
  type: ResourceType,
  snapshot: Snapshot,
): Subscriptions {
  const subscription = subscriptions.get(type.name)
  if (type.ownedBy === undefined || subscription === undefined) return subscriptions
  const owners = subscriptions.get(type.ownedBy)
  const resources = snapshot.resources.get(type.name) ?? nothing
  const lost = lostNames(subscription, owners, resources)
  if (lost.size === 0 && subscription.orphans.size === 0) return subscriptions
  const names = new Set([...lost.values()].flat())
  const current = (owners === undefined ? undefined : snapshot.resources.get(owners.type.name)) ?? nothing
  const next = adopted(
    {
      ...forgetting(subscription, (name) => names.has(name)),
      orphans: orphansOf(subscription, owners, lost),
    },
    (owner) =>
      owners !== undefined &&
      isHeld(owners, owner) &&
      isAcknowledged(owners, { owner, current, resources, own: subscription.held }),
  )
  return new Map([...subscriptions, [type.name, next]])
}

/** Names under owners that the client does not hold, by owner. */
function lostNames(
  { held, inFlight }: Subscription,
  owners: Subscription | undefined,
  resources: Resources,
): ReadonlyMap<string, readonly string[]> {
  const states = [held, inFlight?.after ?? nothing]
  const lost = new Set(
    states.flatMap((state) => [...heldOwners(state, resources)]).filter((owner) => !isHeld(owners, owner)),
  )
  if (lost.size === 0) return noneLost
  const owned = states.flatMap((state) =>
    [...state].map(([name, holding]) => ({ name, owner: ownerOf(name, holding, resources) ?? '' })),
  )
  return new Map(
    [
      ...Map.groupBy(
        owned.filter(({ owner }) => lost.has(owner)),
        ({ owner }) => owner,
      ),
    ].map(([owner, list]) => [owner, list.map(({ name }) => name)]),
  )
}

const noneLost: ReadonlyMap<string, readonly string[]> = new Map()

/** Earlier and new orphans, under owners to which the client still subscribes. */
function orphansOf(
  { orphans }: Subscription,
  owners: Subscription | undefined,
  lost: ReadonlyMap<string, readonly string[]>,
): Subscription['orphans'] {
  if (owners === undefined) return new Map()
  const kept = [...new Set([...orphans.keys(), ...lost.keys()])].filter((owner) =>
    covers(owners.interest, owner),
  )
  return new Map(
    kept.map((owner) => [owner, new Set([...(orphans.get(owner) ?? []), ...(lost.get(owner) ?? [])])]),
  )
}

/** Sends again the resources that were kept under an owner that is back. */
function adopted(subscription: Subscription, isBack: (owner: string) => boolean): Subscription {
  const back = [...subscription.orphans].filter(([owner]) => isBack(owner))
  if (back.length === 0) return subscription
  const names = back.flatMap(([, each]) => [...each]).filter((name) => covers(subscription.interest, name))
  const rest = [...subscription.orphans].filter(([owner]) => !isBack(owner))
  return { ...asked(subscription, names), orphans: new Map(rest) }
}

interface Owned {
  readonly owner: string
  /** The present owners, and the resources that they own. */
  readonly current: Resources
  readonly resources: Resources
  /** The client's resources of the owned type. */
  readonly own: Holdings
}

/**
 * The client has the present owner. A rejected owner is good enough in the version that the client has, if
 * that version surely accepts such resources: the client holds one. A vanished owner takes its resources
 * along.
 */
function isAcknowledged(
  { held, inFlight, nacked }: Subscription,
  { owner, current, resources, own }: Owned,
): boolean {
  const version = current.get(owner)?.version
  if (version === undefined) return false
  if (nacked.get(owner)?.version === version)
    return (held.get(owner) ?? absent) !== absent && heldOwners(own, resources).has(owner)
  return (
    held.get(owner)?.version === version &&
    (inFlight === undefined || inFlight.after.get(owner)?.version === version)
  )
}

function isHeld(owners: Subscription | undefined, owner: string): boolean {
  return (owners?.held.get(owner) ?? absent) !== absent
}

const heldOwners = remembered(
  (held: Holdings, resources: Resources): ReadonlySet<string> =>
    new Set([...held].flatMap(([name, holding]) => ownerOf(name, holding, resources) ?? [])),
)

function ownerOf(name: string, holding: Holding | undefined, resources: Resources): string | undefined {
  if (holding === undefined || holding === absent) return undefined
  return isResource(holding) ? holding.owner : resources.get(name)?.owner
}

const selections = new WeakMap<Resources, Map<string, Resources>>()

/** The same owners give the same map, so that streams share results. */
function ofOwners(resources: Resources, owners: readonly string[]): Resources {
  const known = selections.get(resources) ?? new Map<string, Resources>()
  const key = JSON.stringify(owners.toSorted())
  const selection =
    known.get(key) ??
    new Map([...resources].filter(([, { owner }]) => owner === undefined || owners.includes(owner)))
  selections.set(resources, known.set(key, selection))
  return selection
}
