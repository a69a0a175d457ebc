import { isDeepStrictEqual } from 'node:util'
import { ApiFailure } from '../kubernetes/failure.ts'
import type { KubernetesApi } from '../kubernetes/api.ts'
import { isJsonObject } from '../manifest/message.ts'
import type { JsonObject } from '../manifest/manifest.ts'
import { ownedStatus } from './field-ownership.ts'

/** A status to be written. */
export interface StatusOrder {
  /**
   * API path of the object, for example
   * `/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/reviews`.
   */
  readonly path: string
  /** Another object with the same name has another uid. */
  readonly uid: string
  readonly generation: number | undefined
  /** The status that replaces `current`; undefined: none is written. */
  status(current: JsonObject, moment: WritingMoment): JsonObject | undefined
}

/** The state of the object when it is read. */
export interface WritingMoment {
  /** RFC 3339, in whole seconds. */
  readonly now: string
  /** The parts of its status that are still ours, as FieldsV1. */
  readonly owned: JsonObject
}

/** `equal`: the status is right already; `gone`: the object is another one, or newer than its status. */
export type StatusOutcome = 'written' | 'equal' | 'gone'

export interface StatusReading {
  /** The manager of the fields of statuses. */
  readonly manager: string
  readonly now: () => Date
}

export interface StatusWriting extends StatusReading {
  readonly api: KubernetesApi
  readonly tenure: AbortSignal
  /** Somebody else has written meanwhile. */
  readonly conflict: () => void
}

const mostConflicts = 5

/**
 * Reads the object, and writes its status if it differs, with the version that was read, because lists in it
 * are atomic. A conflict reads again. Rejects with ApiFailure for every other failure.
 */
export async function writeStatus(order: StatusOrder, writing: StatusWriting): Promise<StatusOutcome> {
  const { api, tenure, manager, conflict } = writing
  for (let conflicts = 0; ; conflicts += 1) {
    const object = await readObject(order.path, writing)
    const status = object === undefined ? 'gone' : wantedStatus(object, order, writing)
    if (object === undefined || typeof status === 'string') return status === 'equal' ? 'equal' : 'gone'
    try {
      await api.request({
        path: `${order.path}/status`,
        query: { fieldManager: manager },
        method: 'PUT',
        body: statusBody(object, status),
        signal: tenure,
      })
      return 'written'
    } catch (thrown) {
      if (!(thrown instanceof ApiFailure) || thrown.status !== 409 || conflicts === mostConflicts)
        throw thrown
      conflict()
    }
  }
}

/** The object's new status, or the reason why it stays. */
export function wantedStatus(
  object: JsonObject,
  order: StatusOrder,
  { manager, now }: StatusReading,
): JsonObject | Exclude<StatusOutcome, 'written'> {
  if (!isMeant(object, order)) return 'gone'
  const current = isJsonObject(object['status']) ? object['status'] : {}
  const status = order.status(current, {
    now: `${now().toISOString().slice(0, 19)}Z`,
    owned: ownedStatus(object, manager),
  })
  return status === undefined || isDeepStrictEqual(status, current) ? 'equal' : status
}

/**
 * The rest of the object is ignored when a status is written, and may hold numbers that a double does not.
 */
function statusBody({ apiVersion, kind, metadata }: JsonObject, status: JsonObject): JsonObject {
  const { name, namespace, uid, resourceVersion } = isJsonObject(metadata) ? metadata : {}
  const identity = Object.entries({ name, namespace, uid, resourceVersion }).flatMap(([field, value]) =>
    value === undefined ? [] : [[field, value] as const],
  )
  // For a new object without a status, the API server fills in the default of its definition.
  return {
    apiVersion: apiVersion ?? '',
    kind: kind ?? '',
    metadata: Object.fromEntries(identity),
    ...(Object.keys(status).length === 0 ? {} : { status }),
  }
}

async function readObject(path: string, { api, tenure }: StatusWriting): Promise<JsonObject | undefined> {
  try {
    const { value } = await api.request({ path, signal: tenure })
    return isJsonObject(value) ? value : undefined
  } catch (thrown) {
    if (thrown instanceof ApiFailure && thrown.status === 404) return undefined
    throw thrown
  }
}

/** The change of a newer generation is under way, and its status will be written then. */
function isMeant({ metadata }: JsonObject, order: StatusOrder): boolean {
  if (!isJsonObject(metadata) || metadata['uid'] !== order.uid) return false
  const { generation } = metadata
  return typeof generation !== 'number' || order.generation === undefined || generation <= order.generation
}
