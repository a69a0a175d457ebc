import type { Resource } from '../xds/resource.ts'
import type { ResourceType } from '../xds/resource-types.ts'
import type { Snapshot } from '../xds/snapshot.ts'
import { difference, nothing, select } from './content.ts'
import type { Holding, Resources } from './content.ts'
import { covers } from './interest.ts'
import { asked } from './subscription.ts'
import type { Subscription, Subscriptions } from './subscription.ts'

// Make before break: xDS protocol, "Eventual consistency considerations". Which types depend on which is in the table
// of resource types.

export function resourcesOf(snapshot: Snapshot, type: ResourceType): Resources {
  return snapshot.resources.get(type.name) ?? nothing
}

/**
 * True while the client has yet to answer for a resource that this type may refer to: routes are not warmed, so their
 * clusters and endpoints must be there first. What it has refused is not waited for, and a client that has ACKed neither
 * is starting: it has no traffic to lose.
 */
export function mustWait(type: ResourceType, subscriptions: Subscriptions, snapshot: Snapshot): boolean {
  const isStarting = subscriptions.get(type.name)?.fresh === true
  return type.after.some((before) => {
    const earlier = subscriptions.get(before)
    if (earlier === undefined || (earlier.fresh && isStarting)) return false
    const target = select(resourcesOf(snapshot, earlier.type), earlier.interest)
    const states = [earlier.held, earlier.inFlight?.after ?? earlier.held] // a removal may be under way of what is wanted again
    return states.some((state) => difference(state, target).added.some(({ name, version }) => earlier.refused.get(name) !== version))
  })
}

/**
 * Tells whether a name must stay although the snapshot no longer has it: something that the client holds, or may be
 * about to hold, still refers to it and is yet to be replaced.
 */
export function keeper(type: ResourceType, subscriptions: Subscriptions, snapshot: Snapshot): (name: string) => boolean {
  if (isUnsettled(type, subscriptions)) return () => true
  let outdated: readonly Holding[] | undefined
  return (name) => {
    outdated ??= type.referredBy.flatMap((referrer) => outdatedHoldings(subscriptions.get(referrer), snapshot))
    return outdated.some(({ references }) => references === undefined || references.includes(name))
  }
}

/**
 * True while a client has come back and it is open what it holds that may refer to this type. Its first answer ends that:
 * by then all the requests with which it began have arrived.
 */
export function isUnsettled(type: ResourceType, subscriptions: Subscriptions): boolean {
  return subscriptions.get(type.name)?.returning === true && type.referredBy.some((referrer) => !subscriptions.has(referrer))
}

function outdatedHoldings(subscription: Subscription | undefined, snapshot: Snapshot): readonly Holding[] {
  if (subscription === undefined) return []
  const current = resourcesOf(snapshot, subscription.type)
  const states = [subscription.held, subscription.inFlight?.after ?? nothing].filter((state) => state !== current)
  return states.flatMap((state) => [...state].filter(([name, { version }]) => current.get(name)?.version !== version).map(([, holding]) => holding))
}

/**
 * Marks what must be sent again because of a response: Envoy warms a changed cluster until it is given endpoints, even
 * if they are the same ("Resource warming").
 */
export function warmed(subscriptions: Subscriptions, type: ResourceType, changed: readonly Resource[]): Subscriptions {
  const dependents = [...subscriptions.values()].filter((subscription) => subscription.type.resentWith.includes(type.name))
  const marked = dependents.map((subscription) => {
    const names = changed.flatMap(({ references }) => references).filter((name) => covers(subscription.interest, name))
    return [subscription.type.name, asked(subscription, names)] as const
  })
  return marked.length === 0 ? subscriptions : new Map([...subscriptions, ...marked])
}
