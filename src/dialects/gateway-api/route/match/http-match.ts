import { z } from 'zod'
import { message } from '../../../../manifest/message.ts'
import { compareText } from '../../../../model/names.ts'
import type { HeaderMatch, Match, StringMatch } from '../../../../model/route.ts'
import { regex } from '../../../reading/regex.ts'
import { headerName, headerValue } from '../http-header.ts'
import { pathMatch, pathOf } from './http-path.ts'

/** Adds the mistakes of a value that is a regular expression. */
function checkValue(
  { type, value }: { readonly type: string; readonly value: string },
  context: z.RefinementCtx,
): void {
  if (type !== 'RegularExpression') return
  for (const { message: text } of regex.safeParse(value).error?.issues ?? [])
    context.addIssue({ code: 'custom', path: ['value'], message: text })
}

/**
 * A match of a value that has a name; the values of the two kinds of headers and of query parameters differ.
 */
export function namedMatch(value: z.ZodString) {
  return message({
    name: headerName,
    type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
    value,
  }).superRefine(checkValue)
}

export type NamedMatch = z.infer<ReturnType<typeof namedMatch>>

/** The Gateway API's HTTPRouteMatch. */
export const httpMatch = message({
  path: pathMatch.optional(),
  headers: z.array(namedMatch(headerValue)).max(16).optional(),
  queryParams: z
    .array(namedMatch(z.string().min(1).max(1024)))
    .max(16)
    .optional(),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']).optional(),
})

export type HttpMatch = z.infer<typeof httpMatch>

/** The match that Envoy compares with the request. */
export function matchOf({ path, headers = [], queryParams = [], method }: HttpMatch): Match {
  return {
    path: pathOf(path),
    caseSensitive: undefined,
    headers: [
      ...headerMatches(headers),
      ...(method === undefined
        ? []
        : [{ name: ':method', match: { kind: 'exact', value: method }, invert: false } as const]),
    ],
    queryParameters: firsts(queryParams, ({ name }) => name)
      .map((each) => ({ name: each.name, match: stringMatch(each) }))
      .toSorted(byName),
  }
}

/** The first of several entries for one header is used, whatever its case. */
export function headerMatches(headers: readonly NamedMatch[]): readonly HeaderMatch[] {
  return firsts(headers, ({ name }) => name.toLowerCase())
    .map((each) => ({ name: each.name, match: stringMatch(each), invert: false }))
    .toSorted(byName)
}

function stringMatch({ type, value }: NamedMatch): StringMatch {
  return { kind: type === 'Exact' ? 'exact' : 'regex', value }
}

function firsts<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...Map.groupBy(items, keyOf).values()].flatMap(([first]) => first ?? [])
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareText(a.name, b.name)
}
