import type { Resource } from '../xds/resource.ts'
import { absent, changedContent, difference, differenceContent, select, wholeContent } from './content.ts'
import type { Content, Holding, Holdings, Resources } from './content.ts'
import { heldResources } from './subscription.ts'
import type { Subscription } from './subscription.ts'

/** What a subscription is compared with: always the latest state. */
export interface View {
  readonly resources: Resources
  /** True for a name that must outlive its removal for now (see order.ts). */
  readonly keeps: (name: string) => boolean
  /** True while removals wait for the client's first answer, whatever it is to. */
  readonly unsettled: boolean
}

export interface Plan {
  /** At most one response; undefined when the client has all that it should. */
  readonly content: Content | undefined
  readonly changed: readonly Resource[]
  /** What the client holds when the response is ACKed; at once where there is none. */
  readonly after: Holdings
}

/** The one response that brings a client from what it holds to the latest state, if it needs one. */
export function plan(subscription: Subscription, view: View): Plan {
  if (subscription.mode === 'delta') return planChanges(subscription, view)
  return subscription.type.wildcard ? planWholeState(subscription, view) : planGroup(subscription, view)
}

/** SotW clusters and listeners: a response holds all, and what is missing is deleted ("Deleting Resources"). */
function planWholeState(subscription: Subscription, { resources, keeps }: View): Plan {
  const { held, interest } = subscription
  const selection = select(resources, interest)
  const kept = heldResources(held, difference(held, selection).removed.filter(keeps))
  const target = kept.length === 0 ? selection : new Map([...selection, ...kept.map((resource) => [resource.name, resource] as const)])
  const { added, changed, removed } = difference(held, target)
  const fresh = [...added, ...changed]
  const content = wholeContent(target)
  if (content.version === subscription.refusedVersion) return { content: undefined, changed: [], after: held }
  const due = fresh.length > 0 || removed.length > 0 || !subscription.answered
  return { content: due && !isCurrent(subscription, content) ? content : undefined, changed: fresh, after: target }
}

/**
 * A returning client that has this very state. Only for a wildcard alone: "it is generally safe for servers to do this
 * optimization for LDS and CDS when the only subscription is a wildcard subscription" ("ACK/NACK and resource type
 * instance version"). All else is answered on a new stream.
 */
function isCurrent({ answered, claimed, interest }: Subscription, content: Content): boolean {
  return !answered && claimed === content.version && interest.wildcard && interest.names.size === 0
}

/**
 * Other SotW types: nothing is deleted by its absence, so a response may leave out what the client refused and what does
 * not exist ("Grouping Resources into Responses"), and an empty one would say nothing.
 */
function planGroup(subscription: Subscription, { resources }: View): Plan {
  const { held, again } = subscription
  const selection = select(resources, subscription.interest)
  const { added, changed, removed } = difference(held, selection)
  const [refused, fresh] = split([...added, ...changed], subscription)
  const target = refused.length === 0 ? selection : omit(selection, refused)
  const due = fresh.length > 0 || [...again].some((name) => target.has(name))
  const after = removed.length + refused.length === 0 ? selection : overlay(target, held, [...removed, ...refused.map(({ name }) => name)])
  return { content: due ? wholeContent(target) : undefined, changed: fresh, after }
}

/** Delta: what changed, what is gone, and the names that were asked for ("Incremental xDS"). */
function planChanges(subscription: Subscription, { resources, keeps, unsettled }: View): Plan {
  const { held, interest } = subscription
  const selection = select(resources, interest)
  const between = difference(held, selection)
  const [refused, fresh] = split([...between.added, ...between.changed], subscription)
  const removed = between.removed.filter((name) => subscription.refused.get(name) !== '' && !keeps(name))
  const unknown = unknownNames(subscription, selection)
  const gone = new Set(removed.concat(unknown))
  const again = resent(subscription, { selection, skip: new Set([...fresh.map(({ name }) => name), ...gone]) })
  const plain = refused.length + unknown.length + again.names === 0 && removed.length === between.removed.length
  const stays = between.removed.filter((name) => !gone.has(name)).concat(refused.map(({ name }) => name))
  const after = withAbsent(stays.length === 0 ? selection : overlay(omit(selection, refused), held, stays), subscription)
  const due = fresh.length + gone.size + again.names > 0 || isUnanswered(subscription) || (unsettled && stays.length > 0)
  const content = (): Content => plain ? differenceContent(between, selection)
    : changedContent([...fresh, ...again.resources], [...gone, ...again.removed], selection)
  return { content: due ? content() : undefined, changed: [...fresh, ...again.resources], after }
}

/** Subscribed names that do not exist, as the client has yet to be told ("Knowing When a Requested Resource Does Not Exist"). */
function unknownNames({ interest, held, refused }: Subscription, selection: Resources): readonly string[] {
  if (!interest.wildcard && interest.names.size === selection.size) return []
  return [...interest.names].filter((name) => !selection.has(name) && !held.has(name) && refused.get(name) !== '')
}

/** An initial wildcard subscription is answered even when there is nothing, or Envoy waits for its initial_fetch_timeout. */
function isUnanswered({ answered, fresh, interest }: Subscription): boolean {
  return interest.wildcard && !answered && fresh
}

interface Resent {
  readonly resources: readonly Resource[]
  readonly removed: readonly string[]
  readonly names: number
}

/** "the server must still provide those resources in the response" ("Subscribing to Resources"); so also for warming. */
function resent(subscription: Subscription, among: { readonly selection: Resources; readonly skip: ReadonlySet<string> }): Resent {
  const names = [...subscription.again].filter((name) => !among.skip.has(name))
  const existing = names.flatMap((name) => among.selection.get(name) ?? heldResources(subscription.held, [name]))
  const [, resources] = split(existing, subscription)
  const removed = names.filter((name) => !among.selection.has(name) && !existing.some((resource) => resource.name === name))
  return { resources, removed, names: resources.length + removed.length }
}

/** Divides into what the client has refused in this version, and the rest. */
function split(resources: readonly Resource[], { refused }: Subscription): readonly [refused: readonly Resource[], rest: readonly Resource[]] {
  if (refused.size === 0) return [[], resources]
  const isRefused = ({ name, version }: Resource): boolean => refused.get(name) === version
  return [resources.filter(isRefused), resources.filter((resource) => !isRefused(resource))]
}

function omit(resources: Resources, omitted: readonly Resource[]): Resources {
  const names = new Set(omitted.map(({ name }) => name))
  return new Map([...resources].filter(([name]) => !names.has(name)))
}

/** A state in which these names stay as the client holds them. */
function overlay(state: Resources, held: Holdings, names: readonly string[]): Holdings {
  const stays = names.flatMap((name): (readonly [string, Holding])[] => {
    const holding = held.get(name)
    return holding === undefined ? [] : [[name, holding]]
  })
  return new Map<string, Holding>([...state, ...stays])
}

/** Remembers which subscribed names do not exist, so that the client is told once. */
function withAbsent(state: Holdings, { interest, refused }: Subscription): Holdings {
  const missing = [...interest.names].filter((name) => !state.has(name) && !refused.has(name))
  return missing.length === 0 ? state : new Map([...state, ...missing.map((name) => [name, absent] as const)])
}
