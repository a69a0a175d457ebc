import { describe, expect, test } from 'vitest'
import type { RouteMatch } from '../../src/simulate/configuration.ts'
import type { SimulatedRequest } from '../../src/simulate/request.ts'
import { describeMatch } from '../../src/simulate/route-match.ts'
import { request, route, routed } from './scene.ts'

/** The first matcher that does not hold, or 'matches'. */
function verdict(match: RouteMatch, asked: SimulatedRequest): string {
  const {
    passedOver: [first],
  } = routed([route('it', match)], asked)
  return first?.because ?? 'matches'
}

const regex = (pattern: string): RouteMatch => ({ safe_regex: { regex: pattern } })

const paths: readonly (readonly [RouteMatch, string, string])[] = [
  [{ prefix: '/api' }, '/apiary?x', 'matches'],
  [{ prefix: '/api' }, '/x', 'path is /x, must begin with /api'],
  [{ prefix: '/api' }, '/API', 'path is /API, must begin with /api'],
  [{ prefix: '/api', case_sensitive: false }, '/API/x', 'matches'],
  [{ path: '/api' }, '/api?x=1', 'matches'],
  [{ path: '/api' }, '/api/', 'path is /api/, must be /api'],
  [{ path_separated_prefix: '/api' }, '/api', 'matches'],
  [{ path_separated_prefix: '/api' }, '/api/x', 'matches'],
  [{ path_separated_prefix: '/api' }, '/apiary', 'path is /apiary, must be /api, or begin with /api/'],
  [regex('/a'), '/ab', 'path is /ab, must match /a'],
  [regex('/(a|ab)c?'), '/abc?x', 'matches'],
  [regex('(?i)/CASED/(?P<id>\\d+)'), '/cased/12', 'matches'],
  [regex('\\A/\\pL+\\z'), '/abc', 'matches'],
  [{ ...regex('/A'), case_sensitive: false }, '/a', 'path is /a, must match /A'],
]

describe('path', () => {
  test.each(paths)('%j and %s: %s', (match, path, said) => {
    expect(verdict(match, request(path))).toBe(said)
  })
})

describe('headers', () => {
  const header = (matcher: object, ...values: readonly string[]): string =>
    verdict(
      { prefix: '/', headers: [{ name: 'X-User', ...matcher }] },
      request('/', { headers: values.map((value) => ['x-user', value] as const) }),
    )
  const exact = { string_match: { exact: 'a' } }

  test.each<readonly [object, readonly string[], string]>([
    [exact, ['a'], 'matches'],
    [exact, ['A'], 'header X-User is "A", must be "a"'],
    [{ string_match: { exact: 'a', ignore_case: true } }, ['A'], 'matches'],
    [exact, [], 'header X-User is absent, must be "a"'],
    [exact, ['b', 'a'], 'matches'],
    [exact, ['a,b'], 'header X-User is "a,b", must be "a"'],
    [{ ...exact, invert_match: true }, ['b', 'a'], 'header X-User is "b" and "a", must not be "a"'],
    [{ ...exact, invert_match: true }, [], 'header X-User is absent, must not be "a" but be there'],
    [{ ...exact, invert_match: true, treat_missing_header_as_empty: true }, [], 'matches'],
    [{ present_match: true }, [''], 'matches'],
    [{ present_match: true }, [], 'header X-User is absent, must be there'],
    [{ present_match: true, invert_match: true }, ['x'], 'header X-User is "x", must be absent'],
    [{ string_match: { prefix: 'a' } }, ['ba'], 'header X-User is "ba", must begin with "a"'],
    [{ string_match: { suffix: 'a' } }, ['ab'], 'header X-User is "ab", must end with "a"'],
    [{ string_match: { contains: 'a' } }, ['bb'], 'header X-User is "bb", must contain "a"'],
    [{ string_match: { safe_regex: { regex: 'a|b' } } }, ['ab'], 'header X-User is "ab", must match a|b'],
    [
      { range_match: { start: '1', end: '5' } },
      ['5'],
      'header X-User is "5", must be a number from 1, below 5',
    ],
    [{ suffix_match: 'a' }, ['ba'], 'matches'],
  ])('%j and %j: %s', (matcher, values, said) => {
    expect(header(matcher, ...values)).toBe(said)
  })

  test('pseudo headers are headers, and host is :authority', () => {
    const by = (name: string, value: string): RouteMatch => ({
      prefix: '/',
      headers: [{ name, string_match: { exact: value } }],
    })
    expect(verdict(by(':method', 'POST'), request('/'))).toBe(':method is "GET", must be "POST"')
    expect(verdict(by(':authority', 'shop.test'), request('/'))).toBe('matches')
    expect(verdict(by('host', 'shop.test'), request('/'))).toBe('matches')
    expect(verdict(by(':scheme', 'https'), request('/'))).toBe(':scheme is "http", must be "https"')
    expect(verdict(by(':scheme', 'https'), request('/', { headers: [['x-forwarded-proto', 'https']] }))).toBe(
      'matches',
    )
  })

  test('what Envoy adds is there, and what it takes away is not', () => {
    const presence = (name: string): string =>
      verdict(
        { prefix: '/', headers: [{ name, present_match: true }] },
        request('/', {
          headers: [
            ['connection', 'close'],
            ['x-envoy-internal', 'true'],
          ],
        }),
      )
    expect(presence('x-request-id')).toBe('matches')
    expect(presence('connection')).toBe('header connection is absent, must be there')
    expect(presence('x-envoy-internal')).toBe('header x-envoy-internal is absent, must be there')
    expect(
      verdict(
        { prefix: '/', headers: [{ name: 'x-request-id', string_match: { exact: '1' } }] },
        request('/'),
      ),
    ).toBe('header x-request-id is made by Envoy for each request, and so unknown, must be "1"')
  })
})

