import type { ResourceType } from '../../xds/resource-types.ts'
import { resourceTypes } from '../../xds/resource-types.ts'
import type { Snapshot } from '../../xds/snapshot.ts'
import type { Codec, Request } from '../codec.ts'
import type { Content } from './content.ts'
import { isUnsettled, keeper, mustWait, resourcesOf, warmed } from './order.ts'
import { disowned, ownership } from './owner.ts'
import { isIdle, plan } from './plan.ts'
import type { View } from './plan.ts'
import { accepted, newSubscription, rejected, sent } from './subscription.ts'
import type { Response, Subscription, Subscriptions } from './subscription.ts'

/** The meaning of a request for the response that waited for it. */
export type Answer =
  | { readonly kind: 'none' }
  | { readonly kind: 'acked'; readonly response: Response }
  | { readonly kind: 'nacked'; readonly response: Response; readonly message: string }

export interface Received {
  readonly subscriptions: Subscriptions
  readonly answer: Answer
}

export interface Arrival extends Request {
  readonly mode: Codec['mode']
  /** Milliseconds since the epoch. */
  readonly at: number
}

/**
 * Handles a request of a known type. error_detail distinguishes NACK from ACK ("ACK and NACK semantics
 * summary").
 */
export function received(subscriptions: Subscriptions, type: ResourceType, request: Arrival): Received {
  const before = subscriptions.get(type.name) ?? newSubscription(type, request.mode)
  if (request.voidWhenStale && request.nonce !== before.nonce)
    return { subscriptions, answer: { kind: 'none' } }
  const response = before.inFlight?.nonce === request.nonce ? before.inFlight : undefined
  const after = request.apply(response === undefined ? before : settled(before, response, request))
  const next = new Map(subscriptions).set(type.name, after)
  return { subscriptions: response === undefined ? next : begun(next), answer: answerTo(response, request) }
}

function settled(before: Subscription, response: Response, { refusal, at }: Arrival): Subscription {
  return refusal === undefined
    ? accepted(before, response)
    : rejected(before, response, { message: refusal, at })
}

/** The state after a client's first answer: all of its initial requests have arrived. */
function begun(subscriptions: Subscriptions): Subscriptions {
  const returned = [...subscriptions.values()].filter(({ returning }) => returning)
  if (returned.length === 0) return subscriptions
  return new Map([
    ...subscriptions,
    ...returned.map(
      (subscription) => [subscription.type.name, { ...subscription, returning: false }] as const,
    ),
  ])
}

function answerTo(response: Response | undefined, { refusal }: Request): Answer {
  if (response === undefined) return { kind: 'none' }
  return refusal === undefined ? { kind: 'acked', response } : { kind: 'nacked', response, message: refusal }
}

export interface Step {
  readonly subscriptions: Subscriptions
  /** The next response to write; undefined when nothing is to be sent now. */
  readonly next:
    { readonly type: ResourceType; readonly content: Content; readonly nonce: string } | undefined
}

/** True if no response is due, as after most answers. */
export function areIdle(subscriptions: Subscriptions, snapshot: Snapshot): boolean {
  for (const subscription of subscriptions.values()) {
    if (!isIdle(subscription, resourcesOf(snapshot, subscription.type))) return false
  }
  return true
}

/**
 * The first response, in table order, that the stream needs now. Each type has at most one response in
 * flight, and none is queued.
 */
export function advanced(subscriptions: Subscriptions, snapshot: Snapshot, nonce: string): Step {
  // This comes first: resources that a client dropped with their owner keep nothing alive, and no answer will
  // report that. The rules are those of the stream's own type, which differs from its row in the table on a
  // stream of one type (see service.ts).
  let current = [...subscriptions.values()].reduce(
    (state, { type }) => disowned(state, type, snapshot),
    subscriptions,
  )
  for (const { name } of resourceTypes) {
    const subscription = current.get(name)
    if (subscription === undefined || isIdle(subscription, resourcesOf(snapshot, subscription.type))) continue
    const { type } = subscription
    if (subscription.inFlight !== undefined || mustWait(type, current, snapshot)) continue
    const { content, changed, after, purpose } = plan(subscription, viewOf(type, current, snapshot))
    if (content !== undefined) {
      const marked = warmed(current, type, changed)
      const inFlight = sent(subscription, { type: name, nonce, content, changed, after, purpose })
      return { subscriptions: new Map(marked).set(name, inFlight), next: { type, content, nonce } }
    }
    if (subscription.held !== after || subscription.again.size > 0 || subscription.isolation !== undefined) {
      current = new Map(current).set(name, {
        ...subscription,
        held: after,
        again: new Set<string>(),
        isolation: undefined,
      })
    }
  }
  return { subscriptions: current, next: undefined }
}

function viewOf(type: ResourceType, subscriptions: Subscriptions, snapshot: Snapshot): View {
  return {
    resources: resourcesOf(snapshot, type),
    ownership: ownership(type, subscriptions, snapshot),
    keeps: keeper(type, subscriptions, snapshot),
    unsettled: isUnsettled(type, subscriptions, snapshot),
  }
}
