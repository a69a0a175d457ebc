import { describe, expect, test } from 'vitest'
import { httpRoute, grpcRoute, routesOf, toShop } from './route-text.ts'

/** Matches of one route, the least specific first; each says what the next lacks. */
const ascending = [
  '{}',
  '{path: {value: /a}}',
  '{path: {value: /a/b}}',
  '{path: {value: /a/b}, queryParams: [{name: q, value: "1"}]}',
  '{path: {value: /a/b}, queryParams: [{name: q, value: "1"}, {name: r, value: "1"}]}',
  '{path: {value: /a/b}, headers: [{name: x, value: "1"}]}',
  '{path: {value: /a/b}, headers: [{name: x, value: "1"}], queryParams: [{name: q, value: "1"}]}',
  '{path: {value: /a/b}, headers: [{name: x, value: "1"}, {name: y, value: "1"}]}',
  '{path: {value: /a/b}, method: GET}',
  '{path: {value: /a/b}, method: GET, queryParams: [{name: q, value: "1"}]}',
  '{path: {value: /a/b}, method: GET, headers: [{name: x, value: "1"}]}',
  '{path: {type: RegularExpression, value: "/a"}}',
  '{path: {type: RegularExpression, value: "/a.*"}}',
  '{path: {type: Exact, value: /a}}',
  '{path: {type: Exact, value: /a/b}}',
  '{path: {type: Exact, value: /a/b}, method: GET}',
]

describe('precedence', () => {
  test('follows the specification, whatever the order of rules', () => {
    const text = (matches: readonly string[]): string =>
      httpRoute(matches.map((match) => `- {matches: [${match}], ${toShop}}`).join('\n'))
    const order = (matches: readonly string[]): readonly unknown[] =>
      routesOf(text(matches)).map(({ match }) => match)
    const expected = ascending.toReversed().map((match) => routesOf(text([match]))[0]?.match)
    expect(order(ascending)).toEqual(expected)
    expect(order(ascending.toReversed())).toEqual(expected)
  })

  test('entries that have no effect do not count', () => {
    const [twice, once] = routesOf(
      httpRoute(`- {matches: [{headers: [{name: x, value: "1"}, {name: X, value: "2"}]}], ${toShop}}`),
    ).concat(routesOf(httpRoute(`- {matches: [{headers: [{name: x, value: "1"}]}], ${toShop}}`)))
    expect(twice?.precedence).toBe(once?.precedence)
  })

  test('of equal matches the oldest route goes first, then the first by namespace and name', () => {
    const key = (created: string, namespace: string, name: string): string => {
      const text = httpRoute(
        `- backendRefs: [{name: shop, namespace: default, port: 80}]`,
        `, creationTimestamp: "${created}", namespace: ${namespace}`,
      )
      return (
        routesOf(
          text
            .replace('name: shop,', `name: ${name},`)
            .replace('name: shop}]', 'name: shop, namespace: default}]'),
        )[0]?.precedence ?? ''
      )
    }
    const keys = [
      key('2024-01-01T00:00:00Z', 'z', 'z'),
      key('2025-01-01T00:00:00Z', 'a', 'z'),
      key('2025-01-01T00:00:00Z', 'b-2', 'a'),
      key('2025-01-01T00:00:00Z', 'b', 'shop'),
      key('2025-01-01T00:00:00Z', 'b', 'shop-2'),
    ]
    expect(keys).not.toContain('')
    expect(keys.toSorted()).toEqual(keys)
    expect(new Set(keys).size).toBe(5)
  })

  test('then rules and matches by their order', () => {
    const many = Array.from({ length: 12 }, () => `- {matches: [{}, {}], ${toShop}}`).join('\n')
    const places = routesOf(httpRoute(many)).map(({ origin }) =>
      origin.path.filter((step) => typeof step === 'number'),
    )
    expect(places).toEqual(Array.from({ length: 24 }, (_, index) => [Math.floor(index / 2), index % 2]))
  })

  test('of GRPCRoutes: service, method, headers', () => {
    const matches = [
      '{}',
      '{headers: [{name: x, value: "1"}]}',
      '{method: {method: Get}}',
      '{method: {method: GetAll}}',
      '{method: {service: shop.v1}}',
      '{method: {service: shop.v1}, headers: [{name: x, value: "1"}]}',
      '{method: {service: shop.v1, method: Get}}',
      '{method: {service: shop.v1.Orders}}',
    ]
    const text = (all: readonly string[]): string =>
      grpcRoute(all.map((match) => `- {matches: [${match}], ${toShop}}`).join('\n'))
    expect(routesOf(text(matches)).map(({ match }) => match)).toEqual(
      matches.toReversed().map((match) => routesOf(text([match]))[0]?.match),
    )
  })
})
