import type { Resource } from '../../xds/resource.ts'
import { absent, changedContent, difference, differenceContent, select, wholeContent } from './content.ts'
import type { Content, Difference, Holding, Holdings, Resources } from './content.ts'
import { holds } from './isolation.ts'
import type { Ownership } from './owner.ts'
import { remembered, rememberedOfOne } from './remembered.ts'
import { heldResources, isNacked } from './subscription.ts'
import type { Response, Subscription } from './subscription.ts'
import { hadBefore } from './uncertain.ts'

/** The latest state, which a subscription is compared with. */
export interface View {
  readonly resources: Resources
  /** Whether resources may be sent before their owners (see owner.ts). */
  readonly ownership: Ownership
  /** True for a name that must outlive its removal for now (see order.ts). */
  readonly keeps: (name: string) => boolean
  /** True while removals wait for the client's first answer, to whatever response. */
  readonly unsettled: boolean
}

export interface Plan {
  /** At most one response; undefined when the client has all that it should. */
  readonly content: Content | undefined
  readonly changed: readonly Resource[]
  /** The client's holdings after it ACKs the response; at once if no response is sent. */
  readonly after: Holdings
  readonly purpose: Response['purpose']
}

/**
 * True if the client surely needs no response: it has the present state, and knows which names are missing.
 * May be false although no response is due; most events on most streams end here.
 */
export function isIdle(
  { type, held, interest, answered, again, isolation }: Subscription,
  resources: Resources,
): boolean {
  const lacksNone = interest.wildcard ? interest.names.size === 0 : interest.names.size === held.size
  return (
    lacksNone &&
    answered &&
    again.size === 0 &&
    isolation === undefined &&
    type.ownedBy === undefined &&
    held === select(resources, interest)
  )
}

/** The one response that brings a client to the latest state, if it needs one. */
export function plan(subscription: Subscription, view: View): Plan {
  return subscription.mode === 'sotw' && subscription.type.wildcard
    ? planWholeState(subscription, view)
    : planChanges(subscription, view)
}

/**
 * SotW clusters and listeners: a response holds all of them, and absent ones are deleted ("Deleting
 * Resources").
 */
function planWholeState(subscription: Subscription, { resources, keeps }: View): Plan {
  const { held, interest } = subscription
  const selection = select(resources, interest)
  const kept = heldResources(held, difference(held, selection).removed.filter(keeps))
  const wanted =
    kept.length === 0
      ? selection
      : new Map([...selection, ...kept.map((resource) => [resource.name, resource] as const)])
  const { added, changed, removed } = difference(held, wanted)
  const all = [...added, ...changed]
  const mayGo = (resource: Resource): boolean =>
    !isNacked(subscription, resource) || hadBefore(subscription, resource.name) === undefined
  const pending = { fresh: all.filter(mayGo), gone: [] }
  const trial = trialOf(subscription, pending)
  const { fresh } = trial ?? pending
  const target =
    fresh.length === all.length ? wanted : withHeldVersions(wanted, subscription, without(all, fresh))
  const content = wholeContent(target)
  const purpose = trial === undefined ? 'update' : 'trial'
  if (content.version === subscription.refusedVersion)
    return { content: undefined, changed: [], after: held, purpose }
  const due = fresh.length > 0 || removed.length > 0 || !subscription.answered
  if (!due && target !== wanted) return { content: undefined, changed: [], after: held, purpose }
  return {
    content: due && !isCurrent(subscription, content) ? content : undefined,
    changed: fresh,
    after: target,
    purpose,
  }
}

/** The state in which these resources are unchanged from the client's holdings, or absent if it had none. */
function withHeldVersions(
  state: Resources,
  subscription: Subscription,
  withheld: readonly Resource[],
): Resources {
  const former = new Map(state)
  for (const { name } of withheld) {
    const before = hadBefore(subscription, name)
    if (before === 'none') former.delete(name)
    else if (before !== undefined) former.set(name, before)
  }
  return former
}

function without(resources: readonly Resource[], some: readonly Resource[]): readonly Resource[] {
  const gone = new Set(some)
  return resources.filter((resource) => !gone.has(resource))
}

/**
 * A returning client that has this very state. Only for a wildcard alone: "it is generally safe for servers
 * to do this optimization for LDS and CDS when the only subscription is a wildcard subscription" ("ACK/NACK
 * and resource type instance version"). All else is answered on a new stream.
 */
