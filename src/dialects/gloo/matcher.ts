import { z } from 'zod'
import { message } from '../../manifest/message.ts'
import { compareText } from '../../model/names.ts'
import type { HeaderMatch, Match, StringMatch } from '../../model/route.ts'
import { isGiven } from '../reading/constraint.ts'
import { regex } from '../reading/regex.ts'
import { inert } from './inert.ts'

const name = z.string().min(1)

interface Valued {
  readonly value?: string | undefined
  readonly regex?: boolean | undefined
}

/** A value is a regular expression only beside `regex: true`. */
function checkValue({ value, regex: isRegex }: Valued, context: z.RefinementCtx): void {
  const mistake = isRegex === true && isGiven(value) ? regex.safeParse(value).error?.issues[0] : undefined
  if (mistake !== undefined) context.addIssue({ code: 'custom', path: ['value'], message: mistake.message })
}

export const headerMatcher = message({
  name,
  value: z.string().optional(),
  regex: z.boolean().optional(),
  invertMatch: z.boolean().optional(),
}).superRefine(checkValue)

export const queryParameterMatcher = message({
  name,
  value: z.string().optional(),
  regex: z.boolean().optional(),
}).superRefine(checkValue)

/** Gloo's Matcher (core/matchers). */
export const matcher = message({
  prefix: z.string().optional(),
  exact: z.string().optional(),
  regex: regex.optional(),
  connectMatcher: inert,
  caseSensitive: z.boolean().optional(),
  headers: z.array(headerMatcher).optional(),
  queryParameters: z.array(queryParameterMatcher).optional(),
  methods: z.array(z.string().regex(/^[A-Za-z-]+$/, { message: 'must be a method of HTTP' })).optional(),
}).superRefine(({ prefix, exact, regex: pattern, connectMatcher }, context) => {
  const given = Object.entries({ prefix, exact, regex: pattern, connectMatcher })
    .filter(([, value]) => value !== undefined)
    .map(([field]) => field)
  if (given.length > 1)
    context.addIssue({ code: 'custom', message: `has ${given.join(' and ')}, must have one of them` })
  if (connectMatcher === undefined) return
  context.addIssue({
    code: 'custom',
    path: ['connectMatcher'],
    message: 'is for CONNECT, which is not supported: must be prefix, exact or regex',
    params: { code: 'field/unsupported' },
  })
})

export type Matcher = z.infer<typeof matcher>

/** The match that Envoy compares with the request; without a matcher, or without a path in it, every path. */
export function matchOf(declared: Matcher): Match {
  const { headers = [], queryParameters = [], methods = [] } = declared
  return {
    path: pathOf(declared),
    caseSensitive: declared.caseSensitive,
    headers: [
      ...headers
        .map((each): HeaderMatch => ({
          name: each.name,
          match: valueMatch(each),
          invert: each.invertMatch === true,
        }))
        .toSorted(byName),
      ...methodMatch(methods),
    ],
    queryParameters: queryParameters
      .map((each) => ({ name: each.name, match: valueMatch(each) }))
      .toSorted(byName),
  }
}

function pathOf({ prefix, exact, regex: pattern }: Matcher): Match['path'] {
  if (exact !== undefined) return { kind: 'exact', value: exact }
  if (pattern !== undefined) return { kind: 'regex', value: pattern }
  return { kind: 'prefix', value: prefix === undefined || prefix === '' ? '/' : prefix }
}

/** Without a value it only has to be present. */
function valueMatch({ value = '', regex: isRegex }: Valued): StringMatch {
  return value === '' ? { kind: 'present' } : { kind: isRegex === true ? 'regex' : 'exact', value }
}

/** One of the methods, as a regular expression if there are several, in Gloo's form. */
function methodMatch(methods: readonly string[]): readonly HeaderMatch[] {
  const [only, ...more] = methods
  if (only === undefined) return []
  return [
    {
      name: ':method',
      match: more.length === 0 ? { kind: 'exact', value: only } : { kind: 'regex', value: methods.join('|') },
      invert: false,
    },
  ]
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareText(a.name, b.name)
}
