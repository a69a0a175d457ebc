import { describe, expect, test } from 'vitest'
import { gateway } from '../../support/configuration.ts'
import { configured, mapping, routesFor } from './text.ts'

function routeOf(fields: string, options: Parameters<typeof mapping>[2] = {}) {
  const [route, ...more] = routesFor(
    mapping('shop', fields.includes('service:') ? fields : `${fields}\nservice: shop`, options),
  )
  expect(more).toEqual([])
  return route
}

describe('what a Mapping asks of a request', () => {
  test.each([
    ['prefix: /shop/', { prefix: '/shop/', case_sensitive: true }],
    ['prefix: /shop\nprefix_exact: true', { path: '/shop', case_sensitive: true }],
    [
      'prefix: "/shop/[0-9]+"\nprefix_regex: true',
      { safe_regex: { regex: '/shop/[0-9]+' }, case_sensitive: true },
    ],
    ['prefix: /shop/\ncase_sensitive: false', { prefix: '/shop/', case_sensitive: false }],
    [
      'prefix: /shop/\nmethod: GET',
      {
        prefix: '/shop/',
        case_sensitive: true,
        headers: [{ name: ':method', string_match: { exact: 'GET' } }],
      },
    ],
    [
      'prefix: /shop/\nmethod: GET|HEAD\nmethod_regex: true',
      {
        prefix: '/shop/',
        case_sensitive: true,
        headers: [{ name: ':method', string_match: { safe_regex: { regex: 'GET|HEAD' } } }],
      },
    ],
    [
      'prefix: /shop/\nheaders: {x-b: two, x-a: one}\nregex_headers: {x-c: "t.*"}',
      {
        prefix: '/shop/',
        case_sensitive: true,
        headers: [
          { name: 'x-a', string_match: { exact: 'one' } },
          { name: 'x-b', string_match: { exact: 'two' } },
          { name: 'x-c', string_match: { safe_regex: { regex: 't.*' } } },
        ],
      },
    ],
    [
      'prefix: /shop/\nheaders: {x-a: ""}\nv2BoolHeaders: [x-a]',
      { prefix: '/shop/', case_sensitive: true, headers: [{ name: 'x-a', present_match: true }] },
    ],
    [
      'prefix: /shop/\nquery_parameters: {q: "1"}\nregex_query_parameters: {r: ".+"}',
      {
        prefix: '/shop/',
        case_sensitive: true,
        query_parameters: [
          { name: 'q', string_match: { exact: '1' } },
          { name: 'r', string_match: { safe_regex: { regex: '.+' } } },
        ],
      },
    ],
  ])('%s', (fields, match) => {
    expect(routeOf(fields)?.match).toEqual(match)
  })

  test('v2: true is "is there", a Mapping without host is for all, and its own host is an exact one', () => {
    expect(
      routeOf('prefix: /shop/\nheaders: {x-a: true}\nquery_parameters: {q: true}', {
        version: 'v2',
        hostname: '',
      })?.match,
    ).toEqual({
      prefix: '/shop/',
      case_sensitive: true,
      headers: [{ name: 'x-a', present_match: true }],
      query_parameters: [{ name: 'q', present_match: true }],
    })
    expect(
      routeOf('prefix: /shop/\nhost: shop.example.com', { version: 'v2', hostname: '' })?.match?.headers,
    ).toEqual([
      {
        name: ':authority',
        string_match: { safe_regex: { regex: String.raw`(?i)shop\.example\.com(:[0-9]+)?` } },
      },
    ])
    expect(
      routeOf('prefix: /shop/\nhost: "shop.*"\nhost_regex: true', { version: 'v2', hostname: '' })?.match
        ?.headers,
    ).toEqual([{ name: ':authority', string_match: { safe_regex: { regex: 'shop.*' } } }])
  })

  test.each([
    'prefix: "["\nprefix_regex: true',
    'prefix: /\nmethod: "("\nmethod_regex: true',
    'prefix: /\nregex_headers: {a: "("}',
  ])('no regular expression, %s: an error, as Envoy would refuse all routes', (fields) => {
    const { found, routes } = configured(mapping('shop', `${fields}\nservice: shop`))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('must be a regular expression in RE2 syntax')
    expect(routes(gateway)).toEqual([])
  })
})

