import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Json, JsonObject, Manifest } from '../manifest/manifest.ts'
import { isJsonObject, isRecord } from '../manifest/message.ts'
import type { Condition, ObjectStatus } from '../model/condition.ts'
import type { Settings } from '../model/settings.ts'

/** The content of an object's status. */
export interface StatusReport {
  /** The newest text of the object: the status is of its generation. */
  readonly manifest: Manifest
  /** The statements about the text in force. */
  readonly statuses: readonly ObjectStatus[]
  /** `last good`: the newest text was rejected, and an earlier one is in force. */
  readonly inForce: 'newest' | 'last good'
  /** The number of objects attached to each of its sections, by name; absent: 0. */
  readonly taken: Readonly<Record<string, number>>
  readonly settings: Settings
}

/** The circumstances of writing a status. */
export interface StatusMoment {
  /** The present status of the object; empty if it has none. */
  readonly current: JsonObject
  /** Below `status`, the fields that were written here last, as FieldsV1; absent: not known. */
  readonly owned?: JsonObject
  /** Found in the newest text, and all else that is wrong with the object. */
  readonly diagnostics: readonly Diagnostic[]
  /** RFC 3339, in whole seconds as metav1.Time. */
  readonly now: string
}

/** The moment at which a controller decides whether an object has a status at all. */
export const nothingSaid: StatusMoment = { current: {}, diagnostics: [], now: '' }

/** `metadata.generation`; undefined for an object that came from no API server. */
export function generationOf({ object }: Manifest): number | undefined {
  const { metadata } = object
  const generation = isRecord(metadata) ? metadata['generation'] : undefined
  return typeof generation === 'number' ? generation : undefined
}

export interface ConditionsOf {
  readonly generation: number | undefined
  readonly now: string
  /**
   * Types that this controller owns: one that is no longer reported is removed. Conditions of other
   * controllers stay.
   */
  readonly types: readonly string[]
}

/** The longest message that a metav1.Condition takes. */
const longestMessage = 32_768

/**
 * metav1.Conditions: the transition time stays if the status is the same (API conventions, "Typical status
 * properties").
 */
export function writtenConditions(
  current: Json | undefined,
  conditions: readonly Condition[],
  { generation, now, types }: ConditionsOf,
): readonly JsonObject[] {
  const before = objectsIn(current)
  const others = before.filter(
    ({ type }) =>
      typeof type !== 'string' || (!types.includes(type) && !conditions.some((each) => each.type === type)),
  )
  const ours = conditions.map((condition): JsonObject => {
    const old = before.find(({ type }) => type === condition.type)
    const since =
      old?.['status'] === condition.status && typeof old['lastTransitionTime'] === 'string'
        ? old['lastTransitionTime']
        : now
    return {
      type: condition.type,
      status: condition.status,
      reason: condition.reason,
      message: condition.message.slice(0, longestMessage),
      lastTransitionTime: since,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    }
  })
  return [...others, ...ours]
}

/** The objects of a list; empty if the value is not a list. */
export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : []
}
