import { RE2JS } from 're2js'
import type { HttpMatch, NamedMatch } from './http-match.ts'
import { prefixOf } from './http-path.ts'
import type { PathMatch } from './http-path.ts'

/** What two matches have in common; `unknown` where it cannot be said in one match. */
export type Intersection = { readonly kind: 'none' } | { readonly kind: 'unknown' } | { readonly kind: 'match'; readonly match: HttpMatch }

const none = { kind: 'none' } as const
const unknown = { kind: 'unknown' } as const

/** The requests that both matches take. */
export function intersection(a: HttpMatch, b: HttpMatch): Intersection {
  if (a.method !== undefined && b.method !== undefined && a.method !== b.method) return none
  const parts = [commonPath(a.path, b.path), commonNamed(a.headers ?? [], b.headers ?? [], lower), commonNamed(a.queryParams ?? [], b.queryParams ?? [], same)] as const
  if (parts.some((part) => part === 'none')) return none
  const [path, headers, queryParams] = parts
  if (typeof path === 'string' || typeof headers === 'string' || typeof queryParams === 'string') return unknown
  const method = a.method ?? b.method
  return {
    kind: 'match',
    match: {
      ...(path.path === undefined ? {} : { path: path.path }),
      ...(headers.length === 0 ? {} : { headers: [...headers] }),
      ...(queryParams.length === 0 ? {} : { queryParams: [...queryParams] }),
      ...(method === undefined ? {} : { method }),
    },
  }
}

/** Whether the first match surely takes whatever the second takes. */
export function isWithin(wide: HttpMatch, narrow: HttpMatch): boolean {
  const all = (these: readonly NamedMatch[], those: readonly NamedMatch[], spelled: (name: string) => string): boolean =>
    these.every((each) => those.some((other) => spelled(other.name) === spelled(each.name) && valueCovers(each, other)))
  return (wide.method === undefined || wide.method === narrow.method) && pathCovers(wide.path, narrow.path)
    && all(wide.headers ?? [], narrow.headers ?? [], lower) && all(wide.queryParams ?? [], narrow.queryParams ?? [], same)
}

function lower(name: string): string {
  return name.toLowerCase()
}

function same(name: string): string {
  return name
}

function commonPath(a: PathMatch | undefined, b: PathMatch | undefined): { readonly path: PathMatch | undefined } | 'none' | 'unknown' {
  if (pathCovers(a, b)) return { path: b }
  if (pathCovers(b, a)) return { path: a }
  return isDecidable(a) && isDecidable(b) || a?.type === 'Exact' || b?.type === 'Exact' ? 'none' : 'unknown'
}

/** Paths of these kinds are nested, or have nothing in common. */
function isDecidable(path: PathMatch | undefined): boolean {
  return path?.type !== 'RegularExpression' || literalPrefix(path) !== undefined
}

function pathCovers(wide: PathMatch | undefined, narrow: PathMatch | undefined): boolean {
  const prefix = prefixOf(wide)
  if (prefix === '') return true
  if (wide === undefined || narrow === undefined) return false
  if (wide.type === narrow.type && wide.value === narrow.value) return true
  const start = literalPrefix(wide)
  const text = narrow.type === 'RegularExpression' ? literalPrefix(narrow) : prefixOf(narrow) ?? narrow.value
  if (text === undefined) return false
  if (prefix !== undefined) return text.startsWith(`${prefix}/`) || (text === prefix && narrow.type !== 'RegularExpression')
  if (start !== undefined) return text.startsWith(start)
  return wide.type === 'RegularExpression' && narrow.type === 'Exact' && RE2JS.compile(wide.value).matches(narrow.value)
}

/** The text behind which anything may stand, of a regular expression that says just that. */
function literalPrefix({ type, value }: PathMatch): string | undefined {
  if (type !== 'RegularExpression') return undefined
  const found = /^((?:[^\\.*+?^${}()|[\]]|\\[.*+?^${}()|[\]\\])*)\.\*$/.exec(value)?.[1]
  return found?.replaceAll(/\\(.)/g, '$1')
}

function commonNamed(a: readonly NamedMatch[], b: readonly NamedMatch[], spelled: (name: string) => string): readonly NamedMatch[] | 'none' | 'unknown' {
  const common: NamedMatch[] = [...a]
  for (const each of b) {
    const index = common.findIndex(({ name }) => spelled(name) === spelled(each.name))
    const other = common[index]
    if (other === undefined) common.push(each)
    else if (valueCovers(other, each)) common[index] = each
    else if (!valueCovers(each, other)) return other.type === 'Exact' || each.type === 'Exact' ? 'none' : 'unknown'
  }
  return common.length > 16 ? 'unknown' : common
}

function valueCovers(wide: NamedMatch, narrow: NamedMatch): boolean {
  if (wide.type === narrow.type) return wide.value === narrow.value || (wide.type === 'RegularExpression' && wide.value === '.*')
  return wide.type === 'RegularExpression' && RE2JS.compile(wide.value).matches(narrow.value)
}
