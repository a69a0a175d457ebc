import { describe, expect, test } from 'vitest'
import { translateFirst } from '../../support/configuration.ts'
import { virtualService } from './text.ts'

interface Case {
  readonly name: string
  /** Put in the second of three rules, from line 9. */
  readonly fields: string
  readonly found: readonly string[]
  /** The routes: `first`, `second`, `third`, or `500` for one that answers with it. */
  readonly left: readonly string[]
}

const all = ['first', 'second', 'third']
const others = ['first', 'third']
const answered = ['first', '500', 'third']

const cases: readonly Case[] = [
  {
    name: 'a misspelt field of the rule costs the rule',
    fields: 'timout: 3s',
    left: answered,
    found: [
      '11:5 field/unknown spec.http[1].timout is not a known field: requests that it matches are answered ' +
        'with 500',
    ],
  },
  {
    name: 'a misspelt mirror costs the mirror',
    fields: 'mirorr: {host: shadow}',
    left: all,
    found: ['11:5 field/unknown spec.http[1].mirorr is not a known field'],
  },
  {
    name: 'a misspelt field in a mirror costs the mirror',
    fields: 'mirror: {host: shadow, subest: v1}',
    left: all,
    found: ['11:28 field/unknown spec.http[1].mirror.subest is not a known field'],
  },
  {
    name: 'a mirror of a wrong type costs the mirror',
    fields: 'mirror: shadow',
    left: all,
    found: ['11:13 field/wrong-type spec.http[1].mirror is the string "shadow", must be an object'],
  },
  {
    name: 'a wrong type in the list of mirrors costs that one',
    fields: 'mirrors: [7, {destination: {host: shadow}}]',
    left: all,
    found: ['11:15 field/wrong-type spec.http[1].mirrors[0] is the number 7, must be an object'],
  },
  {
    name: 'a wrong type in a match costs the rule',
    fields: 'match: [{uri: /x}]',
    left: answered,
    found: [
      '11:19 field/wrong-type spec.http[1].match[0].uri is the string "/x", must be an object: requests ' +
        'that it matches are answered with 500',
    ],
  },
  {
    name: 'a match that is no list',
    fields: 'match: {uri: {exact: /x}}',
    left: answered,
    found: [
      '11:5 field/wrong-type spec.http[1].match is an object, must be a list: requests that it matches ' +
        'are answered with 500',
    ],
  },
  {
    name: 'a header match of a wrong type',
    fields: 'match: [{headers: {x: 1}}]',
    left: answered,
    found: [
      '11:27 field/wrong-type spec.http[1].match[0].headers.x is the number 1, must be an object: ' +
        'requests that it matches are answered with 500',
    ],
  },
  {
    name: 'an unknown kind of match',
    fields: 'match: [{uri: {suffix: /x}}]',
    left: others,
    found: [
      '11:20 field/unknown spec.http[1].match[0].uri.suffix is not a known field: other rules take its ' +
        'requests, because its matches cannot be read',
    ],
  },
  {
    name: 'two kinds of match',
    fields: 'match: [{uri: {exact: /x, prefix: /y}}]',
    left: others,
    found: [
      '11:14 field/invalid-value spec.http[1].match[0].uri has exact and prefix, must have one of them: ' +
        'other rules take its requests, because its matches cannot be read',
    ],
  },
  {
    name: 'a timeout without a unit',
    fields: 'timeout: "3"',
    left: answered,
    found: [
      '11:14 field/invalid-value spec.http[1].timeout is "3", must be a duration that is not negative, ' +
        'such as 1.5s, 100ms or 1h: requests that it matches are answered with 500',
    ],
  },
  {
    name: 'a timeout that is a number',
    fields: 'timeout: 3',
    left: answered,
    found: [
      '11:14 field/wrong-type spec.http[1].timeout is the number 3, must be a string: requests that it ' +
        'matches are answered with 500',
    ],
  },
  {
    name: 'a negative timeout',
    fields: 'timeout: -1s',
    left: answered,
    found: [
      '11:14 field/invalid-value spec.http[1].timeout is "-1s", must be a duration that is not negative, ' +
        'such as 1.5s, 100ms or 1h: requests that it matches are answered with 500',
    ],
  },
  {
    name: 'retries of a wrong type',
    fields: 'retries: 3',
    left: answered,
    found: [
      '11:14 field/wrong-type spec.http[1].retries is the number 3, must be an object: requests that it ' +
        'matches are answered with 500',
    ],
  },
  {
    name: 'two actions',
    fields: 'redirect: {uri: /x}',
    left: answered,
    found: [
      '9:5 field/invalid-value spec.http[1] has route and redirect, must have exactly one of route, ' +
        'redirect, directResponse: requests that it matches are answered with 500',
    ],
  },
  {
    name: 'an unknown enum value',
    fields: 'match: [{port: 0}]',
    left: others,
    found: [
      '11:20 field/invalid-value spec.http[1].match[0].port is 0, must be at least 1: other rules take ' +
        'its requests, because its matches cannot be read',
    ],
  },
  {
    name: 'a header value that is no text costs that header',
    fields: 'headers: {request: {set: {x: 1}}}',
    left: all,
    found: ['11:34 field/wrong-type spec.http[1].headers.request.set.x is the number 1, must be a string'],
  },
]

