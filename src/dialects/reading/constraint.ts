import { z } from 'zod'
import { durationSchema } from '../../manifest/duration.ts'

/**
 * Envoy's own rules for values: a value that it rejects would cost every route, or cluster, sent along with
 * it.
 */

/** Text for a header or a path: Envoy takes no line breaks there. */
export const oneLine = z.string().refine((text) => !/[\0\r\n]/.test(text), { message: 'must be one line' })

/** A text that Envoy wants to be there (`min_len: 1`). */
export const nonEmpty = z
  .string()
  .refine((text) => text !== '', { message: 'is empty, must have at least one character' })

/**
 * The name of a host, or a pattern of such names. Characters that no name has are not checked, so that
 * addresses and names of DNS servers pass too.
 */
export const hostPattern = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => /^[^\0-\x20\x7f"'/\\,;]*$/.test(text), {
    message: 'must be the name of a host, without blanks',
  })

/** Port 0 is invalid. */
export const portNumber = z.number().int().min(1).max(65535)

/** The largest sum of weights that Envoy takes (a uint32). */
export const largestWeight = 4294967295

/** The largest int32, for Envoy's signed numbers and those that a user's number becomes. */
export const largestInt32 = 2_147_483_647

/**
 * The longest path of a Unix socket, or name of an abstract one with its `@`, in bytes (`sockaddr_un` has
 * 108, one of which ends the path).
 */
export const longestSocketPath = 107

/** RFC 1123: the name of a namespace, or of a subset. */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

/** Milliseconds; Envoy takes no 0 (`gt: {}`). */
export const positiveDuration = durationSchema.refine((milliseconds) => milliseconds > 0, {
  message: 'must be more than 0s',
})

/** Milliseconds; for Envoy's HTTP/2 pings (`gte: {nanos: 1000000}` of KeepaliveSettings). */
export const keepaliveTime = durationSchema.refine((milliseconds) => milliseconds >= 1, {
  message: 'must be at least 1ms',
})

/** Values by name; a name may not be empty. */
export function byName<V extends z.ZodType>(value: V) {
  return z.record(z.string(), value).superRefine((values, context) => {
    if (Object.hasOwn(values, ''))
      context.addIssue({ code: 'custom', path: [''], message: 'is an empty name' })
  })
}

/** Envoy takes a maglev table of a prime size, up to this one. */
const largestMaglevTable = 5_000_011

export const maglevTableSize = z
  .number()
  .int()
  .refine(isMaglevTableSize, { message: `must be a prime number up to ${largestMaglevTable}` })

function isMaglevTableSize(size: number): boolean {
  if (size < 2 || size > largestMaglevTable) return false
  for (let divisor = 2; divisor * divisor <= size; divisor += 1) if (size % divisor === 0) return false
  return true
}

/** Envoy's largest hash ring. */
export const ringSize = z
  .number()
  .int()
  .min(0)
  .max(8 * 1024 * 1024)

/** Protobuf does not distinguish an empty text or list from an absent one. */
export function isGiven<V extends string | readonly unknown[]>(value: V | undefined): value is V {
  return value !== undefined && value.length > 0
}
