/**
 * Random requests for a random configuration: about half of them are made from one of its matches, so that it
 * is often hit, or just missed.
 */
import fc from 'fast-check'
import { headerNames, meshHosts, parameters, values, words } from './random-configuration.ts'
import type { RandomConfiguration, RandomMatch, StringMatch } from './random-configuration.ts'

export interface RandomRequest {
  readonly method: string
  readonly authority: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  /** Bytes of the body, which Content-Length says; 0: the request has no body. */
  readonly bodyBytes: number
}

/** Few requests have a body, as those around the limit of what is copied are large. */
const bodyBytes = fc.oneof(
  { weight: 30, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(1, 1024 * 1024, 1024 * 1024 + 1, 2 * 1024 * 1024) },
)

const odd = [
  '',
  '.',
  '..',
  '..;p',
  '%61b',
  '%2e%2E',
  '%2F',
  'a%20b',
  'CASED',
  'cased',
  '~',
  '{a}',
  'a;v=1',
  'a\\b',
  'ABC',
  'c',
  'cb',
  'bc',
]
const segment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.constantFrom(...odd) },
)
const anyPath = fc.array(segment, { minLength: 0, maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
const queryValue = fc.constantFrom(
  ...values.map((each) => each.replaceAll(' ', '%20')),
  '',
  'a%62',
  '1=2',
  'a+b',
)
const query = fc
  .array(
    fc.tuple(fc.constantFrom(...parameters, 'name', 'other'), fc.option(queryValue, { nil: undefined })),
    { maxLength: 3 },
  )
  .map((pairs) =>
    pairs.length === 0
      ? ''
      : `?${pairs.map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join('&')}`,
  )
const header = fc.tuple(
  fc.constantFrom(...headerNames.filter((name) => name !== 'host')),
  fc.constantFrom(...values, '', 'https', 'http', 'trailers'),
)
const method = fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'OPTIONS')

/** A request to the configuration's listener. */
export function randomRequest(configuration: RandomConfiguration): fc.Arbitrary<RandomRequest> {
  const target = fc.tuple(anyPath, query).map((parts) => parts.join(''))
  const any = fc.record({
    method,
    authority: authorityFor(configuration),
    path: target,
    headers: fc.array(header, { maxLength: 4 }),
    bodyBytes,
  })
  const matches = configuration.virtualServices.flatMap(({ hosts, rules }) =>
    rules.flatMap((rule) => (rule.match ?? []).map((match) => ({ match, hosts }))),
  )
  if (matches.length === 0) return any
  const aimed = fc
    .tuple(fc.constantFrom(...matches), any, anyPath, fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()))
    .map(([{ match, hosts }, other, tail, [near, alone, shouted]]) => {
      const request = aim(
        match,
        { ...other, authority: near ? hostFor(hosts[0] ?? '*') : other.authority },
        alone ? '' : tail,
      )
      return shouted && match.ignoreUriCase !== undefined
        ? { ...request, path: request.path.replace(/^[^?]*/, (path) => path.toUpperCase()) }
        : request
    })
  return fc.oneof({ weight: 2, arbitrary: aimed }, { weight: 1, arbitrary: any })
}

function authorityFor({ role, port }: RandomConfiguration): fc.Arbitrary<string> {
  const names =
    role === 'gateway'
      ? [
          'a.test',
          'b.test',
          'c.b.test',
          'd.test',
          'plain',
          'PLAIN',
          'A.Test',
          'test',
          '.test',
          '[::1]',
          '127.0.0.1',
        ]
      : [...meshHosts(port), `D.p${port}.test`, `A.P${port}.Test`, 'unknown']
  return fc
    .tuple(fc.constantFrom(...names), fc.constantFrom('', '', `:${port}`, ':80', ':8443'))
    .map((parts) => parts.join(''))
}

function hostFor(pattern: string): string {
  return pattern.startsWith('*') ? `w${pattern.slice(1)}` : pattern
}

/**
 * A request that satisfies a match, as far as the match shows it; `tail` comes behind the path, and often
 * spoils an exact one.
 */
function aim(match: RandomMatch, other: RandomRequest, tail: string): RandomRequest {
  const asked = Object.entries(match.headers ?? {})
    .filter(([name]) => name !== 'host')
    .map(([name, value]) => [name, valueFor(value)] as const)
  const pairs = Object.entries(match.queryParams ?? {}).map(
    ([name, value]) => `${name}=${valueFor(value).replaceAll(' ', '%20')}`,
  )
  const [before = '/', after] = other.path.split('?')
  const aimedPath = match.uri === undefined ? before : `${pathFor(match.uri)}${tail === '/' ? '' : tail}`
  const queries = [...pairs, ...(after === undefined ? [] : [after])]
  return {
    method: match.method !== undefined && 'exact' in match.method ? match.method.exact : other.method,
    authority:
      match.authority !== undefined && 'exact' in match.authority ? match.authority.exact : other.authority,
    path: `${aimedPath.startsWith('/') ? '' : '/'}${aimedPath}${queries.length === 0 ? '' : `?${queries.join('&')}`}`,
    headers: [...asked, ...other.headers.slice(0, 1)],
    bodyBytes: other.bodyBytes,
  }
}

function pathFor(uri: StringMatch): string {
  if ('exact' in uri) return uri.exact
  return 'prefix' in uri ? uri.prefix : instanceOf(uri.regex)
}

function valueFor(match: StringMatch | Record<string, never>): string {
  if ('exact' in match) return match.exact ?? ''
  if ('prefix' in match) return `${match.prefix ?? ''}b`
  return 'regex' in match ? instanceOf(match.regex ?? '') : 'a'
}

/**
 * A text that may well match: the operators are left out, and classes replaced by one of their characters.
 */
function instanceOf(regex: string): string {
  return regex
    .replaceAll(/\(\?[^)>]*>|\(\?[i:]*\)?|\\b|[()^$]|\{[\d,]+\}|\|.*$/g, '')
    .replaceAll(/\\[wpL]+|\[\^?[^\]]*\]/g, 'a')
    .replaceAll('\\d', '1')
    .replaceAll(/[*+?]/g, '')
    .replaceAll('\\.', '.')
}