describe('what becomes of a request', () => {
  test.each([
    ['', { prefix_rewrite: '/', timeout: '3s' }],
    ['rewrite: ""', { prefix_rewrite: undefined, timeout: '3s' }],
    ['rewrite: /v2/', { prefix_rewrite: '/v2/' }],
    [
      'regex_rewrite: {pattern: "/shop/(.*)", substitution: "/\\\\1"}',
      {
        prefix_rewrite: undefined,
        regex_rewrite: { pattern: { regex: '/shop/(.*)' }, substitution: String.raw`/\1` },
      },
    ],
    ['timeout_ms: 250', { timeout: '0.250s' }],
    ['timeout_ms: 0', { timeout: '0s' }],
    ['host_rewrite: shop.example.com', { host_rewrite_literal: 'shop.example.com' }],
    ['auto_host_rewrite: true', { host_rewrite_literal: 'shop' }],
    [
      'retry_policy: {retry_on: 5xx, num_retries: 4, per_try_timeout: 500ms}',
      { retry_policy: { retry_on: '5xx', num_retries: 4, per_try_timeout: '0.500s' } },
    ],
  ])('%s', (fields, wanted) => {
    const { route = {} } = routeOf(`prefix: /shop/\n${fields}`) ?? {}
    expect(
      Object.fromEntries(Object.keys(wanted).map((key) => [key, route[key as keyof typeof route]])),
    ).toMatchObject(wanted)
  })

  test('headers: added ones append unless they say not to', () => {
    const route = routeOf(
      'prefix: /shop/\nadd_request_headers: {x-a: one, x-b: {value: two, append: ' +
        'false}}\nadd_response_headers: {x-c: {value: three}}\nremove_request_headers: ' +
        '[x-d]\nremove_response_headers: x-e',
    )
    expect(
      route?.request_headers_to_add?.map(({ header, append_action: action }) => [
        header?.key,
        header?.value,
        action,
      ]),
    ).toEqual([
      ['x-b', 'two', 'OVERWRITE_IF_EXISTS_OR_ADD'],
      ['x-a', 'one', undefined],
    ])
    expect(route?.response_headers_to_add?.map(({ header }) => [header?.key, header?.value])).toEqual([
      ['x-c', 'three'],
    ])
    expect([route?.request_headers_to_remove, route?.response_headers_to_remove]).toEqual([['x-d'], ['x-e']])
  })

  test('a header that Envoy would refuse is left out alone', () => {
    const { found, routes } = configured(
      mapping('shop', 'prefix: /shop/\nservice: shop\nadd_request_headers: {x-a: "100%", x-b: two}'),
    )
    expect(found).toEqual([
      '9:30 field/invalid-value spec.add_request_headers.x-a is "100%", must have each % doubled, or ' +
        "around one of Envoy's commands",
    ])
    expect(routes(gateway)[0]?.request_headers_to_add?.map(({ header }) => header?.key)).toEqual(['x-b'])
  })

  test.each([
    [
      'service: shop.example.com\nhost_redirect: true',
      { host_redirect: 'shop.example.com', path_redirect: '' },
    ],
    [
      'service: https://shop.example.com:8443\nhost_redirect: true\nredirect_response_code: 308',
      {
        host_redirect: 'shop.example.com',
        scheme_redirect: 'https',
        port_redirect: 8443,
        path_redirect: '',
        response_code: 'PERMANENT_REDIRECT',
      },
    ],
    [
      'service: a.example\nhost_redirect: true\npath_redirect: /new',
      { host_redirect: 'a.example', path_redirect: '/new' },
    ],
    [
      'service: a.example\nhost_redirect: true\nprefix_redirect: /new/',
      { host_redirect: 'a.example', prefix_rewrite: '/new/' },
    ],
    [
      'service: a.example\nhost_redirect: true\nregex_redirect: {pattern: "/a(.*)", substitution: "/b"}',
      { host_redirect: 'a.example', regex_rewrite: { pattern: { regex: '/a(.*)' }, substitution: '/b' } },
    ],
  ])('%s', (fields, redirect) => {
    expect(routeOf(`prefix: /shop/\n${fields}`)?.redirect).toEqual(redirect)
  })

  test('of two paths of a redirect one counts', () => {
    expect(
      configured(
        mapping(
          'shop',
          'prefix: /shop/\nservice: a.example\nhost_redirect: true\npath_redirect: /a\nprefix_redirect: /b',
        ),
      ).found,
    ).toEqual([
      '11:20 field/invalid-value prefix_redirect is set beside path_redirect, must not: it has no effect',
    ])
  })

  test('CORS, as lists and as v2 writes them', () => {
    const wanted = {
      allow_origin_string_match: [{ exact: 'https://a.example' }, { exact: 'https://b.example' }],
      allow_methods: 'GET,POST',
      max_age: '600',
    }
    for (const cors of [
      '{origins: [https://a.example, https://b.example], methods: [GET, POST], max_age: "600"}',
      '{origins: "https://a.example, https://b.example", methods: "GET, POST", max_age: "600"}',
    ]) {
      expect(Object.values(routeOf(`prefix: /shop/\ncors: ${cors}`)?.typed_per_filter_config ?? {})).toEqual([
        expect.objectContaining(wanted),
      ])
    }
  })

  test('what is not supported is said, and costs nothing else', () => {
    const { found, routes } = configured(
      mapping(
        'shop',
        'prefix: /shop/\nservice: shop:80\nidle_timeout_ms: 1\nresolver: consul\ntls: ' +
          'upstream\nallow_upgrade: [websocket, spdy/3.1]\nlabels: {ambassador: []}',
      ),
    )
    expect(found.map((each) => each.replace(/ is not supported.*/, ''))).toEqual([
      '9:20 field/unsupported idle_timeout_ms',
      '10:13 field/unsupported resolver',
      '11:8 field/unsupported TLSContext upstream',
      '12:3 field/unsupported allow_upgrade spdy/3.1',
    ])
    expect(routes(gateway)).toHaveLength(1)
  })

  test('a misspelt field costs the Mapping', () => {
    expect(configured(mapping('shop', 'prefix: /shop/\nservice: shop\nshadov: true')).found).toEqual([
      '9:3 field/unknown spec.shadov is not a known field: it is left out, as it may be a shadow',
    ])
  })
})