function three(fields: string): string {
  const rule = (name: string, more = ''): string =>
    `- name: ${name}\n  route: [{destination: {host: reviews}}]${more === '' ? '' : `\n  ${more}`}`
  return virtualService([rule('first'), rule('second', fields), rule('third')].join('\n'))
}

describe('a mistake for which a document is refused', () => {
  test.each(cases)('$name', ({ fields, found, left }) => {
    const result = translateFirst(three(fields))
    expect(result.found).toEqual(found)
    expect(result.rejected).toBe(true)
    expect(
      result.routeTables.flatMap((table) =>
        table.routes.map(({ name, action }) =>
          action.kind === 'direct-response' ? `${action.status}` : name,
        ),
      ),
    ).toEqual(left)
    expect(
      result.routeTables.flatMap((table) =>
        table.routes.flatMap(({ action }) =>
          action.kind === 'forward' ? action.mirrors.map(({ backend }) => backend.host) : [],
        ),
      ),
    ).toEqual(fields.includes('[7, {') ? ['shadow.default.svc.cluster.local'] : [])
  })

  test('all mistakes are said at once, each at its place', () => {
    expect(
      translateFirst(
        three('timout: 3s, mirror: {host: 5}').replace('timout: 3s, mirror', 'timout: 3s\n    mirror'),
      ).found,
    ).toEqual([
      '11:5 field/unknown spec.http[1].timout is not a known field: requests that it matches are answered ' +
        'with 500',
      '12:20 field/wrong-type spec.http[1].mirror.host is the number 5, must be a string',
    ])
  })

  test.each([
    ['hosts: reviews', '5:10 field/wrong-type spec.hosts is the string "reviews", must be a list'],
    ['hosts: [reviews, 5]', '5:20 field/wrong-type spec.hosts[1] is the number 5, must be a string'],
    [
      'hosts: [reviews]\n  gateways: edge',
      '6:13 field/wrong-type spec.gateways is the string "edge", must be a list',
    ],
    ['hosts: [""]', '5:11 field/invalid-value spec.hosts[0] is "", must be at least 1 characters long'],
  ])('outside of the rules it costs the object: %s', (field, found) => {
    const result = translateFirst(three('timeout: 1s').replace('hosts: [reviews]', field))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(true)
    expect(result.routeTables).toEqual([])
  })

  test.each([
    ['hosts: [reviews]\n  gateway: [mesh]', '6:3 field/unknown spec.gateway is not a known field'],
    ['hosts: [reviews]\n  unknown: 1', '6:3 field/unknown spec.unknown is not a known field'],
  ])(
    'outside of the rules, beside hosts that can be read, it costs the rules, whose requests are answered ' +
      'with 500: %s',
    (field, found) => {
      const result = translateFirst(three('timeout: 1s').replace('hosts: [reviews]', field))
      expect(result.found).toEqual([`${found}: requests that it matches are answered with 500`])
      expect(result.rejected).toBe(true)
      expect(result.routeTables).toMatchObject([
        {
          attachedTo: ['mesh'],
          routes: [1, 2, 3].map(() => ({ action: { kind: 'direct-response', status: 500 } })),
        },
      ])
    },
  )

  test('a spec that is no object', () => {
    const result = translateFirst(
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec: [1]\n',
    )
    expect(result.found).toEqual(['4:1 field/wrong-type spec is a list, must be an object'])
    expect(result.routeTables).toEqual([])
  })

  test('no spec at all', () => {
    const result = translateFirst(
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n',
    )
    expect(result.found).toEqual(['1:1 field/required spec is required'])
    expect(result.routeTables).toEqual([])
  })

  test('hints name what was meant', () => {
    expect(translateFirst(three('mirorr: {host: shadow}')).diagnostics.map((each) => each.hint)).toEqual([
      'did you mean `mirror`?',
    ])
    expect(translateFirst(three('timeout: "3"')).diagnostics.map((each) => each.hint)).toEqual([
      'write 3s for seconds or 3ms for milliseconds',
    ])
  })
})

describe('a field that is not supported yet', () => {
  test.each([
    [
      '{headers: {"@request.auth.claims.group": {exact: admin}}}',
      '8:24 field/unsupported matches by claims of a token are not supported yet: no request has one, so ' +
        'this match takes none',
    ],
    [
      '{withoutHeaders: {"@request.auth.claims[a][b]": {}}}',
      '8:31 field/unsupported matches by claims of a token are not supported yet: no request has one, so ' +
        'this condition always holds',
    ],
  ])('claims of a token: %s', (match, found) => {
    const result = translateFirst(
      virtualService(`route: [{destination: {host: reviews}}]\nmatch: [${match}]`),
    )
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(false)
  })

  test.each(['tcp: [{route: [{destination: {host: a}}]}]'])('%s', (field) => {
    const result = translateFirst(
      three('timeout: 1s').replace('hosts: [reviews]', `hosts: [reviews]\n  ${field}`),
    )
    expect(result.found).toEqual([
      `6:3 field/unsupported ${field.slice(0, 3)} is not supported yet, it has no effect`,
    ])
    expect(result.routeTables[0]?.routes).toHaveLength(3)
  })
})
