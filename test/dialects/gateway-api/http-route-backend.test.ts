import { describe, expect, test } from 'vitest'
import { translateFirst } from '../../support/configuration.ts'
import { actionOf, forwardOf, foundIn, httpRoute, routesOf, toShop } from './route-text.ts'

const failed = { kind: 'direct-response', status: 500, body: undefined }
const mirror = '{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}}'

describe('weights', () => {
  test.each([
    [
      '[{name: shop, port: 80}, {name: shade, port: 80, weight: 3}]',
      [
        ['shop', 1],
        ['shade', 3],
      ],
    ],
    ['[{name: shop, port: 80, weight: 0}, {name: shade, port: 80, weight: 3}]', [['shade', 3]]],
  ])('%s', (backendRefs, expected) => {
    expect(
      forwardOf(httpRoute(`- backendRefs: ${backendRefs}`)).destinations.map(({ backend, weight }) => [
        backend.host.split('.')[0],
        weight,
      ]),
    ).toEqual(expected)
  })

  test.each([
    '[]',
    '[{name: shop, port: 80, weight: 0}]',
    '[{name: shop, port: 80, weight: 0}, {name: shade, port: 80, weight: 0}]',
  ])('%s: 500', (backendRefs) => {
    const text = httpRoute(`- backendRefs: ${backendRefs}`)
    expect(actionOf(text)).toEqual(failed)
    expect(foundIn(text)).toEqual([])
  })

  test('a backend that does not exist, or has a mistake, keeps its share', () => {
    const text = httpRoute(
      '- backendRefs: [{name: shop, port: 80}, {name: shoop, port: 80, weight: 2}, {name: shade, port: ' +
        'eighty, weight: 3}]',
    )
    const { destinations, missingStatus } = forwardOf(text)
    expect(destinations.map(({ backend, weight }) => [backend.rejected ?? false, weight])).toEqual([
      [false, 1],
      [true, 2],
      [true, 3],
    ])
    expect(missingStatus).toBe(500)
    expect(foundIn(text)).toEqual([
      '7:50 reference/not-found there is no Service default/shoop: requests for it are answered with 500 ' +
        '(ResolvedRefs is False, BackendNotFound)',
      '7:99 field/wrong-type spec.rules[0].backendRefs[2].port is the string "eighty", must be a number',
    ])
  })
})

describe('filters of a backend', () => {
  test('header modifiers count for its requests', () => {
    const text = httpRoute(
      `- backendRefs:
  - {name: shop, port: 80, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: ` +
        `x-a, value: a}, {name: host, value: a.example}]}}]}
  - {name: shade, port: 80, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: ` +
        `[x-b]}}]}`,
    )
    expect(
      forwardOf(text).destinations.map(({ headers, authority }) => [
        headers.request.set,
        headers.response.remove,
        authority,
      ]),
    ).toEqual([
      [{ 'x-a': 'a' }, [], 'a.example'],
      [{}, ['x-b'], undefined],
    ])
  })

  test("a mirror of a rule's only backend is as good as the rule's", () => {
    const text = httpRoute(`- backendRefs: [{name: shop, port: 80, filters: [${mirror}]}]`)
    expect(foundIn(text)).toEqual([])
    expect(forwardOf(text).mirrors.map(({ backend }) => backend.host)).toEqual([
      'shadow.default.svc.cluster.local',
    ])
  })

  test('a mirror of one among several is dropped', () => {
    const text = httpRoute(
      `- backendRefs:\n  - {name: shop, port: 80, filters: [${mirror}]}\n  - {name: shade, port: 80}`,
    )
    expect(foundIn(text)).toEqual([
      '8:47 field/unsupported Envoy mirrors for all backends of a rule alike, so the mirror of one among ' +
        'several is dropped',
    ])
    expect(forwardOf(text)).toMatchObject({ mirrors: [], destinations: [{ weight: 1 }, { weight: 1 }] })
    expect(forwardOf(text).destinations.map(({ backend }) => backend.rejected)).toEqual([
      undefined,
      undefined,
    ])
  })

  test('what cannot be done for one backend is answered with 500', () => {
    const text = httpRoute(
      '- backendRefs:\n  - {name: shop, port: 80, filters: [{type: URLRewrite, urlRewrite: {hostname: ' +
        'a.example}}]}\n  - {name: shade, port: 80}',
    )
    expect(foundIn(text)).toEqual([
      '8:47 field/unsupported a filter of type URLRewrite on a single backend is not supported: requests ' +
        'for it are answered with 500',
    ])
    expect(forwardOf(text).destinations.map(({ backend }) => backend.rejected)).toEqual([true, undefined])
  })
})

