import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { StringMatch } from '../../../model/route.ts'
import { nonEmpty } from '../../reading/constraint.ts'
import { checkRegex, regex } from '../../reading/regex.ts'

/** Istio's form of "any value" if a name and a value are matched, although it is not a regular expression. */
const anyValue = '*'

/** Istio's StringMatch: one of exact, prefix and regex. */
export const stringMatch = stringMatchWith({ prefix: nonEmpty, regex })

/** A StringMatch for a path, which begins with nothing too. */
export const pathMatch = stringMatchWith({ prefix: z.string(), regex })

/**
 * A StringMatch for the value of a header or query parameter: none of the three, or the regex `*`, means "is
 * present".
 */
export const valueMatch = stringMatchWith({
  prefix: nonEmpty,
  regex: z.string().superRefine((pattern, context) => {
    if (pattern !== anyValue) checkRegex(pattern, context)
  }),
})

/** A StringMatch for an origin, which must say which. */
export const originMatch = stringMatchWith({ prefix: nonEmpty, regex }).refine(
  ({ exact, prefix, regex: pattern }) => exact !== '' && (exact ?? prefix ?? pattern) !== undefined,
  { message: 'must say which origins: exact, prefix or regex' },
)

function stringMatchWith(kinds: { readonly prefix: z.ZodString; readonly regex: z.ZodString }) {
  return message({
    exact: z.string().optional(),
    prefix: kinds.prefix.optional(),
    regex: kinds.regex.optional(),
  }).superRefine((match, context) => {
    const given = Object.entries(match)
      .filter(([, value]) => value !== undefined)
      .map(([name]) => name)
    if (given.length > 1)
      context.addIssue({ code: 'custom', message: `has ${given.join(' and ')}, must have one of them` })
  })
}

export function stringMatchOf(match: z.infer<typeof stringMatch>): StringMatch {
  if (match.exact !== undefined) return { kind: 'exact', value: match.exact }
  if (match.prefix !== undefined) return { kind: 'prefix', value: match.prefix }
  if (match.regex !== undefined && match.regex !== anyValue) return { kind: 'regex', value: match.regex }
  return { kind: 'present' }
}
