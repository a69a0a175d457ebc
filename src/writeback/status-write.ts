import { isDeepStrictEqual } from 'node:util'
import { ApiFailure } from '../kubernetes/failure.ts'
import type { KubernetesApi } from '../kubernetes/api.ts'
import { isJsonObject } from '../manifest/message.ts'
import type { JsonObject } from '../manifest/manifest.ts'
import { ownedStatus } from './field-ownership.ts'

/** A status to be written. */
export interface StatusOrder {
  /** Of the object, as in `/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/reviews`. */
  readonly path: string
  /** Another object of the same name is none of ours. */
  readonly uid: string
  readonly generation: number | undefined
  /** The status to have in place of `current`; undefined: none is written. */
  status(current: JsonObject, moment: WritingMoment): JsonObject | undefined
}

/** What is known when an object is read. */
export interface WritingMoment {
  /** RFC 3339, in whole seconds. */
  readonly now: string
  /** What of its status was written under our name and by nobody since, as FieldsV1. */
  readonly owned: JsonObject
}

/** `equal`: it says so already; `gone`: the object is another one, or newer than what is to be said of it. */
export type StatusOutcome = 'written' | 'equal' | 'gone'

export interface StatusReading {
  /** In whose name statuses are written: the manager of their fields. */
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
 * Reads the object, and writes its status where that is to be another: with the version that was read, as
 * lists in it are atomic. A conflict reads again. Rejects with ApiFailure for everything else that fails.
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

/** The status that the object is to have instead of the one that it has; or why it stays as it is. */
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

/** The rest of the object does not count at its status, and may hold numbers that a double does not. */
function statusBody({ apiVersion, kind, metadata }: JsonObject, status: JsonObject): JsonObject {
  const { name, namespace, uid, resourceVersion } = isJsonObject(metadata) ? metadata : {}
  const identity = Object.entries({ name, namespace, uid, resourceVersion }).flatMap(([field, value]) =>
    value === undefined ? [] : [[field, value] as const],
  )
  // Where there is no status, the API server fills in what its definition has for an object that nobody has
  // seen yet.
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

/** Of a newer generation the news is under way, and its status will be written then. */
function isMeant({ metadata }: JsonObject, order: StatusOrder): boolean {
  if (!isJsonObject(metadata) || metadata['uid'] !== order.uid) return false
  const { generation } = metadata
  return typeof generation !== 'number' || order.generation === undefined || generation <= order.generation
}