describe('query parameters', () => {
  const query = (matcher: object, path: string): string =>
    verdict({ prefix: '/', query_parameters: [{ name: 'q', ...matcher }] }, request(path))

  test.each<readonly [object, string, string]>([
    [{ string_match: { exact: '1' } }, '/?q=1', 'matches'],
    [{ string_match: { exact: '1' } }, '/?q=2&q=1', 'query parameter q is "2", must be "1"'],
    [{ string_match: { exact: 'a b' } }, '/?q=a%20b', 'query parameter q is "a%20b", must be "a b"'],
    [{ string_match: {} }, '/?q', 'matches'],
    [{ present_match: true }, '/?x&q=', 'matches'],
    [{ present_match: true }, '/?qq=1', 'query parameter q is absent, must be there'],
  ])('%j and %s: %s', (matcher, path, said) => {
    expect(query(matcher, path)).toBe(said)
  })
})

test('a runtime fraction of 0 takes nothing, another one its share', () => {
  const match = (numerator: number): RouteMatch => ({
    prefix: '/',
    runtime_fraction: { default_value: { numerator, denominator: 'HUNDRED' }, runtime_key: 'k' },
  })
  expect(verdict(match(0), request('/'))).toBe('it takes 0 % of the requests')
  expect(routed([route('it', match(25))], request('/')).taken?.millionths).toBe(250_000)
})

test('a match is told in words', () => {
  expect(
    describeMatch({
      prefix: '/api',
      case_sensitive: false,
      headers: [{ name: 'x-user', string_match: { exact: 'a' }, invert_match: true }],
      query_parameters: [{ name: 'q', present_match: true }],
    }),
  ).toBe('prefix /api, in any case; header x-user must not be "a"; query parameter q must be there')
})

test('the routes before the one that is taken are told, each with its reason', () => {
  const { passedOver, taken } = routed(
    [
      route('first', { path: '/a' }),
      route('second', { prefix: '/b' }),
      route('third', { prefix: '/' }),
      route('fourth', { prefix: '/' }),
    ],
    request('/c'),
  )
  expect(passedOver.map((each) => [each.route.name, each.because])).toEqual([
    ['first', 'path is /c, must be /a'],
    ['second', 'path is /c, must begin with /b'],
  ])
  expect(taken?.route.name).toBe('third')
})
