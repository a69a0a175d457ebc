import type { Resource } from '../../xds/resource.ts'
import type { TypeName } from '../../xds/resource-types.ts'
import type { Snapshot } from '../../xds/snapshot.ts'
import type { TypeState } from '../status/client-state.ts'
import { absent, difference, isResource, select, wholeContent } from './content.ts'
import type { Holding, Holdings, Resources } from './content.ts'
import type { Change } from './isolation.ts'
import { ownership } from './owner.ts'
import { isNacked } from './subscription.ts'
import type { Subscription, Subscriptions } from './subscription.ts'

/** The client's resources of each subscribed type, compared with its snapshot. */
export function typeStates(
  subscriptions: Subscriptions,
  snapshot: Snapshot,
): ReadonlyMap<TypeName, TypeState> {
  return new Map(
    [...subscriptions].map(([name, subscription]) => {
      const { resources, awaited } = ownership(subscription.type, subscriptions, snapshot)
      const target = select(resources, subscription.interest)
      const refusal = refusalOf(subscription, target)
      const status =
        refusal !== undefined ? 'NACKED' : awaited || isStale(subscription, target) ? 'STALE' : 'SYNCED'
      return [
        name,
        {
          status,
          interest: subscription.interest,
          held: present(subscription.held),
          ackedVersion: subscription.ackedVersion,
          refusal,
        },
      ]
    }),
  )
}

/** The resources of one type that the client still rejects; undefined if there are none. */
export function refusalOn(
  type: TypeName,
  subscriptions: Subscriptions,
  snapshot: Snapshot,
): TypeState['refusal'] {
  const subscription = subscriptions.get(type)
  if (subscription === undefined || (subscription.nacked.size === 0 && subscription.isolation === undefined))
    return undefined
  return refusalOf(
    subscription,
    select(ownership(subscription.type, subscriptions, snapshot).resources, subscription.interest),
  )
}

/** True for the same message about the very same resources. */
export function isSameRefusal(a: TypeState['refusal'], b: TypeState['refusal']): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a.message === b.message &&
    a.resources.length === b.resources.length &&
    a.resources.every((each, index) => each === b.resources[index])
  )
}

function refusalOf(subscription: Subscription, target: Resources): TypeState['refusal'] {
  const { nacked, isolation, held, nackedAt: at } = subscription
  const isDue = ({ name, version }: Change): boolean =>
    version === ''
      ? !target.has(name) && (held.get(name) ?? absent) !== absent
      : target.get(name)?.version === version
  const found = [...nacked.values()].filter(isDue)
  const suspects =
    isolation === undefined
      ? []
      : [...isolation.suspects.values()].filter(
          (change) => isDue(change) && held.get(change.name)?.version !== change.version,
        )
  const message = found.at(-1)?.message ?? (suspects.length > 0 ? isolation?.message : undefined)
  if (message === undefined) return undefined
  return {
    message,
    at,
    resources: (found.length > 0 ? found : suspects).flatMap(({ resource }) => resource ?? []),
  }
}

function isStale(subscription: Subscription, target: Resources): boolean {
  const { mode, type, held, inFlight, refusedVersion } = subscription
  if (inFlight !== undefined) return true
  const { added, changed, removed } = difference(held, target)
  if ([...added, ...changed].some((resource) => !isNacked(subscription, resource))) return true
  if (mode === 'sotw')
    return type.wildcard && removed.length > 0 && wholeContent(target).version !== refusedVersion
  return removed.some((name) => subscription.nacked.get(name)?.version !== '')
}

const presents = new WeakMap<Holdings, TypeState['held']>()

function present(held: Holdings): TypeState['held'] {
  const known = presents.get(held)
  if (known !== undefined) return known
  const found = new Map([...held].flatMap(([name, holding]) => shown(name, holding)))
  presents.set(held, found)
  return found
}

/** A rejected resource that may be in force is shown in its former version. */
function shown(
  name: string,
  holding: Holding,
): readonly (readonly [string, Resource | { readonly version: string }])[] {
  if (holding === absent) return []
  if (isResource(holding) || holding.before === undefined) return [[name, holding]]
  return holding.before === 'none' ? [] : shown(name, holding.before)
}
