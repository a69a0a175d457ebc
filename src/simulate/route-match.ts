import type { RouteMatch, StringMatcher } from './configuration.ts'
import { everyRequest, millionthsOf } from './fraction.ts'
import { isGenerated } from './receive.ts'
import { matchesRegex } from './regular-expression.ts'
import { headerValues, withoutQuery } from './request.ts'
import type { ReceivedRequest } from './request.ts'
import type { Message } from '../xds/proto.ts'

type HeaderMatcher = Message<'envoy.config.route.v3.HeaderMatcher'>
type QueryParameterMatcher = Message<'envoy.config.route.v3.QueryParameterMatcher'>

/**
 * Whether a route takes a request; `because` names the first matcher that does not hold, with the value
 * found.
 */
export type Verdict =
  /** `millionths`: the share of such requests that the route takes. */
  | { readonly matches: true; readonly millionths: number }
  | { readonly matches: false; readonly because: string }

/**
 * envoy.config.route.v3.RouteMatch. All of its matchers must hold; the path's comes first in the explanation.
 */
export function judge(
  match: RouteMatch,
  request: ReceivedRequest,
  runtime: Readonly<Record<string, unknown>>,
): Verdict {
  const because =
    pathMismatch(match, withoutQuery(request.path)) ??
    firstOf(match.headers ?? [], (matcher) => headerMismatch(matcher, request)) ??
    firstOf(match.query_parameters ?? [], (matcher) => queryMismatch(matcher, request.path)) ??
    (match.grpc !== undefined && !isGrpc(request) ? 'the request is not gRPC' : undefined) ??
    unknownMatcher(match)
  if (because !== undefined) return { matches: false, because }
  const millionths = millionthsOf(match.runtime_fraction, runtime)
  return millionths === 0
    ? { matches: false, because: 'it takes 0 % of the requests' }
    : { matches: true, millionths: Math.min(millionths, everyRequest) }
}

/** The part of the path that the route's path matcher has matched: what a prefix rewrite replaces. */
export function matchedPath(match: RouteMatch, path: string): string {
  const { prefix, path_separated_prefix: separated } = match
  return prefix !== undefined || separated !== undefined
    ? path.slice(0, (prefix ?? separated ?? '').length)
    : withoutQuery(path)
}

function firstOf<T>(
  matchers: readonly T[],
  mismatch: (matcher: T) => string | undefined,
): string | undefined {
  for (const matcher of matchers) {
    const found = mismatch(matcher)
    if (found !== undefined) return found
  }
  return undefined
}

function pathMismatch(match: RouteMatch, path: string): string | undefined {
  const { prefix, path: exact, path_separated_prefix: separated, safe_regex: regex } = match
  const fold = match.case_sensitive === false ? asciiLowerCase : (text: string): string => text
  const found = `path is ${path}, must`
  if (regex !== undefined)
    return matchesRegex(regex, path) === true ? undefined : `${found} match ${regex.regex ?? ''}`
  if (exact !== undefined) return fold(path) === fold(exact) ? undefined : `${found} be ${exact}`
  if (separated !== undefined) {
    const rest = path.slice(separated.length)
    return fold(path).startsWith(fold(separated)) && (rest === '' || rest.startsWith('/'))
      ? undefined
      : `${found} be ${separated}, or begin with ${separated}/`
  }
  // Protobuf JSON leaves out an empty prefix, which every path has.
  return fold(path).startsWith(fold(prefix ?? '')) ? undefined : `${found} begin with ${prefix ?? ''}`
}

/**
 * One value of a repeated header is enough (envoy.reloadable_features.match_headers_individually); for
 * `invert_match` none may match.
 */
function headerMismatch(matcher: HeaderMatcher, request: ReceivedRequest): string | undefined {
  const {
    name = '',
    invert_match: inverted = false,
    treat_missing_header_as_empty: emptyIfMissing = false,
  } = matcher
  const sent = headerValues(request, name)
  const values = sent.length === 0 && emptyIfMissing ? [''] : sent
  const wanted = stringMatcherOf(matcher)
  const found = `${subject(name)} ${describeSent(sent)}, ${headerDemand(matcher)}`
  if (wanted === undefined) {
    const mustBeThere = (matcher.present_match ?? true) !== inverted
    return values.length > 0 === mustBeThere ? undefined : found
  }
  if (values.length > 0 && values.some((value) => matches(wanted, value)) !== inverted) return undefined
  return values.length === 0 && inverted ? `${found} but be there` : found
}

/** The conditions of a match in words; the path first. */
export function describeMatch(match: RouteMatch): string {
  const { headers = [], query_parameters: parameters = [], runtime_fraction: fraction } = match
  return [
    pathDemand(match),
    ...headers.map((matcher) => `${subject(matcher.name ?? '')} ${headerDemand(matcher)}`),
    ...parameters.map(
      ({ name = '', string_match: wanted }) =>
        `query parameter ${name} must ${wanted === undefined ? 'be there' : describeString(wanted)}`,
    ),
    ...(fraction === undefined ? [] : [`${millionthsOf(fraction, {}) / 10_000} % of the requests`]),
  ].join('; ')
}

function pathDemand({
  prefix,
  path,
  path_separated_prefix: separated,
  safe_regex: regex,
  case_sensitive: isSensitive,
}: RouteMatch): string {
  const anyCase = isSensitive === false && regex === undefined ? ', in any case' : ''
  if (regex !== undefined) return `regex ${regex.regex ?? ''}`
  if (path !== undefined) return `path ${path}${anyCase}`
  return separated === undefined
    ? `prefix ${prefix ?? ''}${anyCase}`
    : `prefix ${separated}, up to a slash${anyCase}`
}

