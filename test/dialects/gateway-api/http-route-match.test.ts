import { describe, expect, test } from 'vitest'
import { translateFirst } from '../../support/configuration.ts'
import { actionOf, foundIn, httpRoute, routesOf, toShop } from './route-text.ts'

function matchOf(match: string): unknown {
  return routesOf(httpRoute(`- matches: [${match}]\n  ${toShop}`)).map((each) => each.match)[0]
}

const path = (kind: string, value: string): unknown => ({
  path: { kind, value },
  caseSensitive: undefined,
  headers: [],
  queryParameters: [],
})

describe('paths', () => {
  test.each([
    ['{}', path('prefix', '/')],
    ['{path: {}}', path('prefix', '/')],
    ['{path: {value: /}}', path('prefix', '/')],
    ['{path: {value: /v1}}', path('segments', '/v1')],
    ['{path: {type: PathPrefix, value: /v1}}', path('segments', '/v1')],
    ['{path: {type: PathPrefix, value: /v1/}}', path('segments', '/v1')],
    ['{path: {type: PathPrefix, value: /a%20b/c}}', path('segments', '/a%20b/c')],
    ['{path: {type: Exact, value: /v1/}}', path('exact', '/v1/')],
    ['{path: {type: Exact}}', path('exact', '/')],
    ['{path: {type: RegularExpression, value: "/v[0-9]+"}}', path('regex', '/v[0-9]+')],
  ])('%s', (match, expected) => {
    expect(matchOf(match)).toEqual(expected)
  })

  test('a rule without matches, and a route without rules, take every request', () => {
    expect(routesOf(httpRoute(`- ${toShop}`)).map((each) => each.match)).toEqual([path('prefix', '/')])
    expect(routesOf(httpRoute(`- matches: []\n  ${toShop}`)).map((each) => each.match)).toEqual([
      path('prefix', '/'),
    ])
    const withoutRules = routesOf(httpRoute('').replace(/ {2}rules:\n\s*\n/, ''))
    expect(withoutRules.map(({ match, action }) => [match, action])).toEqual([
      [path('prefix', '/'), { kind: 'direct-response', status: 500, body: undefined }],
    ])
  })
})

describe('headers, query parameters and methods', () => {
  const exact = (value: string): unknown => ({ kind: 'exact', value })
  test.each([
    [
      'headers: [{name: X-B, value: b}, {name: X-A, type: RegularExpression, value: "a+"}]',
      {
        headers: [
          { name: 'X-A', match: { kind: 'regex', value: 'a+' }, invert: false },
          { name: 'X-B', match: exact('b'), invert: false },
        ],
      },
    ],
    [
      'headers: [{name: X-A, value: first}, {name: x-a, value: second}]',
      { headers: [{ name: 'X-A', match: exact('first'), invert: false }] },
    ],
    [
      'method: POST, headers: [{name: x-a, value: a}]',
      {
        headers: [
          { name: 'x-a', match: exact('a'), invert: false },
          { name: ':method', match: exact('POST'), invert: false },
        ],
      },
    ],
    [
      'queryParams: [{name: q, value: "1"}, {name: p, type: RegularExpression, value: "[0-9]"}]',
      {
        queryParameters: [
          { name: 'p', match: { kind: 'regex', value: '[0-9]' } },
          { name: 'q', match: exact('1') },
        ],
      },
    ],
    [
      'queryParams: [{name: q, value: first}, {name: q, value: second}, {name: Q, value: third}]',
      {
        queryParameters: [
          { name: 'Q', match: exact('third') },
          { name: 'q', match: exact('first') },
        ],
      },
    ],
  ])('%s', (fields, expected) => {
    expect(matchOf(`{${fields}}`)).toMatchObject(expected)
  })
})

const answered = 'requests that it matches are answered with 500'
const unread = 'other rules take its requests, because its matches cannot be read'

