import { describe, expect, test } from 'vitest'
import { translateFirst } from '../../support/configuration.ts'
import { actionOf, forwardOf, foundIn, grpcRoute, httpRoute, routesOf, toShop } from './route-text.ts'

describe('methods', () => {
  test.each([
    ['{}', { kind: 'prefix', value: '/' }],
    ['{method: {service: shop.v1.Orders, method: Get}}', { kind: 'exact', value: '/shop.v1.Orders/Get' }],
    ['{method: {service: shop.v1.Orders}}', { kind: 'prefix', value: '/shop.v1.Orders/' }],
    ['{method: {service: shop.v1.Orders, method: ""}}', { kind: 'prefix', value: '/shop.v1.Orders/' }],
    ['{method: {method: Get}}', { kind: 'regex', value: '/[^/]+/Get' }],
    [
      '{method: {type: RegularExpression, service: "shop\\\\..*", method: "Get|List"}}',
      { kind: 'regex', value: '/(?:shop\\..*)/(?:Get|List)' },
    ],
    [
      '{method: {type: RegularExpression, service: "shop\\\\..*"}}',
      { kind: 'regex', value: '/(?:shop\\..*)/[^/]+' },
    ],
    ['{method: {type: RegularExpression, method: "Get.*"}}', { kind: 'regex', value: '/[^/]+/(?:Get.*)' }],
  ])('%s', (match, expected) => {
    expect(routesOf(grpcRoute(`- {matches: [${match}], ${toShop}}`))[0]?.match.path).toEqual(expected)
  })

  test.each([
    [
      '{method: {}}',
      '7:17 field/invalid-value spec.rules[0].matches[0].method says nothing, must have service or method',
    ],
    [
      '{method: {service: shop/v1}}',
      '7:35 field/invalid-value spec.rules[0].matches[0].method.service is "shop/v1", must be the name of ' +
        'a gRPC service, such as shop.v1.Orders',
    ],
    [
      '{method: {service: a, method: "Get-All"}}',
      '7:46 field/invalid-value spec.rules[0].matches[0].method.method is "Get-All", must be the name of ' +
        'a gRPC method',
    ],
    ['{path: {value: /a}}', '7:17 field/unknown spec.rules[0].matches[0].path is not a known field'],
  ])('%s is a mistake', (match, expected) => {
    expect(foundIn(grpcRoute(`- {matches: [${match}], ${toShop}}`))).toEqual([
      `${expected}: other rules take its requests, because its matches cannot be read`,
    ])
    expect(routesOf(grpcRoute(`- {matches: [${match}], ${toShop}}`))).toEqual([])
  })
})

test('headers, filters and mirrors are as an HTTPRoute has them', () => {
  const text = grpcRoute(`- matches: [{headers: [{name: x-a, value: a}]}]
  filters:
  - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-b, value: b}]}}
  - {type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}, percent: 10}}
  ${toShop}`)
  expect(foundIn(text)).toEqual([])
  expect(routesOf(text)[0]).toMatchObject({
    match: { headers: [{ name: 'x-a', match: { kind: 'exact', value: 'a' } }] },
    headers: { request: { set: { 'x-b': 'b' } } },
  })
  expect(forwardOf(text).mirrors.map(({ fraction }) => fraction)).toEqual([100_000])
})

test('what has no backend answers UNAVAILABLE, which Envoy makes of 503', () => {
  expect(actionOf(grpcRoute('- backendRefs: []'))).toEqual({
    kind: 'direct-response',
    status: 503,
    body: undefined,
  })
  expect(forwardOf(grpcRoute('- backendRefs: [{name: nobody, port: 80}]')).missingStatus).toBeUndefined()
})

test('a route without rules has no routes', () => {
  expect(routesOf(grpcRoute('').replace(/ {2}rules:\n\s*\n/, ''))).toEqual([])
})

test('filters of HTTPRoutes are mistakes', () => {
  const text = grpcRoute(`- {filters: [{type: URLRewrite}], ${toShop}}`)
  expect(foundIn(text)).toEqual([
    '7:23 field/invalid-value the type of a filter is "URLRewrite", must be one of RequestHeaderModifier, ' +
      'ResponseHeaderModifier, RequestMirror, ExtensionRef: its requests are answered with an error',
  ])
})

test('its tables do not join those of HTTPRoutes', () => {
  const joins = (text: string): unknown => translateFirst(text).routeTables.map((table) => table.joins)
  expect(joins(grpcRoute(`- ${toShop}`))).not.toEqual(joins(httpRoute(`- ${toShop}`)))
})
