import { isJsonObject, isRecord } from '../manifest/message.ts'
import type { Json, JsonObject } from '../manifest/manifest.ts'

/**
 * Below `status`, the fields that a manager wrote last, as FieldsV1 has them (structured-merge-diff):
 * `f:name`, `k:{"type":"Accepted"}`.
 */
export function ownedStatus({ metadata }: JsonObject, manager: string): JsonObject {
  const entries =
    isRecord(metadata) && Array.isArray(metadata['managedFields'])
      ? (metadata['managedFields'] as readonly Json[])
      : []
  return entries
    .filter(isJsonObject)
    .filter((each) => each['manager'] === manager && each['subresource'] === 'status')
    .map(({ fieldsV1 }) =>
      isJsonObject(fieldsV1) && isJsonObject(fieldsV1['f:status']) ? fieldsV1['f:status'] : {},
    )
    .reduce(merged, {})
}

/**
 * A status without what its owner wrote; what others wrote since stays, and so do lists and objects in which
 * something is left.
 */
export function withdrawn(status: JsonObject, owned: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(status).flatMap(([name, value]): readonly (readonly [string, Json])[] => {
      const fields = owned[`f:${name}`]
      const rest = isJsonObject(fields) ? withoutOwned(value, fields) : value
      return rest === undefined ? [] : [[name, rest]]
    }),
  )
}

function withoutOwned(value: Json, fields: JsonObject): Json | undefined {
  // No fields below it: it is owned as a whole.
  if (Object.keys(fields).length === 0) return undefined
  const rest = isList(value)
    ? value.filter((item) => !isOwned(item, fields))
    : isJsonObject(value)
      ? withdrawn(value, fields)
      : value
  return (isRecord(rest) && Object.keys(rest).length === 0) || (isList(rest) && rest.length === 0)
    ? undefined
    : rest
}

/**
 * An item is written as a whole or not at all, because its schema requires its fields. A condition is owned
 * by the manager that wrote its generation last; a field with the same value stays with its first owner. A
 * list of conditions is owned by the manager that owns all of them.
 */
function isOwned(item: Json, fields: JsonObject): boolean {
  if (!isJsonObject(item)) return false
  const entry = Object.entries(fields).find(
    ([key]) => key.startsWith('k:') && isNamed(item, key.slice(2)),
  )?.[1]
  if (!isJsonObject(entry)) return false
  const { conditions } = item
  if (!isList(conditions)) return 'f:observedGeneration' in entry
  const ofConditions = entry['f:conditions']
  return (
    isJsonObject(ofConditions) &&
    conditions.length > 0 &&
    conditions.every((each) => isOwned(each, ofConditions))
  )
}

/** Whether the keys of a map list say the item: `{"type":"Accepted"}`. */
function isNamed(item: JsonObject, keys: string): boolean {
  return Object.entries(JSON.parse(keys) as JsonObject).every(([field, value]) => item[field] === value)
}

function merged(a: JsonObject, b: JsonObject): JsonObject {
  return {
    ...a,
    ...Object.fromEntries(
      Object.entries(b).map(([field, below]) => {
        const other = a[field]
        return [field, isJsonObject(other) && isJsonObject(below) ? merged(other, below) : below]
      }),
    ),
  }
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