describe('mistakes in matches', () => {
  test.each([
    [
      '{path: {value: v1}}',
      '7:30 field/invalid-value spec.rules[0].matches[0].path.value is "v1", must begin with /',
      answered,
    ],
    [
      '{path: {value: /a//b}}',
      '7:30 field/invalid-value spec.rules[0].matches[0].path.value is "/a//b", must not contain //',
      unread,
    ],
    [
      '{path: {value: /a/./b}}',
      '7:30 field/invalid-value spec.rules[0].matches[0].path.value is "/a/./b", must not contain /./',
      unread,
    ],
    [
      '{path: {value: /a/../b}}',
      '7:30 field/invalid-value spec.rules[0].matches[0].path.value is "/a/../b", must not contain /../',
      unread,
    ],
    [
      '{path: {value: /a%2fb}}',
      '7:30 field/invalid-value spec.rules[0].matches[0].path.value is "/a%2fb", must not contain %2f',
      unread,
    ],
    [
      '{path: {value: "/a#b"}}',
      '7:30 field/invalid-value spec.rules[0].matches[0].path.value is "/a#b", must not contain #',
      unread,
    ],
    [
      '{path: {value: /a/..}}',
      '7:30 field/invalid-value spec.rules[0].matches[0].path.value is "/a/..", must not end with /..',
      unread,
    ],
    [
      '{path: {value: "/a b"}}',
      '7:30 field/invalid-value spec.rules[0].matches[0].path.value is "/a b", must only have characters ' +
        'of a path, others as %20',
      unread,
    ],
    [
      '{path: {type: Prefix, value: /a}}',
      '7:29 field/invalid-value spec.rules[0].matches[0].path.type is "Prefix", must be one of Exact, ' +
        'PathPrefix, RegularExpression',
      answered,
    ],
    [
      '{path: {type: RegularExpression, value: "("}}',
      '7:55 field/invalid-value spec.rules[0].matches[0].path.value is "(", must be a regular expression ' +
        'in RE2 syntax: error parsing regexp: missing closing ): `(`',
      unread,
    ],
    [
      '{method: get}',
      '7:24 field/invalid-value spec.rules[0].matches[0].method is "get", must be one of GET, HEAD, POST, ' +
        'PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH',
      answered,
    ],
    [
      '{headers: [{name: ":method", value: GET}]}',
      '7:33 field/invalid-value spec.rules[0].matches[0].headers[0].name is ":method", must be the name ' +
        'of a header: letters, digits and -',
      unread,
    ],
    [
      '{headers: [{name: x, type: RegularExpression, value: "["}]}',
      '7:68 field/invalid-value spec.rules[0].matches[0].headers[0].value is "[", must be a regular ' +
        'expression in RE2 syntax: error parsing regexp: missing closing ]: `[`',
      answered,
    ],
    [
      '{queryParams: [{name: q}]}',
      '7:30 field/required spec.rules[0].matches[0].queryParams[0].value is required',
      answered,
    ],
    [
      '{queryParam: [{name: q}]}',
      '7:16 field/unknown spec.rules[0].matches[0].queryParam is not a known field',
      answered,
    ],
  ])('%s', (match, expected, consequence) => {
    expect(foundIn(httpRoute(`- matches: [${match}]\n  ${toShop}`))).toEqual([`${expected}: ${consequence}`])
    expect(actionOf(httpRoute(`- matches: [${match}]\n  ${toShop}\n- ${toShop}`)).kind).toBe(
      consequence === answered ? 'direct-response' : 'forward',
    )
  })

  test('one costs its match, whose requests are answered with 500', () => {
    const text = httpRoute(
      `- matches: [{path: {value: a}}, {path: {value: /b}}]\n  ${toShop}\n- matches: [{path: {value: ` +
        `c}}]\n  ${toShop}`,
    )
    expect(translateFirst(text).rejected).toBe(true)
    expect(
      routesOf(text).map(({ match, origin, action }) => [match.path.value, origin.path, action.kind]),
    ).toEqual([
      ['/a', ['spec', 'rules', 0, 'matches', 0], 'direct-response'],
      ['/b', ['spec', 'rules', 0, 'matches', 1], 'forward'],
      ['/c', ['spec', 'rules', 1, 'matches', 0], 'direct-response'],
    ])
  })

  test('lists that Kubernetes would refuse are served all the same', () => {
    const rules = Array.from(
      { length: 17 },
      (_, index) => `- matches: [{path: {value: /${index}}}]\n  ${toShop}`,
    ).join('\n')
    expect(foundIn(httpRoute(rules))).toEqual([
      '6:3 field/invalid-value rules is a list of 17, must have at most 16',
    ])
    expect(routesOf(httpRoute(rules))).toHaveLength(17)
    const matches = Array.from({ length: 65 }, (_, index) => `{path: {value: /${index}}}`).join(', ')
    expect(
      foundIn(httpRoute(`- matches: [${matches}]\n  ${toShop}\n- matches: [${matches}]\n  ${toShop}`)),
    ).toEqual([
      '6:3 field/invalid-value the rules have 130 matches together, must have at most 128',
      '7:5 field/invalid-value matches is a list of 65, must have at most 64',
      '9:5 field/invalid-value matches is a list of 65, must have at most 64',
    ])
  })
})