function isCurrent({ answered, claimed, interest }: Subscription, content: Content): boolean {
  return !answered && claimed === content.version && interest.wildcard && interest.names.size === 0
}

/**
 * All other types: the changes, and the requested names. Delta also lists removals ("Incremental xDS"). In
 * SotW a resource is not deleted by its absence, so unchanged ones are left out, and so are those that the
 * client rejected ("Grouping Resources into Responses"); an empty response would say nothing.
 */
function planChanges(subscription: Subscription, view: View): Plan {
  const selection = select(view.ownership.resources, subscription.interest)
  const between = difference(subscription.held, selection)
  const pending = pendingChanges(subscription, { ...between, selection }, view)
  const trial = trialOf(subscription, pending)
  const { fresh, gone } = trial ?? pending
  const again = trial === undefined ? resent(subscription, { selection, fresh, gone }) : noneResent
  const stays = staying(between, fresh, gone)
  const due =
    fresh.length + gone.length + again.resources.length + again.removed.length > 0 ||
    isUnanswered(subscription, view) ||
    (view.unsettled && stays.length > 0)
  if (!due && stays.length > 0)
    return { content: undefined, changed: [], after: subscription.held, purpose: 'update' }
  const state = stays.length === 0 ? selection : overlay(selection, subscription.held, stays)
  return {
    content: due ? contentOf(subscription.mode, { between, selection, fresh, gone, again }) : undefined,
    changed: [...fresh, ...again.resources],
    after: withAbsent(state, subscription, [...gone, ...again.removed]),
    purpose: trial === undefined ? 'update' : 'trial',
  }
}

interface Parts extends Pending, Selected {
  readonly between: Difference
  readonly again: Resent
}

/** Shared by all streams with the same two states, if nothing is left out or sent again. */
function contentOf(mode: Subscription['mode'], { between, selection, fresh, gone, again }: Parts): Content {
  const isPlain =
    fresh.length === between.added.length + between.changed.length &&
    again.resources.length + again.removed.length === 0
  if (isPlain && mode === 'sotw') return arrivals(between, selection)
  const removesAll =
    gone.length === between.removed.length && gone.every((name, index) => name === between.removed[index])
  if (isPlain && removesAll) return differenceContent(between, selection)
  return changedContent([...fresh, ...again.resources], [...gone, ...again.removed], selection)
}

interface Selected {
  readonly selection: Resources
}

interface Pending {
  readonly fresh: readonly Resource[]
  readonly gone: readonly string[]
}

/** The changes that may be sent now: neither rejected ones, nor those that wait for another type. */
function pendingChanges(
  subscription: Subscription,
  { added, changed, removed, selection }: Difference & Selected,
  view: View,
): Pending {
  const { held, nacked } = subscription
  const { resources, ownership, keeps } = view
  const fresh = [...added, ...changed].filter(
    (resource) => !isNacked(subscription, resource) && !ownership.waits(resource.owner),
  )
  if (subscription.mode === 'sotw') return { fresh, gone: [] }
  const gone = removed.filter(
    (name) => nacked.get(name)?.version !== '' && !ownership.removalWaits(held.get(name)) && !keeps(name),
  )
  const { interest } = subscription
  const mayLack = interest.wildcard ? interest.names.size > 0 : interest.names.size > selection.size
  return { fresh, gone: mayLack ? [...gone, ...unknownNames(subscription, resources)] : gone }
}

/**
 * Subscribed names that do not exist, and that the client does not know to be missing ("Knowing When a
 * Requested Resource Does Not Exist").
 */
function unknownNames({ interest, held, nacked }: Subscription, resources: Resources): readonly string[] {
  const names = untold(interest.names, held)(resources)
  return nacked.size === 0 ? names : names.filter((name) => nacked.get(name)?.version !== '')
}

/**
 * A client may subscribe to very many names that do not exist. While nothing changes for it, none of them is
 * looked up again.
 */
const untold = remembered((names: ReadonlySet<string>, held: Holdings) =>
  rememberedOfOne((resources: Resources): readonly string[] =>
    [...names].filter((name) => !resources.has(name) && !held.has(name)),
  ),
)

