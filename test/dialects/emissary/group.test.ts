import { describe, expect, test } from 'vitest'
import { gateway } from '../../support/configuration.ts'
import { configured, destinations, mapping, mirrors, routesFor } from './text.ts'

function weighted(...weights: readonly (number | undefined)[]): string {
  return weights
    .map((weight, index) =>
      mapping(
        `m${index}`,
        `prefix: /shop/\nservice: ` +
          `${['shop', 'canary', 'other', 'shadow'][index] ?? ''}${weight === undefined ? '' : `\nweight: ${weight}`}`,
      ),
    )
    .join('')
}

describe('weights are normalised as Emissary does it', () => {
  test.each([
    [
      [undefined, 10],
      [90, 10],
    ],
    [
      [10, undefined],
      [10, 90],
    ],
    [
      [20, 30, undefined],
      [20, 30, 50],
    ],
    [
      [undefined, undefined],
      [50, 50],
    ],
    [
      [undefined, undefined, undefined],
      [33, 33, 34],
    ],
    [
      [10, undefined, undefined, undefined],
      [10, 30, 30, 30],
    ],
    [
      [15, undefined, undefined],
      [15, 42, 43],
    ],
    [
      [25, undefined, undefined],
      [25, 38, 37],
    ],
    [
      [25, 75],
      [25, 75],
    ],
  ])('%j become %j', (declared, shares) => {
    const [route, ...more] = routesFor(weighted(...declared))
    expect(more).toEqual([])
    expect(destinations(route).map(([, weight]) => weight)).toEqual(shares)
  })

  test('one Mapping alone has all, whatever its weight', () => {
    expect(destinations(routesFor(weighted(10))[0])).toEqual([['cluster_shop_default', 100]])
  })

  test('a canary scaled to 100 leaves nothing to the others', () => {
    expect(destinations(routesFor(weighted(undefined, 100))[0])).toEqual([['cluster_canary_default', 100]])
  })

  test.each([
    [
      [50, 10],
      'the weights of its group add up to 60, and no Mapping without a weight takes the rest: they are ' +
        'taken in proportion',
      [50, 10],
    ],
    [
      [80, 40],
      'the weights of its group add up to 120, must be at most 100: they are taken in proportion',
      [80, 40],
    ],
  ])('%j is an error', (declared, message, shares) => {
    const { found: said, routes } = configured(weighted(...declared))
    expect(said).toEqual([`9:11 mapping/weights ${message}`])
    expect(destinations(routes(gateway)[0]).map(([, weight]) => weight)).toEqual(shares)
  })

  test('all 0: no route, and an error', () => {
    const { found: said, routes } = configured(weighted(0, 0))
    expect(said).toEqual([
      '9:11 mapping/weights the weights of its group add up to 0, so that no request is routed',
    ])
    expect(routes(gateway)).toEqual([])
  })

  test('a shadow takes no part, and copies of all of them', () => {
    const [route] = routesFor(
      weighted(undefined, 30) + mapping('zz', 'prefix: /shop/\nservice: shadow\nshadow: true\nweight: 40'),
    )
    expect(destinations(route)).toEqual([
      ['cluster_shop_default', 70],
      ['cluster_canary_default', 30],
    ])
    expect(mirrors(route)).toEqual([['cluster_shadow_shadow_default', 40]])
  })
})

describe('what tells groups apart', () => {
  const pairOf = (own: string): number =>
    routesFor(mapping('a', `prefix: /shop/\nservice: shop`) + mapping('b', `service: canary\n${own}`)).length

  test.each([
    'prefix: /shop',
    'prefix: /shop/\nmethod: GET',
    'prefix: /shop/\nheaders: {x: "1"}',
    'prefix: /shop/\nregex_headers: {x: "1"}',
    'prefix: /shop/\nquery_parameters: {q: "1"}',
    'prefix: /shop/\nprecedence: 1',
  ])('%s', (own) => {
    expect(pairOf(own)).toBe(2)
  })

  test('and what does not', () => {
    expect(pairOf('prefix: /shop/\nweight: 1\nrewrite: /')).toBe(1)
  })

  test('a namespace does not: Mappings of several are one group', () => {
    const [route, ...more] = routesFor(
      mapping('a', 'prefix: /shop/\nservice: shop') +
        mapping('b', 'prefix: /shop/\nservice: shadow.default\nshadow: true', {
          metadata: ', namespace: team',
        }),
    )
    expect(more).toEqual([])
    expect(mirrors(route)).toEqual([['cluster_shadow_shadow_default_team', 100]])
  })
})

