import { z } from 'zod'
import { camelCase } from './field-name.ts'
import type { Json, JsonObject } from './manifest.ts'

/**
 * A protobuf message in JSON: unknown fields are mistakes, each field is accepted as `mirrorPercent` and
 * `mirror_percent` (ProtoJSON accepts both; the output has the former), and a null field is absent.
 */
export function message<S extends z.ZodRawShape>(shape: S) {
  const fields = new Set(Object.keys(shape))
  return z.preprocess(
    (value, ctx) => (isRecord(value) ? renameFields(value, fields, ctx) : value),
    z.strictObject(shape),
  )
}

/**
 * A list whose elements may be left out separately: a rejected element is undefined, and the other indices
 * stay.
 */
export function parts<E extends z.ZodType>(element: E) {
  return z.array(element.optional())
}

function renameFields(
  value: Readonly<Record<string, unknown>>,
  fields: ReadonlySet<string>,
  ctx: z.RefinementCtx,
): Record<string, unknown> {
  const renamed = new Map<string, unknown>()
  for (const [key, each] of Object.entries(value)) {
    if (each === null || each === undefined) continue
    const name = fields.has(key) || !fields.has(camelCase(key)) ? key : camelCase(key)
    if (renamed.has(name)) {
      ctx.addIssue({
        code: 'custom',
        path: [key],
        message: `is there twice, as ${name} and in another spelling`,
        params: { hint: 'remove one of the two' },
      })
    }
    renamed.set(name, each)
  }
  return Object.fromEntries(renamed)
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Like `isRecord`, for a value that is known to be JSON. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isRecord(value)
}
