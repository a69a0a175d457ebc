import { z } from 'zod'
import { durationSchema } from '../../manifest/duration.ts'

/** What Envoy's own validation asks of values: one that it refuses would cost every route, or cluster, sent along with it. */

/** Text for a header or a path: Envoy takes no line breaks there. */
export const oneLine = z.string().refine((text) => !/[\0\r\n]/.test(text), { message: 'must be one line' })

export const nonEmpty = z.string().refine((text) => text !== '', { message: 'is empty, must have at least one character' })

export const positiveDuration = durationSchema.refine((milliseconds) => milliseconds > 0, { message: 'must be more than 0s' })

/** Values by name, where a name may not be empty. */
export function byName<V extends z.ZodType>(value: V) {
  return z.record(z.string(), value).superRefine((values, context) => {
    if (Object.hasOwn(values, '')) context.addIssue({ code: 'custom', path: [''], message: 'is an empty name' })
  })
}

/** Envoy takes a maglev table of a prime size, up to this one. */
const largestMaglevTable = 5_000_011

export const maglevTableSize = z.number().int().refine(isMaglevTableSize, { message: `must be a prime number up to ${largestMaglevTable}` })

function isMaglevTableSize(size: number): boolean {
  if (size < 2 || size > largestMaglevTable) return false
  for (let divisor = 2; divisor * divisor <= size; divisor += 1) if (size % divisor === 0) return false
  return true
}

/** Envoy's largest hash ring. */
export const ringSize = z.number().int().min(0).max(8 * 1024 * 1024)
