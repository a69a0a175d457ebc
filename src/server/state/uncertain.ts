import type { Resource } from '../../xds/resource.ts'
import { isResource, uncertainVersion } from './content.ts'
import type { Holding, Holdings, Unknown } from './content.ts'
import type { Change, Nacked } from './isolation.ts'
import type { Response, Subscription } from './subscription.ts'

// Envoy applies nothing of a response that it cannot decode. If it can decode clusters and listeners, it
// applies the good ones and NACKs the response all the same. So after a NACK of several changes, the
// client's holdings are unknown for a while.

/** The client's certain content under a name before it rejected a change, if we have it. */
export function hadBefore(
  { held, ackedVersion, claimed }: Subscription,
  name: string,
): Resource | 'none' | undefined {
  const holding = held.get(name)
  if (holding === undefined) return ackedVersion !== '' || claimed === '' ? 'none' : undefined
  const former = certain(holding)
  return former === undefined || former === 'none' || isResource(former) ? former : undefined
}

/** The client's holdings after it rejected these changes, some of which may be in force. */
export function withUncertain(
  subscription: Subscription,
  { purpose }: Response,
  changes: readonly Change[],
): Holdings {
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
  const references = had === undefined ? undefined : [...new Set([...had, ...(resource?.references ?? [])])]
  if (holding === undefined)
    return { version: uncertainVersion, references, before: hadBefore(subscription, name) }
  // At most two levels deep: an uncertain content stays uncertain, and the one below is certain.
  const before = isUncertain(holding)
    ? { version: uncertainVersion, references: had, before: certain(holding) }
    : holding
  return { version: uncertainVersion, references, before }
}

export function isUncertain(holding: Holding | undefined): boolean {
  return holding?.version === uncertainVersion
}

function certain(holding: Holding): Holding | 'none' | undefined {
  if (isResource(holding) || !isUncertain(holding)) return holding
  return holding.before === undefined || holding.before === 'none' ? holding.before : certain(holding.before)
}

/** A single change is rejected whole. The change of a trial was rejected before, and considered possible. */
export function certainAgain(held: Holdings, { purpose }: Response, nacked: readonly Nacked[]): Holdings {
  return purpose === 'trial' ? rolledBack(held, nacked) : held
}

/** A state in which it is certain of these changes that they are not in force. */
export function rolledBack(held: Holdings, nacked: readonly Nacked[]): Holdings {
  const open = nacked.filter(({ name }) => isUncertain(held.get(name)))
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
