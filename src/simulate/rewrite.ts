import type { HeaderValueOption, Route, RouteAction } from './configuration.ts'
import { replaceRegex } from './regular-expression.ts'
import { withoutQuery } from './request.ts'
import type { Header } from './request.ts'
import { matchedPath } from './route-match.ts'

type PathRewrite = Pick<RouteAction, 'prefix_rewrite' | 'regex_rewrite'>

/**
 * The path that goes on: a prefix rewrite replaces what the path matcher matched, a regex rewrite all of its
 * matches in the path; the query stays.
 */
export function rewrittenPath(
  { prefix_rewrite: prefix = '', regex_rewrite: regex }: PathRewrite,
  match: NonNullable<Route['match']>,
  path: string,
): string {
  if (prefix !== '') return prefix + path.slice(matchedPath(match, path).length)
  if (regex?.pattern === undefined) return path
  const before = withoutQuery(path)
  return replaceRegex(regex.pattern, before, regex.substitution ?? '') + path.slice(before.length)
}

/** The four places where headers are changed have these fields alike. */
export interface HeaderChanges {
  readonly request_headers_to_add?: readonly HeaderValueOption[] | undefined
  readonly request_headers_to_remove?: readonly string[] | undefined
}

/** Headers after each change in turn. Formatters such as `%REQ(…)%` stay as they are written. */
export function changedHeaders(
  headers: readonly Header[],
  changes: readonly HeaderChanges[],
): readonly Header[] {
  return changes.reduce(changed, headers)
}

/**
 * First goes what goes; then what overwrites comes, and last what is added, whatever the order in which they
 * are written.
 */
function changed(
  headers: readonly Header[],
  { request_headers_to_add: options = [], request_headers_to_remove: removed = [] }: HeaderChanges,
): readonly Header[] {
  const gone = new Set(removed.map((name) => name.toLowerCase()))
  const left = headers.filter(([name]) => !gone.has(name))
  const isThere = (name: string): boolean => left.some(([each]) => each === name)
  const wanted = options
    .map(headerChange)
    .filter(
      ({ header: [name, value], action, keepsEmpty }) =>
        (value !== '' || keepsEmpty) &&
        !(action === 'ADD_IF_ABSENT' && isThere(name)) &&
        !(action === 'OVERWRITE_IF_EXISTS' && !isThere(name)),
    )
  const isAdded = ({ action }: HeaderChange): boolean =>
    action === 'APPEND_IF_EXISTS_OR_ADD' || action === 'ADD_IF_ABSENT'
  const overwritten = wanted
    .filter((each) => !isAdded(each))
    .reduce((all, { header }) => [...all.filter(([name]) => name !== header[0]), header], left)
  return [...overwritten, ...wanted.filter(isAdded).map(({ header }) => header)]
}

interface HeaderChange {
  readonly header: Header
  readonly action: NonNullable<HeaderValueOption['append_action']>
  readonly keepsEmpty: boolean
}

function headerChange({
  header: { key = '', value = '' } = {},
  append,
  append_action: action,
  keep_empty_value: keepsEmpty = false,
}: HeaderValueOption): HeaderChange {
  return {
    header: [key.toLowerCase(), value.replaceAll('%%', '%')],
    action: append === false ? 'OVERWRITE_IF_EXISTS_OR_ADD' : (action ?? 'APPEND_IF_EXISTS_OR_ADD'),
    keepsEmpty,
  }
}

/**
 * The host and the path before they were rewritten, which Envoy keeps for the receiver; a rewrite counts also
 * where it changes nothing.
 */
export function withOriginals(
  headers: readonly Header[],
  originals: { readonly authority: string | undefined; readonly path: string | undefined },
): readonly Header[] {
  const kept = [
    ['x-envoy-original-host', originals.authority],
    ['x-envoy-original-path', originals.path],
  ] as const
  return kept.reduce<readonly Header[]>(
    (all, [name, value]) =>
      value === undefined ? all : [...all.filter(([each]) => each !== name), [name, value]],
    headers,
  )
}

/** Whether there is a path rewrite at all. */
export function rewritesPath({ prefix_rewrite: prefix = '', regex_rewrite: regex }: PathRewrite): boolean {
  return prefix !== '' || regex?.pattern !== undefined
}