/** After a NACK of several changes: the part of them in the next response, and nothing else. */
function trialOf({ isolation }: Subscription, { fresh, gone }: Pending): Pending | undefined {
  if (isolation === undefined) return undefined
  const pending = new Map([
    ...gone.map((name) => [name, ''] as const),
    ...fresh.map(({ name, version }) => [name, version] as const),
  ])
  if (!holds(isolation, pending)) return undefined
  return {
    fresh: fresh.filter(({ name }) => isolation.trial.has(name)),
    gone: gone.filter((name) => isolation.trial.has(name)),
  }
}

/**
 * An initial wildcard subscription is answered even when there is nothing, or Envoy waits for its
 * initial_fetch_timeout.
 */
function isUnanswered({ mode, answered, fresh, interest }: Subscription, { ownership }: View): boolean {
  return mode === 'delta' && interest.wildcard && !answered && fresh && !ownership.awaited
}

interface Resent {
  readonly resources: readonly Resource[]
  readonly removed: readonly string[]
}

const noneResent: Resent = { resources: [], removed: [] }

/**
 * "the server must still provide those resources in the response" ("Subscribing to Resources"); so also for
 * warming.
 */
function resent(subscription: Subscription, { selection, fresh, gone }: Pending & Selected): Resent {
  if (subscription.again.size === 0) return noneResent
  const skip = new Set([...fresh.map(({ name }) => name), ...gone])
  const names = [...subscription.again].filter((name) => !skip.has(name))
  const heldYet = (name: string): readonly Resource[] =>
    subscription.mode === 'delta' ? heldResources(subscription.held, [name]) : []
  const existing = names.flatMap((name) => selection.get(name) ?? heldYet(name))
  const found = new Set(existing.map(({ name }) => name))
  const removed = subscription.mode === 'delta' ? names.filter((name) => !found.has(name)) : []
  return { resources: existing.filter((resource) => !isNacked(subscription, resource)), removed }
}

/** Names that differ and are left as they are for now. */
function staying(
  { added, changed, removed }: Difference,
  fresh: readonly Resource[],
  gone: readonly string[],
): readonly string[] {
  if (fresh.length === added.length + changed.length && removed.length === 0) return []
  const handled = new Set([...fresh.map(({ name }) => name), ...gone])
  return [...added.map(({ name }) => name), ...changed.map(({ name }) => name), ...removed].filter(
    (name) => !handled.has(name),
  )
}

/** A state in which these names stay as the client holds them. */
function overlay(state: Resources, held: Holdings, names: readonly string[]): Holdings {
  const overlaid = new Map<string, Holding>(state)
  for (const name of names) {
    const holding = held.get(name)
    if (holding === undefined) overlaid.delete(name)
    else overlaid.set(name, holding)
  }
  return overlaid
}

/** Remembers which subscribed names do not exist, so that the client gets each removal once. */
function withAbsent(
  state: Holdings,
  { mode, interest, held }: Subscription,
  told: readonly string[],
): Holdings {
  if (
    mode === 'sotw' ||
    interest.names.size === 0 ||
    (!interest.wildcard && state.size === interest.names.size)
  )
    return state
  if (told.length === 0 && isHeldAs(held, interest.names)(state)) return held
  const missing: string[] = []
  const add = (name: string): void => {
    if (interest.names.has(name) && !state.has(name)) missing.push(name)
  }
  for (const [name, holding] of held) if (holding === absent) add(name)
  for (const name of told) add(name)
  if (missing.length === 0) return state
  const after = new Map(state)
  for (const name of missing) after.set(name, absent)
  return after
}

/** True if the client holds exactly this state, and knows which of these names do not exist. */
const isHeldAs = remembered((held: Holdings, names: ReadonlySet<string>) =>
  rememberedOfOne((state: Holdings): boolean => {
    const isFound = (name: string, holding: Holding): boolean =>
      holding === absent ? names.has(name) && !state.has(name) : state.get(name) === holding
    return (
      held.size > state.size &&
      [...state.keys()].every((name) => held.has(name)) &&
      [...held].every(([name, holding]) => isFound(name, holding))
    )
  }),
)

/** A difference as a SotW response, shared by all streams that go from the one state to the other. */
const arrivals = remembered(({ added, changed }: Difference, target: Resources): Content =>
  changedContent([...added, ...changed], [], target),
)