describe('what the Mappings of a group must agree on', () => {
  const [first, later] = [
    (fields: string) => mapping('a', `prefix: /shop/\nservice: shop\n${fields}`),
    (fields: string) => mapping('b', `prefix: /shop/\nservice: canary\nweight: 10\n${fields}`),
  ]

  test.each([
    [
      'timeout_ms: 3000',
      'connect_timeout_ms: 500',
      'connect_timeout_ms is 500, and Mapping default/a, the first of its group, has none',
    ],
    [
      'keepalive: {probes: 1}',
      'keepalive: {probes: 2}',
      'keepalive is {"probes":2}, and Mapping default/a, the first of its group, has {"probes":1}',
    ],
    [
      'timeout_ms: 3000',
      'prefix_exact: true',
      'prefix_exact is true, and Mapping default/a, the first of its group, has none',
    ],
    [
      'load_balancer: {policy: round_robin}',
      'load_balancer: {policy: least_request}',
      'load_balancer is {"policy":"least_request"}, and Mapping default/a, the first of its group, has ' +
        '{"policy":"round_robin"}',
    ],
  ])('%s and %s: the later one is left out', (one, other, message) => {
    const { found: said, routes } = configured(first(one) + later(other))
    expect(said.map((each) => each.replace(/^\S+ /, ''))).toEqual([
      `mapping/mismatched-field ${message}: this Mapping is left out`,
    ])
    expect(destinations(routes(gateway)[0])).toHaveLength(1)
  })

  test('saying nothing agrees, and so does the same value', () => {
    expect(destinations(routesFor(first('connect_timeout_ms: 500') + later('rewrite: /'))[0])).toHaveLength(2)
    expect(
      destinations(routesFor(first('connect_timeout_ms: 500') + later('connect_timeout_ms: 500'))[0]),
    ).toHaveLength(2)
  })

  test('an older shadow never turns a Mapping that answers away', () => {
    const shadow = mapping('zz', 'prefix: /shop/\nservice: shadow\nshadow: true\nkeepalive: {probes: 9}', {
      metadata: ', creationTimestamp: "2020-01-01T00:00:00Z"',
    })
    const { found: said, routes } = configured(shadow + first('keepalive: {probes: 1}'))
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('mapping/mismatched-field')
    expect(destinations(routes(gateway)[0])).toEqual([
      [expect.stringMatching(/^cluster_shop_default_[0-9a-f]{12}$/), 100],
    ])
    expect(mirrors(routes(gateway)[0])).toEqual([])
  })

  test('what differs and cannot be had for each: a warning, and which counts', () => {
    const { found: said, routes } = configured(
      first('timeout_ms: 1000\nrewrite: /a/') + later('timeout_ms: 2000\nrewrite: /a/'),
    )
    expect(said).toEqual([
      '20:15 mapping/overruled-field timeout_ms differs from that of Mapping default/a in its group, ' +
        'which applies to both',
    ])
    expect(routes(gateway)[0]?.route?.timeout).toBe('1s')
  })

  test('a redirect must be alone', () => {
    const { found: said, routes } = configured(first('rewrite: /') + later('host_redirect: true'))
    expect(said).toEqual([
      '19:18 mapping/mixed-redirect it is a redirect, and Mapping default/a, the first of its group, is ' +
        'no redirect: this Mapping is left out',
    ])
    expect(destinations(routes(gateway)[0])).toEqual([['cluster_shop_default', 100]])
  })
})