describe('timeouts and retries', () => {
  test.each([
    ['', { timeout: 0, retry: 'never' }],
    ['timeouts: {request: 10s}', { timeout: 10_000, retry: 'never' }],
    ['timeouts: {request: 1m30s500ms}', { timeout: 90_500 }],
    [
      'timeouts: {request: 0s}',
      { timeout: 0, noTimeout: { path: ['spec', 'rules', 0, 'timeouts', 'request'] } },
    ],
    ['timeouts: {backendRequest: 2s}', { timeout: 2_000 }],
    ['timeouts: {request: 10s, backendRequest: 2s}', { timeout: 2_000 }],
    ['timeouts: {request: 0s, backendRequest: 2s}', { timeout: 2_000 }],
    [
      'timeouts: {request: 10s, backendRequest: 2s}\n  retry: {attempts: 3}',
      { timeout: 10_000, retry: { attempts: 3, perTryTimeout: 2_000 } },
    ],
    [
      'retry: {}',
      {
        timeout: 0,
        retry: {
          attempts: 2,
          retryOn: 'connect-failure,refused-stream,reset',
          statusCodes: [],
          backoff: undefined,
        },
      },
    ],
    [
      'retry: {codes: [503, 500], backoff: 100ms}',
      {
        retry: {
          attempts: 2,
          retryOn: 'connect-failure,refused-stream,reset,retriable-status-codes',
          statusCodes: [503, 500],
          backoff: 100,
        },
      },
    ],
  ])('%s', (fields, expected) => {
    expect(forwardOf(httpRoute(`- ${toShop}${fields === '' ? '' : `\n  ${fields}`}`))).toMatchObject(expected)
  })

  test.each([
    [
      'timeouts: {request: 10}',
      '8:25 field/wrong-type spec.rules[0].timeouts.request is the number 10, must be a string',
    ],
    [
      'timeouts: {request: 1.5s}',
      '8:25 field/invalid-value spec.rules[0].timeouts.request is "1.5s", must be a duration of whole h, ' +
        'm, s and ms, such as 10s or 1m30s',
    ],
    [
      'timeouts: {request: 1s, backendRequest: 2s}',
      '8:45 field/invalid-value spec.rules[0].timeouts.backendRequest is longer than request, must be at ' +
        'most that',
    ],
    [
      'retry: {attempts: 0}',
      '8:23 field/invalid-value spec.rules[0].retry.attempts is 0, must be at least 1',
    ],
    [
      'retry: {codes: [200]}',
      '8:21 field/invalid-value spec.rules[0].retry.codes[0] is 200, must be at least 400',
    ],
  ])('%s is a mistake that costs the field', (fields, expected) => {
    const text = httpRoute(`- ${toShop}\n  ${fields}`)
    expect(foundIn(text)).toEqual([expected])
    expect(forwardOf(text)).toMatchObject({ timeout: 0, retry: 'never' })
  })

  test('sessionPersistence is not supported', () => {
    expect(foundIn(httpRoute(`- ${toShop}\n  sessionPersistence: {type: Cookie}`))).toEqual([
      '8:5 field/unsupported rules.sessionPersistence is not supported yet, it has no effect',
    ])
  })
})

describe('names', () => {
  test("a rule's name is its routes', and may stand once", () => {
    const text = httpRoute(`- {name: a, ${toShop}}\n- {name: a, matches: [{path: {value: /a}}], ${toShop}}`)
    expect(routesOf(text).map(({ name }) => name)).toEqual(['a', 'a'])
    expect(foundIn(text)).toEqual([
      '8:12 field/invalid-value name is "a", which an earlier rule has, must be unique in the route',
    ])
  })
})

describe('the status', () => {
  const conditions = (rules: string): unknown =>
    translateFirst(httpRoute(rules)).statuses.map((status) =>
      status.conditions.map(({ type, status: value, reason }) => `${type} ${value} ${reason}`).toSorted(),
    )

  test.each([
    [`- ${toShop}`, ['Accepted True Accepted', 'ResolvedRefs True ResolvedRefs']],
    [
      '- backendRefs: [{name: nobody, port: 80}]',
      ['Accepted True Accepted', 'ResolvedRefs False BackendNotFound'],
    ],
    [
      `- ${toShop}\n- {matches: [{path: {value: /a}}], filters: [{type: Nothing}], ${toShop}}`,
      ['Accepted True Accepted', 'PartiallyInvalid True UnsupportedValue', 'ResolvedRefs True ResolvedRefs'],
    ],
    [
      `- {filters: [{type: Nothing}], ${toShop}}`,
      ['Accepted False UnsupportedValue', 'ResolvedRefs True ResolvedRefs'],
    ],
    [
      '- filters: [{type: RequestRedirect, requestRedirect: {}}, {type: URLRewrite, urlRewrite: {}}]',
      ['Accepted False IncompatibleFilters', 'ResolvedRefs True ResolvedRefs'],
    ],
  ])('%s', (rules, expected) => {
    expect(conditions(rules)).toEqual([expected])
  })
})
