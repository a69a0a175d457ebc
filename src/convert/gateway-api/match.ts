import type { HeaderMatch, Match, StringMatch } from '../../model/route.ts'
import { httpMatch } from '../../dialects/gateway-api/route/match/http-match.ts'
import type { HttpMatch, NamedMatch } from '../../dialects/gateway-api/route/match/http-match.ts'

/**
 * The HTTPRouteMatches that together take what a match takes; undefined for what the Gateway API cannot say.
 */
export function writtenMatches({
  path,
  caseSensitive,
  headers,
  queryParameters,
}: Match): readonly HttpMatch[] | undefined {
  const methods = methodsOf(headers.filter(({ name }) => name === ':method'))
  const others = headers.filter(({ name }) => name !== ':method')
  if (
    methods === undefined ||
    others.some(({ invert }) => invert) ||
    isRepeated(others) ||
    isRepeated(queryParameters)
  )
    return undefined
  const pathMatch = writtenPath(path, caseSensitive === false ? 'folded' : 'as it is')
  const written = methods.map((method) => ({
    ...(pathMatch === undefined ? {} : { path: pathMatch }),
    ...(others.length === 0 ? {} : { headers: others.map(named) }),
    ...(queryParameters.length === 0 ? {} : { queryParams: queryParameters.map(named) }),
    ...(method === undefined ? {} : { method }),
  }))
  const read = written.map((each) => httpMatch.safeParse(each).data)
  return read.every((each) => each !== undefined) ? read : undefined
}

const knownMethods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const
type Method = (typeof knownMethods)[number]

/** One match for each method of an alternative; `[undefined]` if none is named. */
function methodsOf([only, ...more]: readonly HeaderMatch[]): readonly (Method | undefined)[] | undefined {
  if (only === undefined) return [undefined]
  const { match, invert } = only
  if (more.length > 0 || invert || (match.kind !== 'exact' && match.kind !== 'regex')) return undefined
  const alternatives = match.kind === 'exact' ? [match.value] : match.value.split('|')
  const methods = alternatives.map((name) => knownMethods.find((each) => each === name))
  return methods.every((each) => each !== undefined) ? methods : undefined
}

function isRepeated(matches: readonly { readonly name: string }[]): boolean {
  return new Set(matches.map(({ name }) => name.toLowerCase())).size < matches.length
}

function named({ name, match }: { readonly name: string; readonly match: StringMatch }): NamedMatch {
  switch (match.kind) {
    case 'exact':
      return { name, type: 'Exact', value: match.value }
    case 'prefix':
      return { name, type: 'RegularExpression', value: `${literal(match.value)}.*` }
    case 'regex':
      return { name, type: 'RegularExpression', value: match.value }
    case 'present':
      return { name, type: 'RegularExpression', value: '.*' }
  }
}

type RenderedPath = NonNullable<HttpMatch['path']>

/**
 * A prefix of characters, and one that ignores case, becomes a regular expression: PathPrefix means whole
 * segments, literally.
 */
function writtenPath(
  { kind, value }: Match['path'],
  letters: 'folded' | 'as it is',
): RenderedPath | undefined {
  const pattern = (text: string): RenderedPath => ({
    type: 'RegularExpression',
    value: `${letters === 'folded' ? '(?i)' : ''}${text}`,
  })
  switch (kind) {
    case 'exact':
      return letters === 'as it is' && isPath({ type: 'Exact', value })
        ? { type: 'Exact', value }
        : pattern(literal(value))
    case 'segments':
      return letters === 'as it is' && isPath({ type: 'PathPrefix', value })
        ? { type: 'PathPrefix', value }
        : pattern(`${literal(value)}(/.*)?`)
    case 'prefix':
      return value === '/' || value === '' ? undefined : pattern(`${literal(value)}.*`)
    case 'regex':
      return value === '.*' ? undefined : { type: 'RegularExpression', value }
  }
}

function isPath(path: RenderedPath): boolean {
  return httpMatch.safeParse({ path }).success
}

/** A text as a regular expression for itself. */
export function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
