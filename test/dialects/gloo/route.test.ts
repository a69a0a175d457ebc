import { describe, expect, test } from 'vitest'
import { configure, gateway } from '../../support/configuration.ts'
import type { Route } from '../../support/configuration.ts'
import { backends, indented, object, oneRoute, upstream, virtualService } from './text.ts'

function routesOf(text: string): readonly Route[] {
  return configure(`${text}${backends}`).routes(gateway)
}

function foundIn(text: string): readonly string[] {
  return configure(`${text}${backends}`).found.filter((each) => !each.includes(' gateway/assumed '))
}

const toShop = 'routeAction: {single: {upstream: {name: shop}}}'

describe('a matcher', () => {
  test.each([
    ['prefix: /a', { prefix: '/a' }],
    ['exact: /a', { path: '/a' }],
    ['regex: "/a.*"', { safe_regex: { regex: '/a.*' } }],
    ['prefix: /a, caseSensitive: false', { prefix: '/a', case_sensitive: false }],
    ['methods: [GET]', { prefix: '/', headers: [{ name: ':method', string_match: { exact: 'GET' } }] }],
    [
      'methods: [GET, PUT]',
      { prefix: '/', headers: [{ name: ':method', string_match: { safe_regex: { regex: 'GET|PUT' } } }] },
    ],
    ['headers: [{name: x}]', { prefix: '/', headers: [{ name: 'x', present_match: true }] }],
    [
      'headers: [{name: x, value: a.c}]',
      { prefix: '/', headers: [{ name: 'x', string_match: { exact: 'a.c' } }] },
    ],
    [
      'headers: [{name: x, value: a.c, regex: true}]',
      { prefix: '/', headers: [{ name: 'x', string_match: { safe_regex: { regex: 'a.c' } } }] },
    ],
    [
      'headers: [{name: x, invertMatch: true}]',
      { prefix: '/', headers: [{ name: 'x', invert_match: true, present_match: true }] },
    ],
    [
      'queryParameters: [{name: q, value: "1"}]',
      { prefix: '/', query_parameters: [{ name: 'q', string_match: { exact: '1' } }] },
    ],
  ])('%s', (matcher, match) => {
    expect(
      routesOf(virtualService(`- matchers: [{${matcher}}]\n  ${toShop}`)).map((each) => each.match),
    ).toEqual([match])
  })

  test('absent is every path', () => {
    expect(routesOf(virtualService(`- ${toShop}`)).map((each) => each.match)).toEqual([{ prefix: '/' }])
  })

  test('is one of several, and routes keep the order of the list', () => {
    const routes = virtualService(
      `- matchers: [{exact: /b}, {prefix: /b/}]\n  ${toShop}\n- matchers: [{prefix: /a}]\n  ${toShop}\n- ` +
        toShop,
    )
    expect(routesOf(routes).map(({ match }) => match?.path ?? match?.prefix)).toEqual([
      '/b',
      '/b/',
      '/a',
      '/',
    ])
  })

  test('with a mistake costs its route', () => {
    const text = virtualService(
      `- matchers: [{regex: "("}]\n  ${toShop}\n- matchers: [{prefix: /a}]\n  ${toShop}`,
    )
    expect(routesOf(text).map(({ match }) => match?.prefix)).toEqual(['/a'])
    expect(foundIn(text)).toEqual([
      expect.stringContaining(
        'field/invalid-value spec.virtualHost.routes[0].matchers[0].regex is "(", must be a regular ' +
          'expression in RE2 syntax',
      ),
    ])
  })
})

