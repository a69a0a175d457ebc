import type { Resource } from '../../xds/resource.ts'
import { resourceTypeByName } from '../../xds/resource-types.ts'
import type { ResourceType, TypeName } from '../../xds/resource-types.ts'
import type { Snapshot } from '../../xds/snapshot.ts'
import { difference, nothing, select, uncertainVersion } from './content.ts'
import type { Holding, Holdings, Resources } from './content.ts'
import { covers } from './interest.ts'
import { remembered } from './remembered.ts'
import { asked } from './subscription.ts'
import type { Subscription, Subscriptions } from './subscription.ts'

// Make before break: xDS protocol, "Eventual consistency considerations". Which types depend on which is in
// the table of resource types.

export function resourcesOf(snapshot: Snapshot, type: ResourceType): Resources {
  return snapshot.resources.get(type.name) ?? nothing
}

/**
 * True while the client has not answered for a resource that this type may refer to. Routes are not warmed,
 * so their clusters and endpoints must arrive first. A rejected resource is not waited for (once it is
 * known), and a client that has ACKed neither type is starting: it has no traffic to lose. (Virtual hosts
 * follow an ACK in any case, and then in a later state.)
 */
export function mustWait(type: ResourceType, subscriptions: Subscriptions, snapshot: Snapshot): boolean {
  const isStarting = type.ownedBy === undefined && subscriptions.get(type.name)?.fresh === true
  return type.after.some((before) => {
    const earlier = subscriptions.get(before)
    if (earlier === undefined || (earlier.fresh && isStarting)) return false
    if (earlier.isolation !== undefined) return true
    const target = select(resourcesOf(snapshot, earlier.type), earlier.interest)
    // The removal of a resource that is wanted again may be under way.
    const states = [earlier.held, earlier.inFlight?.after ?? earlier.held]
    return states.some((state) =>
      missing(state, target).some(({ name, version }) => earlier.nacked.get(name)?.version !== version),
    )
  })
}

/** The resources that the client lacks, or may lack. */
const missing = remembered((state: Holdings, target: Resources): readonly Resource[] => {
  const { added, changed } = difference(state, target)
  return [...added, ...changed.filter(({ name }) => state.get(name)?.version === uncertainVersion)]
})

/**
 * Tells whether a name must stay although the snapshot no longer has it: something that the client holds, or
 * may be about to hold, still refers to it and is yet to be replaced.
 */
export function keeper(
  type: ResourceType,
  subscriptions: Subscriptions,
  snapshot: Snapshot,
): (name: string) => boolean {
  if (isUnsettled(type, subscriptions, snapshot)) return () => true
  let holdings: readonly Holding[] | undefined
  return (name) => {
    holdings ??= type.referredBy.flatMap((referrer) =>
      outdatedHoldings(subscriptions.get(referrer), snapshot),
    )
    return holdings.some(({ references }) => references === undefined || references.includes(name))
  }
}

/**
 * True while a reconnected client may hold unknown resources that refer to this type. Its first answer ends
 * this: by then all of its initial requests have arrived.
 */
export function isUnsettled(type: ResourceType, subscriptions: Subscriptions, snapshot: Snapshot): boolean {
  if (subscriptions.get(type.name)?.returning !== true) return false
  return type.referredBy.some((referrer) => !subscriptions.has(referrer) && mayBeHeld(referrer, snapshot))
}

/**
 * If the snapshot has no virtual hosts, each current route configuration contains its own, and an outdated
 * one keeps everything until it is replaced. Such a client never subscribes to virtual hosts, so they need
 * not be waited for.
 */
function mayBeHeld(referrer: TypeName, snapshot: Snapshot): boolean {
  const type = resourceTypeByName.get(referrer)
  return type?.ownedBy === undefined || resourcesOf(snapshot, type).size > 0
}

function outdatedHoldings(subscription: Subscription | undefined, snapshot: Snapshot): readonly Holding[] {
  if (subscription === undefined) return []
  const current = resourcesOf(snapshot, subscription.type)
  const states = [subscription.held, subscription.inFlight?.after ?? nothing].filter(
    (state) => state !== current,
  )
  return states.flatMap((state) => outdated(state, current))
}

const outdated = remembered((state: Holdings, current: Resources): readonly Holding[] =>
  [...state]
    .filter(([name, { version }]) => current.get(name)?.version !== version)
    .map(([, holding]) => holding),
)

/**
 * Marks what must be sent again because of a response: Envoy warms a changed cluster until it is given
 * endpoints, even if they are the same ("Resource warming").
 */
export function warmed(
  subscriptions: Subscriptions,
  type: ResourceType,
  changed: readonly Resource[],
): Subscriptions {
  const dependents = [...subscriptions.values()].filter((subscription) =>
    subscription.type.resentWith.includes(type.name),
  )
  const marked = dependents.map((subscription) => {
    const names = changed
      .flatMap(({ references }) => references)
      .filter((name) => covers(subscription.interest, name))
    return [subscription.type.name, asked(subscription, names)] as const
  })
  return marked.length === 0 ? subscriptions : new Map([...subscriptions, ...marked])
}