describe('the order of routes', () => {
  const orderOf = (...fields: readonly string[]): readonly string[] =>
    routesFor(fields.map((each, index) => mapping(`m${index}`, `${each}\nservice: shop`)).join('')).map(
      ({ name = '' }) => name,
    )

  test.each([
    ['the longer prefix', ['prefix: /a/', 'prefix: /a/b/', 'prefix: /']],
    [
      'precedence before length',
      ['prefix: /a/b/c/', 'prefix: /\nprecedence: 1\nheaders: {x: "1"}', 'prefix: /z/'],
    ],
    [
      'more of headers',
      ['prefix: /a/', 'prefix: /a/\nheaders: {x-long-name: value}', 'prefix: /a/\nheaders: {x: v}'],
    ],
    [
      'more of query parameters',
      [
        'prefix: /a/',
        'prefix: /a/\nquery_parameters: {long: value}',
        'prefix: /a/\nquery_parameters: {q: v}',
      ],
    ],
    [
      'headers before query parameters',
      ['prefix: /a/', 'prefix: /a/\nheaders: {x: v}', 'prefix: /a/\nquery_parameters: {very-long: value}'],
    ],
    ['of one length the greater text', ['prefix: /a/', 'prefix: /b/', 'prefix: /A/']],
    ['negative precedence last', ['prefix: /a/', 'prefix: /a/b/c/\nprecedence: -1', 'prefix: /']],
  ])('%s first', (name, fields) => {
    const wanted: Readonly<Record<string, readonly string[]>> = {
      'the longer prefix': ['m1', 'm0', 'm2'],
      'precedence before length': ['m1', 'm0', 'm2'],
      'more of headers': ['m1', 'm2', 'm0'],
      'more of query parameters': ['m1', 'm2', 'm0'],
      'headers before query parameters': ['m1', 'm2', 'm0'],
      'of one length the greater text': ['m1', 'm0', 'm2'],
      'negative precedence last': ['m0', 'm2'],
    }
    expect(orderOf(...fields)).toEqual(wanted[name])
    expect(orderOf(...fields.toReversed())).toHaveLength(wanted[name]?.length ?? 0)
  })

  test('does not depend on the order of the objects', () => {
    const texts = ['/a/', '/a/b/', '/', '/b/', '/a/c/'].map((prefix, index) =>
      mapping(`m${index}`, `prefix: ${prefix}\nservice: shop`),
    )
    expect(routesFor(texts.toReversed().join(''))).toEqual(routesFor(texts.join('')))
  })
})
