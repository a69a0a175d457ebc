import { hasLabels } from '../../model/labels.ts'
import type { Applicability, HeaderMatch, Match, Route, StringMatch } from '../../model/route.ts'

/**
 * Whether `earlier` surely takes every request that `later` would take. False if this cannot be decided, for
 * example for two regular expressions.
 */
export function covers(earlier: Match, later: Match): boolean {
  return (
    coversPath(earlier, later) &&
    earlier.headers.every((wanted) => later.headers.some((given) => impliesHeader(given, wanted))) &&
    earlier.queryParameters.every((wanted) =>
      later.queryParameters.some((given) => given.name === wanted.name && implies(given.match, wanted.match)),
    )
  )
}

/**
 * Whether `earlier` is there for every proxy and listener for which `later` is. `attachedTo`: what the tables
 * of both are attached to.
 */
export function coversApplicability(earlier: Route, later: Route, attachedTo: readonly string[]): boolean {
  const { port, attachedTo: only, proxyLabels, proxyNamespace }: Applicability = earlier.applies
  const places = later.applies.attachedTo ?? attachedTo
  return (
    (port === undefined || port === later.applies.port) &&
    (only === undefined || places.every((place) => only.includes(place))) &&
    (proxyNamespace === undefined || proxyNamespace === later.applies.proxyNamespace) &&
    hasLabels(later.applies.proxyLabels ?? {}, proxyLabels ?? {})
  )
}

function coversPath(
  { path: earlier, caseSensitive }: Match,
  { path: later, caseSensitive: laterSensitive }: Match,
): boolean {
  if (earlier.value === '/' && earlier.kind === 'prefix') return true
  if (earlier.kind === 'regex')
    return earlier.value === '.*' || (later.kind === 'regex' && earlier.value === later.value)
  if (later.kind === 'regex') return false
  if (caseSensitive !== false && laterSensitive === false) return false
  const text = (value: string): string => (caseSensitive === false ? value.toLowerCase() : value)
  if (earlier.kind === 'exact') return later.kind === 'exact' && text(later.value) === text(earlier.value)
  if (earlier.kind === 'prefix') return text(later.value).startsWith(text(earlier.value))
  return later.kind !== 'prefix' && `${text(later.value)}/`.startsWith(`${text(earlier.value)}/`)
}

function impliesHeader(given: HeaderMatch, wanted: HeaderMatch): boolean {
  if (given.name.toLowerCase() !== wanted.name.toLowerCase() || given.invert !== wanted.invert) return false
  return given.invert ? implies(wanted.match, given.match) : implies(given.match, wanted.match)
}

/** Whether each value that fits `given` fits `wanted`. */
function implies(given: StringMatch, wanted: StringMatch): boolean {
  if (wanted.kind === 'present') return true
  if (given.kind === 'present') return false
  if (wanted.kind === 'prefix') return given.kind !== 'regex' && given.value.startsWith(wanted.value)
  return given.kind === wanted.kind && given.value === wanted.value
}
