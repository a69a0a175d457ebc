import { ApiFailure } from '../kubernetes/failure.ts'
import type { KubernetesApi } from '../kubernetes/api.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { eventObject, eventPlace, seriesPatch } from './event-object.ts'
import type { Regarded } from './event-object.ts'

/** An Event to be written. */
export interface EventOrder {
  readonly diagnostic: Diagnostic
  readonly regarded: Regarded
}

/** `told`: it exists already, from an earlier time or another replica. */
export type EventOutcome = 'created' | 'repeated' | 'told'

export interface EventWriting {
  readonly api: KubernetesApi
  readonly tenure: AbortSignal
  readonly instance: string
  readonly now: () => Date
}

/**
 * Creates the Event, or (`count` from 2) adds to its series; an expired one is created again. Rejects with
 * ApiFailure.
 */
export async function writeEvent(
  order: EventOrder,
  count: number,
  writing: EventWriting,
): Promise<EventOutcome> {
  return count > 1 && (await repeatEvent(order, count, writing)) ? 'repeated' : createEvent(order, writing)
}

async function createEvent(
  { diagnostic, regarded }: EventOrder,
  { api, tenure, instance, now }: EventWriting,
): Promise<EventOutcome> {
  const { namespace } = eventPlace(diagnostic, regarded)
  try {
    await api.request({
      path: pathOf(namespace),
      method: 'POST',
      body: eventObject(diagnostic, regarded, { instance, now: now() }),
      signal: tenure,
    })
    return 'created'
  } catch (thrown) {
    if (thrown instanceof ApiFailure && thrown.status === 409) return 'told'
    throw thrown
  }
}

/** False if the Event no longer exists: the API server keeps them for an hour. */
async function repeatEvent(
  { diagnostic, regarded }: EventOrder,
  count: number,
  { api, tenure, now }: EventWriting,
): Promise<boolean> {
  const { namespace, name } = eventPlace(diagnostic, regarded)
  try {
    await api.request({
      path: `${pathOf(namespace)}/${name}`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: seriesPatch(count, now()),
      signal: tenure,
    })
    return true
  } catch (thrown) {
    if (thrown instanceof ApiFailure && thrown.status === 404) return false
    throw thrown
  }
}

function pathOf(namespace: string): string {
  return `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
}
