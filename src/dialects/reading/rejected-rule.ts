import type { FieldPath } from '../../diagnostics/diagnostic.ts'

/**
 * Status for the requests of a rule with a mistake, if no good version of it is known: the Gateway API's
 * answer for rules that cannot be served (HTTPRouteRule.filters, HTTPBackendRef). The requests of one rule
 * never go to another's backend.
 */
export const rejectedStatus = 500 as const

/**
 * The matches of a rule with a mistake, undefined for an unreadable one. Undefined: none of them can even be
 * found.
 */
export type RejectedMatches<M> = readonly (M | undefined)[] | undefined

/** The consequence for the requests of a rule, or of one match, that is left out; the end of a sentence. */
export function rejectedConsequence(
  matches: RejectedMatches<unknown>,
  status: number = rejectedStatus,
): string {
  const readable = matches?.filter((match) => match !== undefined)
  if (matches === undefined || (matches.length > 0 && readable?.length === 0))
    return 'other rules take its requests, because its matches cannot be read'
  const answered = `requests that it matches are answered with ${status}`
  return readable?.length === matches.length
    ? answered
    : `${answered}, except those of the matches that cannot be read, which other rules take`
}

/** Computes a value on the first call, because thousands of mistakes in one object share the result. */
export function once<T>(compute: () => T): () => T {
  let found: { readonly value: T } | undefined
  return () => {
    found ??= { value: compute() }
    return found.value
  }
}

/** A rule that is left out, by its place in the list. */
export interface LeftOut {
  readonly rule: number
  /** Index of the only match that is left out. */
  readonly match: number | undefined
}

/**
 * The rule, or match of a rule, that a part is: `list` is the path of the rules, `field` the one for the
 * matches of a rule.
 */
export function leftOutOf(left: FieldPath, list: FieldPath, field: string): LeftOut | undefined {
  if (!list.every((step, index) => left[index] === step)) return undefined
  const [rule, of, match, ...more] = left.slice(list.length)
  if (typeof rule !== 'number' || more.length > 0) return undefined
  if (of === undefined) return { rule, match: undefined }
  return of === field && typeof match === 'number' ? { rule, match } : undefined
}