describe('an action', () => {
  test('to weighted Upstreams, with header changes of their own', () => {
    const multi = `- routeAction:
    multi:
      destinations:
      - {destination: {upstream: {name: shop}}, weight: 9}
      - destination: {upstream: {name: shadow}}
        weight: 1
        options: {headerManipulation: {requestHeadersToAdd: [{header: {key: x, value: "1"}, append: false}]}}
      - {destination: {upstream: {name: shop}}, weight: 0}`
    expect(routesOf(virtualService(multi)).map(({ route }) => route?.weighted_clusters?.clusters)).toEqual([
      [
        { name: 'shop_gloo-system', weight: 9 },
        {
          name: 'shadow_gloo-system',
          weight: 1,
          request_headers_to_add: [
            { header: { key: 'x', value: '1' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
          ],
        },
      ],
    ])
  })

  test('to an UpstreamGroup', () => {
    const group = object(
      'UpstreamGroup',
      'both',
      'destinations:\n- {destination: {upstream: {name: shop}}, weight: 3}\n- {destination: {upstream: ' +
        '{name: shadow}}, weight: 1}',
    ).replace('gateway.solo.io', 'gloo.solo.io')
    expect(
      routesOf(`${virtualService('- routeAction: {upstreamGroup: {name: both}}')}${group}`).map(
        ({ route }) => route?.weighted_clusters?.clusters,
      ),
    ).toEqual([
      [
        { name: 'shop_gloo-system', weight: 3 },
        { name: 'shadow_gloo-system', weight: 1 },
      ],
    ])
  })

  test('to a Kubernetes Service', () => {
    expect(
      routesOf(
        virtualService('- routeAction: {single: {kube: {ref: {name: shop, namespace: default}, port: 80}}}'),
      ).map(({ route }) => route?.cluster),
    ).toEqual(['outbound|80||shop.default.svc.cluster.local'])
  })

  test.each([
    ['{hostRedirect: example.com}', { host_redirect: 'example.com', path_redirect: '' }],
    [
      '{httpsRedirect: true, responseCode: FOUND}',
      { path_redirect: '', scheme_redirect: 'https', response_code: 'FOUND' },
    ],
    ['{pathRedirect: /b, portRedirect: 8080}', { path_redirect: '/b', port_redirect: 8080 }],
    ['{prefixRewrite: /b}', { prefix_rewrite: '/b' }],
  ])('that redirects: %s', (action, redirect) => {
    expect(routesOf(virtualService(`- redirectAction: ${action}`)).map((each) => each.redirect)).toEqual([
      redirect,
    ])
  })

  test('that answers itself', () => {
    expect(
      routesOf(virtualService('- directResponseAction: {status: 404, body: gone}')).map(
        (each) => each.direct_response,
      ),
    ).toEqual([{ status: 404, body: { inline_string: 'gone' } }])
  })

  test.each([
    [
      '{single: {upstream: {name: shp}}}',
      'route/unknown-host there is no Upstream gloo-system/shp: requests for it are answered with 503',
    ],
    [
      '{single: {consul: {serviceName: a}}}',
      'field/unsupported destinations in Consul are not supported: requests for it are answered with 503',
    ],
    [
      '{clusterHeader: x}',
      'field/unsupported clusterHeader is not supported: requests for it are answered with 503',
    ],
    [
      '{upstreamGroup: {name: none}}',
      'route/unknown-host there is no UpstreamGroup gloo-system/none: requests for it are answered with 503',
    ],
  ])('to what is not there answers 503 and lets no request fall through: %s', (action, found) => {
    const text = virtualService(`- routeAction: ${action}`)
    expect(routesOf(text)).toHaveLength(1)
    expect(foundIn(text)).toEqual([expect.stringContaining(found)])
  })
})

describe('options', () => {
  const routeWith = (options: string): Route | undefined => routesOf(oneRoute(`options: {${options}}`))[0]

  test("absent leave Envoy's defaults: 15 seconds and no retries", () => {
    expect(routesOf(oneRoute('name: a')).map(({ route }) => [route?.timeout, route?.retry_policy])).toEqual([
      ['15s', undefined],
    ])
  })

  test.each([
    ['timeout: 3s', { timeout: '3s' }],
    ['timeout: 0s', { timeout: '0s' }],
    ['prefixRewrite: /b', { prefix_rewrite: '/b' }],
    [
      'regexRewrite: {pattern: {regex: "^/a"}, substitution: /b}',
      { regex_rewrite: { pattern: { regex: '^/a' }, substitution: '/b' } },
    ],
    ['hostRewrite: example.com', { host_rewrite_literal: 'example.com' }],
    [
      'retries: {retryOn: 5xx, numRetries: 3, perTryTimeout: 1s}',
      {
        retry_policy: {
          retry_on: '5xx',
          num_retries: 3,
          per_try_timeout: '1s',
          host_selection_retry_max_attempts: '5',
        },
      },
    ],
    [
      'retries: {retryOn: 5xx}',
      { retry_policy: { retry_on: '5xx', num_retries: 1, host_selection_retry_max_attempts: '5' } },
    ],
  ])('%s', (options, fields) => {
    expect(routeWith(options)?.route).toMatchObject(fields)
  })

  test('headers are appended unless they say otherwise', () => {
    const { request_headers_to_add: request, response_headers_to_remove: response } =
      routeWith(
        'headerManipulation: {requestHeadersToAdd: [{header: {key: a, value: "1"}}, {header: {key: b, ' +
          'value: "2"}, append: false}], responseHeadersToRemove: [server]}',
      ) ?? {}
    expect(request).toEqual([
      { header: { key: 'b', value: '2' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
      { header: { key: 'a', value: '1' } },
    ])
    expect(response).toEqual(['server'])
  })

  test('faults and CORS are for the filters', () => {
    const filters = routeWith(
      'faults: {abort: {percentage: 12.5, httpStatus: 503}, delay: {fixedDelay: 1s}}, cors: {allowOrigin: ' +
        '["https://a.example"], maxAge: "60"}',
    )?.typed_per_filter_config
    expect(filters?.['envoy.filters.http.fault']).toMatchObject({
      abort: { http_status: 503, percentage: { numerator: 125_000, denominator: 'MILLION' } },
    })
    expect(filters?.['envoy.filters.http.fault']).not.toHaveProperty('delay')
    expect(filters?.['envoy.filters.http.cors']).toMatchObject({
      allow_origin_string_match: [{ exact: 'https://a.example' }],
      max_age: '60',
    })
  })

  test('of the virtual host count where the route says nothing, but for headers', () => {
    const text = virtualService(`- ${toShop}\n- ${toShop}\n  matchers: [{prefix: /}]`, '')
      .replace(
        '    routes:',
        `    options:
      retries: {retryOn: reset}
      headerManipulation: {requestHeadersToAdd: [{header: {key: x, value: host}, append: false}]}
    routes:`,
      )
      .replace(
        `- ${toShop}\n`,
        `- ${toShop}\n      matchers: [{prefix: /a}]\n      options: {retries: {retryOn: 5xx}, ` +
          `headerManipulation: {requestHeadersToAdd: [{header: {key: x, value: route}, append: false}]}}\n`,
      )
    expect(
      routesOf(text).map(({ route, request_headers_to_add: add }) => [
        route?.retry_policy?.retry_on,
        add?.map(({ header }) => header?.value),
      ]),
    ).toEqual([
      ['5xx', ['host']],
      ['reset', ['host']],
    ])
  })

  test('of a VirtualHostOption count after those', () => {
    const text = oneRoute('name: a').replace(
      '    routes:',
      '    optionsConfigRefs: {delegateOptions: [{name: retrying}]}\n    routes:',
    )
    expect(
      routesOf(`${text}${object('VirtualHostOption', 'retrying', 'options: {retries: {retryOn: 5xx}}')}`).map(
        ({ route }) => route?.retry_policy?.retry_on,
      ),
    ).toEqual(['5xx'])
  })

  test('a static Upstream that is a name is asked for by it, unless the route says otherwise', () => {
    const named = upstream('x')
      .replace(/kube: .*/, 'static: {hosts: [{addr: shop.example.com, port: 80}]}')
      .replace('name: x, namespace', 'name: far, namespace')
    const hosts = (options: string) =>
      routesOf(
        `${virtualService(`- routeAction: {single: {upstream: {name: far}}}\n  options: {${options}}`)}${named}`,
      ).map(({ route }) => route?.host_rewrite_literal)
    expect([hosts(''), hosts('autoHostRewrite: false'), hosts('hostRewrite: a.example')]).toEqual([
      ['shop.example.com'],
      [undefined],
      ['a.example'],
    ])
  })
})

describe('a route that delegates', () => {
  const root = (fields: string): string =>
    virtualService(`- matchers: [{prefix: /api}]\n${indented(fields, 2)}`)
  const table = (name: string, routes: string, more = ''): string =>
    object('RouteTable', name, `${more}routes:\n${routes}`)
  const child =
    `- matchers: [{prefix: /api/a}]\n  ${toShop}\n- matchers: [{prefix: /other}]\n  ` +
    `${toShop}\n- ${toShop}`

  test('stands for the routes of a RouteTable below its prefix', () => {
    const text = `${root('delegateAction: {ref: {name: api}}')}${table('api', child)}`
    expect(routesOf(text).map(({ match }) => match?.prefix)).toEqual(['/api/a', '/api'])
    expect(foundIn(text)).toEqual([
      expect.stringContaining(
        'delegate/conflicting-match path /other is outside /api, which is all that is delegated to it: it ' +
          'has no effect there',
      ),
    ])
  })

  test('hands its options down, for what a route says nothing of', () => {
    const text = `${root('delegateAction: {ref: {name: api}}\noptions: {timeout: 2s, shadowing: {upstream: {name: shadow}, percentage: 50}}')}
${table('api', `- matchers: [{prefix: /api/a}]\n  ${toShop}\n  options: {timeout: 1s}\n- matchers: [{prefix: /api/b}]\n  ${toShop}\n  options: {shadowing: {upstream: {name: shadow}, percentage: 0}}`)}`
    expect(
      routesOf(text).map(({ route }) => [
        route?.timeout,
        route?.request_mirror_policies?.map((each) => each.runtime_fraction?.default_value?.numerator),
      ]),
    ).toEqual([
      ['1s', [500_000]],
      ['2s', undefined],
    ])
  })

  test('hands its matchers down where they are inheritable', () => {
    const text = `${virtualService('- matchers: [{prefix: /api, methods: [GET]}]\n  inheritableMatchers: true\n  delegateAction: {ref: {name: api}}')}${table('api', `- matchers: [{prefix: /api/a}]\n  ${toShop}`)}`
    expect(routesOf(text).map(({ match }) => match)).toEqual([
      { prefix: '/api/a', headers: [{ name: ':method', string_match: { exact: 'GET' } }] },
    ])
  })

  test('finds RouteTables by labels, in the order of their weights', () => {
    const labelled = (name: string, weight: number) =>
      table(name, `- matchers: [{prefix: /api/${name}}]\n  ${toShop}`, `weight: ${weight}\n`).replace(
        `name: ${name},`,
        `name: ${name}, labels: {team: a},`,
      )
    const text = `${root('delegateAction: {selector: {labels: {team: a}}}')}${labelled('x', 2)}${labelled('y', 1)}${table('z', child)}`
    expect(routesOf(text).map(({ match }) => match?.prefix)).toEqual(['/api/y', '/api/x'])
    expect(foundIn(text)).toEqual([
      expect.stringContaining(
        'delegate/unused its routes apply only if a VirtualService delegates to it, and none does',
      ),
    ])
  })

  test('to what is not there, or back to itself, has no effect', () => {
    expect(foundIn(root('delegateAction: {ref: {name: ap}}'))).toEqual([
      expect.stringContaining(
        'delegate/unknown there is no RouteTable gloo-system/ap: the route has no effect',
      ),
    ])
    const loop = table('api', '- matchers: [{prefix: /api}]\n  delegateAction: {ref: {name: api}}')
    expect(routesOf(`${root('delegateAction: {ref: {name: api}}')}${loop}`)).toEqual([])
    expect(foundIn(`${root('delegateAction: {ref: {name: api}}')}${loop}`)).toEqual([
      expect.stringContaining('delegate/nested RouteTable gloo-system/api is delegated to by itself'),
    ])
  })
})