function subject(header: string): string {
  return header.startsWith(':') ? header : `header ${header}`
}

function headerDemand(matcher: HeaderMatcher): string {
  const wanted = stringMatcherOf(matcher)
  const inverted = matcher.invert_match === true
  if (wanted === undefined)
    return `must ${(matcher.present_match ?? true) === inverted ? 'be absent' : 'be there'}`
  return `must ${inverted ? 'not ' : ''}${describe(wanted)}`
}

function describeSent(values: readonly string[]): string {
  if (values.length === 0) return 'is absent'
  return values.some(isGenerated)
    ? 'is made by Envoy for each request, and so unknown'
    : `is ${values.map((value) => JSON.stringify(value)).join(' and ')}`
}

type ValueMatcher =
  NonNullable<QueryParameterMatcher['string_match']> | { readonly start: number; readonly end: number }

/**
 * Undefined: it is enough that the header is there. Older configurations have fields of their own for each
 * kind.
 */
function stringMatcherOf(matcher: HeaderMatcher): ValueMatcher | undefined {
  const {
    string_match: current,
    exact_match: exact,
    prefix_match: prefix,
    suffix_match: suffix,
    contains_match: contains,
    safe_regex_match: regex,
  } = matcher
  if (matcher.range_match !== undefined)
    return { start: Number(matcher.range_match.start ?? 0), end: Number(matcher.range_match.end ?? 0) }
  if (current !== undefined) return current
  if (exact !== undefined) return exact === '' ? { prefix: '' } : { exact }
  if (prefix !== undefined) return { prefix }
  if (suffix !== undefined) return { suffix }
  if (contains !== undefined) return { contains }
  return regex === undefined ? undefined : { safe_regex: regex }
}

function matches(wanted: ValueMatcher, value: string): boolean {
  if (!('start' in wanted)) return matchesString(wanted, value)
  return /^[+-]?\d+$/.test(value) && Number(value) >= wanted.start && Number(value) < wanted.end
}

function describe(wanted: ValueMatcher): string {
  return 'start' in wanted ? `be a number from ${wanted.start}, below ${wanted.end}` : describeString(wanted)
}

/**
 * Names and values are compared as written in the path, including percent-encoding; the first value of a
 * repeated name is used.
 */
function queryMismatch(
  { name = '', string_match: wanted }: QueryParameterMatcher,
  path: string,
): string | undefined {
  const query = /\?([^#]*)/.exec(path)?.[1] ?? ''
  const found = query.split('&').find((each) => each !== '' && (each === name || each.startsWith(`${name}=`)))
  const value = found?.slice(name.length + 1)
  if (value === undefined)
    return (
      `query parameter ${name} is absent, must ` +
      (wanted === undefined ? 'be there' : describeString(wanted))
    )
  return wanted === undefined || matchesString(wanted, value)
    ? undefined
    : `query parameter ${name} is ${JSON.stringify(value)}, must ${describeString(wanted)}`
}

function isGrpc(request: ReceivedRequest): boolean {
  return headerValues(request, 'content-type').some((value) => /^application\/grpc(\+|$)/.test(value))
}

/** A matcher that shadowplane never makes is not guessed at. */
function unknownMatcher(match: RouteMatch): string | undefined {
  const unknown =
    (['connect_matcher', 'path_match_policy', 'tls_context'] as const).find(
      (name) => match[name] !== undefined,
    ) ?? ((match.dynamic_metadata ?? []).length > 0 ? 'dynamic_metadata' : undefined)
  return unknown === undefined ? undefined : `its matcher ${unknown} cannot be simulated`
}

/**
 * envoy.type.matcher.v3.StringMatcher. `ignore_case` folds ASCII letters, and not those of a regular
 * expression.
 */
function matchesString(matcher: StringMatcher, value: string): boolean {
  const { exact, prefix, suffix, contains, safe_regex: regex } = matcher
  const fold = matcher.ignore_case === true ? asciiLowerCase : (text: string): string => text
  if (prefix !== undefined) return fold(value).startsWith(fold(prefix))
  if (suffix !== undefined) return fold(value).endsWith(fold(suffix))
  if (contains !== undefined) return fold(value).includes(fold(contains))
  if (regex !== undefined) return matchesRegex(regex, value) === true
  // Protobuf JSON leaves out an empty string.
  return fold(value) === fold(exact ?? '')
}

/** The condition on a value, in words: `"jason"`, `begin with "j"`. */
function describeString({
  exact,
  prefix,
  suffix,
  contains,
  safe_regex: regex,
  ignore_case: ignoresCase,
}: StringMatcher): string {
  const anyCase = ignoresCase === true ? ', in any case' : ''
  if (prefix !== undefined) return `begin with ${JSON.stringify(prefix)}${anyCase}`
  if (suffix !== undefined) return `end with ${JSON.stringify(suffix)}${anyCase}`
  if (contains !== undefined) return `contain ${JSON.stringify(contains)}${anyCase}`
  if (regex !== undefined) return `match ${regex.regex ?? ''}`
  return `be ${JSON.stringify(exact ?? '')}${anyCase}`
}

/** ASCII letters alone, as Envoy compares without case. */
function asciiLowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}
