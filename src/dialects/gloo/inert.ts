import { z } from 'zod'

/** A field of Gloo's API that is known and not acted on. */
export const inert = z.unknown().optional()

/** Several of them. */
export function inertFields<Field extends string>(fields: readonly Field[]): Record<Field, typeof inert> {
  return Object.fromEntries(fields.map((field) => [field, inert])) as Record<Field, typeof inert>
}
