import { describe, expect, test } from 'vitest'
import type { Route } from '../../../src/model/route.ts'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import type { Route as EnvoyRoute } from '../../support/configuration.ts'
import { service, virtualService } from './text.ts'

function modelRoutes(rules: string): readonly Route[] {
  const { routeTables, found } = translateFirst(virtualService(rules))
  expect(found).toEqual([])
  return routeTables.flatMap((table) => table.routes)
}

/** The routes that a sidecar gets of the rules, its default ones left out. */
function envoyRoutes(rules: string, scope = sidecar()): readonly EnvoyRoute[] {
  const routes = configure(virtualService(rules) + service('reviews') + service('other')).routes(scope)
  return routes.filter((route) => route.metadata !== undefined)
}

const forward = 'route: [{destination: {host: reviews}}]'

describe('a match', () => {
  test('absent takes every request, and says nothing about case', () => {
    expect(envoyRoutes(forward).map((route) => route.match)).toEqual([{ prefix: '/' }])
  })

  test.each([
    ['{}', { prefix: '/', case_sensitive: true }],
    ['{uri: {exact: /x}}', { path: '/x', case_sensitive: true }],
    ['{uri: {prefix: /x}}', { prefix: '/x', case_sensitive: true }],
    ['{uri: {regex: "/x/.*"}}', { safe_regex: { regex: '/x/.*' }, case_sensitive: true }],
    ['{uri: {prefix: /x}, ignoreUriCase: true}', { prefix: '/x', case_sensitive: false }],
    ['{uri: {prefix: /x}, ignore_uri_case: true}', { prefix: '/x', case_sensitive: false }],
    [
      '{method: {exact: GET}}',
      { prefix: '/', case_sensitive: true, headers: [{ name: ':method', string_match: { exact: 'GET' } }] },
    ],
    [
      '{authority: {prefix: a.}, scheme: {exact: http}, method: {regex: "GET|PUT"}}',
      {
        prefix: '/',
        case_sensitive: true,
        headers: [
          { name: ':method', string_match: { safe_regex: { regex: 'GET|PUT' } } },
          { name: ':authority', string_match: { prefix: 'a.' } },
          { name: ':scheme', string_match: { exact: 'http' } },
        ],
      },
    ],
    [
      '{headers: {z: {exact: "1"}, a: {prefix: p}, m: {regex: "r.*"}}, method: {exact: GET}}',
      {
        prefix: '/',
        case_sensitive: true,
        headers: [
          { name: 'a', string_match: { prefix: 'p' } },
          { name: 'm', string_match: { safe_regex: { regex: 'r.*' } } },
          { name: 'z', string_match: { exact: '1' } },
          { name: ':method', string_match: { exact: 'GET' } },
        ],
      },
    ],
    [
      '{headers: {a: {}, b: null, c: {regex: "*"}}}',
      {
        prefix: '/',
        case_sensitive: true,
        headers: ['a', 'b', 'c'].map((name) => ({ name, present_match: true })),
      },
    ],
    [
      '{withoutHeaders: {b: {exact: "1"}, a: {}}}',
      {
        prefix: '/',
        case_sensitive: true,
        headers: [
          { name: 'a', invert_match: true, present_match: true },
          {
            name: 'b',
            invert_match: true,
            treat_missing_header_as_empty: true,
            string_match: { exact: '1' },
          },
        ],
      },
    ],
    [
      '{queryParams: {z: {exact: "1"}, a: {regex: "r.*"}, m: {}}}',
      {
        prefix: '/',
        case_sensitive: true,
        query_parameters: [
          { name: 'a', string_match: { safe_regex: { regex: 'r.*' } } },
          { name: 'm', present_match: true },
          { name: 'z', string_match: { exact: '1' } },
        ],
      },
    ],
  ])('%s', (match, expected) => {
    expect(envoyRoutes(`match: [${match}]\n${forward}`).map((route) => route.match)).toEqual([expected])
  })

  test.each([
    ['{port: 80}', 1],
    ['{port: 81}', 0],
    ['{gateways: [mesh]}', 1],
    ['{gateways: [edge]}', 0],
    ['{gateways: [edge, mesh]}', 1],
    ['{gateways: []}', 1],
    ['{sourceLabels: {app: a}}', 1],
    ['{sourceLabels: {app: b}}', 0],
    ['{sourceLabels: {app: a, more: x}}', 0],
    ['{sourceNamespace: default}', 1],
    ['{sourceNamespace: other}', 0],
    ['{gateways: [mesh], sourceLabels: {app: b}, sourceNamespace: other}', 1],
  ])('%s is for %d of this proxy’s routes', (match, count) => {
    expect(envoyRoutes(`match: [${match}]\n${forward}`, sidecar('default', { app: 'a' }))).toHaveLength(count)
  })

  test('in several: one route each, in order, with one action', () => {
    const routes = envoyRoutes(
      `match: [{uri: {exact: /b}}, {uri: {exact: /a}}]\n${forward}\nmirror: {host: other}`,
    )
    expect(routes.map((route) => route.match?.path)).toEqual(['/b', '/a'])
    expect(routes[0]?.route).toEqual(routes[1]?.route)
  })

  test.each([
    ['checkout', '', 'checkout'],
    ['checkout', 'm', 'checkout.m'],
    ['', 'm', '.m'],
    ['', '', undefined],
  ])('rule %j and match %j name the route %j', (rule, match, name) => {
    expect(
      envoyRoutes(`name: "${rule}"\nmatch: [{name: "${match}", uri: {exact: /x}}]\n${forward}`).map(
        (route) => route.name,
      ),
    ).toEqual([name])
  })
})

describe('rules in order', () => {
  const rule = (name: string, match?: string): string =>
    `- name: ${name}${match === undefined ? '' : `\n  match: [${match}]`}\n  ${forward}`

  test('nothing stands behind a catch-all', () => {
    const names = (...rules: readonly string[]) => envoyRoutes(rules.join('\n')).map((route) => route.name)
    expect(names(rule('a', '{uri: {exact: /x}}'), rule('all'), rule('b'))).toEqual(['a', 'all'])
    expect(names(rule('all', '{uri: {prefix: /}}'), rule('b'))).toEqual(['all'])
    expect(names(rule('all', '{uri: {regex: ".*"}}'), rule('b'))).toEqual(['all'])
    expect(names(rule('not-all', '{uri: {prefix: /}, headers: {a: {}}}'), rule('b'))).toEqual([
      'not-all',
      'b',
    ])
    expect(names(rule('not-for-this-proxy', '{port: 81}'), rule('b'))).toEqual(['b'])
  })

  test('without any for this proxy, the service is as if there were no VirtualService', () => {
    const routes = configure(
      virtualService(`match: [{sourceNamespace: other}]\n${forward}`) + service('reviews'),
    ).routes(sidecar())
    expect(routes.map((route) => [route.name, route.route?.cluster])).toEqual([
      ['default', 'outbound|80||reviews.default.svc.cluster.local'],
      ['block_all', undefined],
    ])
  })
})

describe('headers', () => {
  test(
    'set before add, each sorted; the route’s before the single destination’s; pseudo headers and host ' +
      'are left out',
    () => {
      const [route] = envoyRoutes(`headers:
  request: {set: {b: "1", a: "2", ":path": /x}, add: {c: "3"}, remove: [d, ":x", Host]}
  response: {set: {e: "4"}, add: {f: "5"}, remove: [g]}
route:
- destination: {host: reviews}
  headers: {request: {add: {h: "6"}}}`)
      const set = (key: string, value: string) => ({
        header: { key, value },
        append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
      })
      const add = (key: string, value: string) => ({ header: { key, value } })
      expect(route).toMatchObject({
        request_headers_to_add: [set('a', '2'), set('b', '1'), add('c', '3'), add('h', '6')],
        request_headers_to_remove: ['d'],
        response_headers_to_add: [set('e', '4'), add('f', '5')],
        response_headers_to_remove: ['g'],
      })
    },
  )

  test.each([
    ['headers: {request: {set: {Host: a}}}', 'a'],
    ['headers: {request: {add: {":authority": b}}}', 'b'],
    ['headers: {request: {set: {host: a}, add: {":authority": b}}}', 'a'],
    ['headers: {request: {set: {host: a}}}\nrewrite: {authority: c}', 'c'],
    ['headers: {response: {set: {host: a}}}', undefined],
  ])('%s: the authority is %s', (fields, authority) => {
    const [route] = envoyRoutes(`${forward}\n${fields}`)
    expect(route?.route?.host_rewrite_literal).toBe(authority)
    expect(route?.request_headers_to_add).toBeUndefined()
  })

  test('of a weighted destination stay with it', () => {
    const [route] = envoyRoutes(
      'route:\n- {destination: {host: reviews}, weight: 9, headers: {request: {set: {host: a, x: ' +
        '"1"}}}}\n- {destination: {host: other}, weight: 1}',
    )
    expect(route?.route?.weighted_clusters?.clusters).toEqual([
      {
        name: 'outbound|80||reviews.default.svc.cluster.local',
        weight: 9,
        host_rewrite_literal: 'a',
        request_headers_to_add: [
          { header: { key: 'x', value: '1' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        ],
      },
      { name: 'outbound|80||other.default.svc.cluster.local', weight: 1 },
    ])
  })
})

describe('destinations', () => {
  test('of weight 0 are left out where there are several', () => {
    const [route] = modelRoutes(
      'route: [{destination: {host: a}, weight: 100}, {destination: {host: b}, weight: 0}, {destination: ' +
        '{host: c}}]',
    )
    expect(
      route?.action.kind === 'forward'
        ? route.action.destinations.map(({ backend, weight }) => [backend.host, weight])
        : [],
    ).toEqual([['a.default.svc.cluster.local', 100]])
  })

  test('alone keeps whatever its weight', () => {
    const [route] = modelRoutes('route: [{destination: {host: a}, weight: 0}]')
    expect(
      route?.action.kind === 'forward' ? route.action.destinations.map(({ backend }) => backend.host) : [],
    ).toEqual(['a.default.svc.cluster.local'])
  })

  test.each([
    [
      'route: []',
      '7:5 field/invalid-value spec.http[0].route is empty, must name a destination: requests that it ' +
        'matches are answered with 500',
    ],
    [
      'route: [{destination: {host: a}}, {destination: {host: b}}]',
      '7:5 field/invalid-value spec.http[0].route has several destinations without a weight, their ' +
        'weights must add up to more than 0: requests that it matches are answered with 500',
    ],
    [
      'route: [{destination: {host: a}, weight: -1}]',
      '7:46 field/invalid-value spec.http[0].route[0].weight is -1, must be at least 0: requests that it ' +
        'matches are answered with 500',
    ],
    [
      'route: [{}]',
      '7:13 field/required spec.http[0].route[0].destination is required: requests that it matches are ' +
        'answered with 500',
    ],
    [
      'timeout: 1s',
      '7:5 field/invalid-value spec.http[0] has no action, must have exactly one of route, redirect, ' +
        'directResponse: requests that it matches are answered with 500',
    ],
  ])('%s', (rule, found) => {
    const result = translateFirst(virtualService(rule))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(true)
    expect(result.routeTables[0]?.routes).toMatchObject([
      { action: { kind: 'direct-response', status: 500 } },
    ])
  })

  test(
    'an unknown one is answered 503: its cluster keeps the name that istiod gives it, and the line is ' +
      'said',
    () => {
      const configuration = configure(
        virtualService('route: [{destination: {host: reviewz, subset: v1}}]\nmirror: {host: other}') +
          service('reviews') +
          service('other'),
      )
      expect(configuration.found).toContain(
        '7:34 route/unknown-host host reviewz.default.svc.cluster.local is not defined: requests for it ' +
          'are ' +
          'answered with 503',
      )
      const [route] = configuration.routes(sidecar()).filter((each) => each.metadata !== undefined)
      expect(route?.route?.cluster).toBe('outbound|80|v1|reviewz.default.svc.cluster.local')
      expect(
        configuration.resources(sidecar(), 'cluster').has('outbound|80|v1|reviewz.default.svc.cluster.local'),
      ).toBe(false)
    },
  )

  test.each([
    [
      '{host: reviews, port: {number: 81}}',
      '7:58 route/unknown-port reviews.default.svc.cluster.local has no port 81',
      'outbound|81||reviews.default.svc.cluster.local',
    ],
    [
      '{host: reviews, subset: v9}',
      '7:51 route/unknown-subset reviews.default.svc.cluster.local has no subset v9',
      'outbound|80|v9|reviews.default.svc.cluster.local',
    ],
  ])('%s', (destination, found, cluster) => {
    const configuration = configure(
      virtualService(`route: [{destination: ${destination}}]`) + service('reviews'),
    )
    expect(configuration.found).toContain(`${found}: requests for it are answered with 503`)
    expect(
      configuration
        .routes(sidecar())
        .filter((each) => each.metadata !== undefined)
        .map((each) => each.route?.cluster),
    ).toEqual([cluster])
  })
})

describe('what is done with a request', () => {
  const action = (fields: string) => envoyRoutes(`${forward}\n${fields}`)[0]?.route

  test('by default: no timeout, the default retries', () => {
    expect(action('name: x')).toMatchObject({
      timeout: '0s',
      max_stream_duration: { grpc_timeout_header_max: '0s' },
      retry_policy: {
        num_retries: 2,
        retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
        retriable_status_codes: [503],
        host_selection_retry_max_attempts: '5',
        retry_host_predicate: [{ name: 'envoy.retry_host_predicates.previous_hosts' }],
      },
    })
  })

  // Envoy ignores `timeout` beside max_stream_duration.
  test.each([
    ['1s', '1s'],
    ['1500ms', '1.500s'],
    ['1m', '60s'],
  ])('timeout %s', (text, expected) => {
    const found = action(`timeout: ${text}`)
    expect(found).toMatchObject({ timeout: expected })
    expect(found).not.toHaveProperty('max_stream_duration')
    expect(found).not.toHaveProperty('max_grpc_timeout')
  })

  test('timeout 0s leaves gRPC requests to the deadline that they carry', () => {
    expect(action('timeout: 0s')).toMatchObject({
      timeout: '0s',
      max_stream_duration: { grpc_timeout_header_max: '0s' },
    })
  })

  test.each(['{}', '{attempts: 0}', '{attempts: -1}', '{perTryTimeout: 1s}'])(
    'retries: %s is none',
    (retries) => {
      expect(action(`retries: ${retries}`)).not.toHaveProperty('retry_policy')
    },
  )

  test('retries', () => {
    expect(
      action(
        'retries: {attempts: 3, perTryTimeout: 250ms, retryOn: "5xx, 429,reset", retryRemoteLocalities: ' +
          'true, retryIgnorePreviousHosts: false, backoff: 10ms}',
      )?.retry_policy,
    ).toMatchObject({
      num_retries: 3,
      per_try_timeout: '0.250s',
      retry_on: '5xx,reset,retriable-status-codes',
      retriable_status_codes: [429],
      retry_back_off: { base_interval: '0.010s' },
      retry_priority: { name: 'envoy.retry_priorities.previous_priorities' },
    })
    expect(
      action('retries: {attempts: 3, retryIgnorePreviousHosts: false}')?.retry_policy,
    ).not.toHaveProperty('retry_host_predicate')
  })

  test.each([
    ['503', ',retriable-status-codes', [503]],
    ['reset,418', 'reset,retriable-status-codes', [418]],
    ['reset,retriable-status-codes', 'reset,retriable-status-codes', [503]],
    ['retriable-status-codes,502', 'retriable-status-codes', [502]],
    ['gateway-error', 'gateway-error', undefined],
  ])('retryOn %s', (retryOn, conditions, codes) => {
    const policy = action(`retries: {attempts: 1, retryOn: "${retryOn}"}`)?.retry_policy
    expect([policy?.retry_on, policy?.retriable_status_codes]).toEqual([conditions, codes])
  })

  test.each([
    ['{attempts: 1}', false],
    ['{attempts: 1, retryIgnorePreviousHosts: true}', true],
    ['{attempts: 1, retryIgnorePreviousHosts: false}', false],
  ])('retries to a consistent hash: %s goes to another host: %s', (retries, others) => {
    const hashed =
      `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: ` +
      `r}\nspec: {host: reviews, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x}}}}\n`
    const [route] = configure(
      virtualService(`${forward}\nretries: ${retries}`) + service('reviews') + hashed,
    ).routes(sidecar())
    expect(route?.route?.hash_policy).toEqual([{ header: { header_name: 'x' } }])
    expect(route?.route?.retry_policy?.retry_host_predicate !== undefined).toBe(others)
  })

  test.each([
    ['retries: {attempts: -1}', '8:25 field/invalid-value retries.attempts is -1, must be at least 0'],
    [
      'retries: {perTryTimeout: 1s}',
      '8:5 field/invalid-value retries says how and not how often: without attempts nothing is retried',
    ],
    [
      'retries: {attempts: 1, retryOn: "5xx,conect-failure"}',
      '8:37 field/invalid-value retries.retryOn has "conect-failure", which is neither a condition of ' +
        "Envoy's nor a status code",
    ],
    [
      'rewrite: {}',
      '8:5 field/invalid-value rewrite says nothing, must have uri, uriRegexRewrite or authority',
    ],
    [
      'rewrite: {uri: /y, uriRegexRewrite: {match: a, rewrite: b}}',
      '8:20 field/invalid-value rewrite has uri and uriRegexRewrite, must have one of them',
    ],
    [
      'rewrite: {uriRegexRewrite: {match: a}}',
      '8:15 field/required rewrite.uriRegexRewrite.rewrite is required',
    ],
    [
      'rewrite: {authority: a}\nheaders: {request: {set: {Host: b}}}',
      '9:37 field/invalid-value headers.request.set.Host sets the authority once more, must be set in one ' +
        'place',
    ],
    [
      'headers: {request: {set: {":path": /x}}}',
      '8:40 field/invalid-value headers.request.set names :path, which cannot be changed there: it has no ' +
        'effect',
    ],
    [
      'headers: {request: {remove: [x, Host]}}',
      '8:37 field/invalid-value headers.request.remove names Host, which cannot be changed there: it has ' +
        'no effect',
    ],
    [
      'headers: {response: {add: {host: a}}}',
      '8:38 field/invalid-value headers.response.add names host, which cannot be changed there: it has no ' +
        'effect',
    ],
    [
      'headers: {request: {set: {host: a}, add: {":authority": b}}}',
      '8:61 field/invalid-value headers.request.add.:authority sets the authority once more, must be set ' +
        'in one place',
    ],
  ])('%s is refused, as by Istio, and the route stays', (fields, found) => {
    const result = translateFirst(virtualService(`${forward}\n${fields}`))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(true)
    expect(result.routeTables[0]?.routes).toHaveLength(1)
  })

  test.each([
    [
      'redirect: {uri: /y}\nrewrite: {uri: /z}',
      '8:5 field/invalid-value rewrite is set beside redirect, which sends no request on',
    ],
    [
      'directResponse: {status: 200}\nfault: {abort: {httpStatus: 500, percentage: {value: 1}}}',
      '8:5 field/invalid-value fault is set beside directResponse, which sends no request on',
    ],
  ])('%s: the field is left out, and the route stays', (fields, found) => {
    const result = translateFirst(virtualService(fields))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(true)
    expect(result.routeTables[0]?.routes.map(({ fault }) => fault)).toEqual([undefined])
  })

  test.each([
    ['{uri: /y}', { prefix_rewrite: '/y' }],
    ['{authority: a.b}', { host_rewrite_literal: 'a.b' }],
    [
      '{uriRegexRewrite: {match: "^/x/(.*)", rewrite: "/\\\\1"}}',
      { regex_rewrite: { pattern: { regex: '^/x/(.*)' }, substitution: '/\\1' } },
    ],
    [
      '{uri: /y, uriRegexRewrite: {match: "a", rewrite: b}}',
      { regex_rewrite: { pattern: { regex: 'a' }, substitution: 'b' } },
    ],
  ])('rewrite: %s', (rewrite, expected) => {
    expect(action(`rewrite: ${rewrite}`)).toMatchObject(expected)
  })

  test.each([
    ['{uri: /y}', { path_redirect: '/y' }],
    ['{prefixRewrite: /y}', { prefix_rewrite: '/y' }],
    ['{authority: a.b}', { host_redirect: 'a.b', path_redirect: '' }],
    ['{authority: a.b, port: 8080}', { host_redirect: 'a.b', path_redirect: '', port_redirect: 8080 }],
    ['{authority: a.b, port: 80}', { host_redirect: 'a.b', path_redirect: '' }],
    ['{authority: a.b, port: 443}', { host_redirect: 'a.b', path_redirect: '', port_redirect: 443 }],
    ['{scheme: https, port: 443}', { scheme_redirect: 'https', path_redirect: '' }],
    ['{scheme: https, port: 8443}', { scheme_redirect: 'https', path_redirect: '', port_redirect: 8443 }],
    ['{scheme: https, derivePort: FROM_PROTOCOL_DEFAULT}', { scheme_redirect: 'https', path_redirect: '' }],
    [
      '{scheme: https, derivePort: FROM_REQUEST_PORT}',
      { scheme_redirect: 'https', path_redirect: '', port_redirect: 80 },
    ],
    ['{authority: a.b, derivePort: FROM_REQUEST_PORT}', { host_redirect: 'a.b', path_redirect: '' }],
    ['{uri: /y, redirectCode: 302}', { path_redirect: '/y', response_code: 'FOUND' }],
    ['{uri: /y, redirectCode: 303}', { path_redirect: '/y', response_code: 'SEE_OTHER' }],
    ['{uri: /y, redirectCode: 307}', { path_redirect: '/y', response_code: 'TEMPORARY_REDIRECT' }],
    ['{uri: /y, redirectCode: 308}', { path_redirect: '/y', response_code: 'PERMANENT_REDIRECT' }],
    ['{uri: /y, redirectCode: 301}', { path_redirect: '/y' }],
  ])('redirect: %s', (redirect, expected) => {
    expect(envoyRoutes(`redirect: ${redirect}`).map((route) => route.redirect)).toEqual([expected])
  })

  test.each([
    ['{uri: /y, port: 443}', undefined],
    ['{uri: /y, derivePort: FROM_REQUEST_PORT}', 8443],
    ['{scheme: http, port: 443}', 443],
  ])('redirect on a gateway that terminates TLS: %s names the port %s', (redirect, port) => {
    const edge =
      `---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: ` +
      `{servers: [{port: {number: 8443, name: https, protocol: HTTPS}, hosts: ['*'], tls: {mode: SIMPLE, ` +
      `credentialName: c}}]}\n`
    const routes = configure(
      virtualService(`redirect: ${redirect}`).replace(
        'hosts: [reviews]',
        'hosts: [reviews]\n  gateways: [edge]',
      ) + edge,
    ).routes(gateway)
    expect(routes.map((route) => route.redirect?.port_redirect)).toEqual([port])
  })

  test.each([
    [
      '{uri: /y, redirectCode: 304}',
      '7:39 field/invalid-value spec.http[0].redirect.redirectCode is 304, must be one of 301, 302, 303, ' +
        '307, 308: requests that it matches are answered with 500',
    ],
    [
      '{redirectCode: 302}',
      '7:5 field/invalid-value spec.http[0].redirect says not where to, must have uri, prefixRewrite, ' +
        'authority, scheme or port: requests that it matches are answered with 500',
    ],
    [
      '{uri: /y, port: 80, derivePort: FROM_REQUEST_PORT}',
      '7:47 field/invalid-value spec.http[0].redirect.derivePort is set beside port, must be one of the ' +
        'two: requests that it matches are answered with 500',
    ],
    [
      '{uri: /y, prefixRewrite: /z}',
      '7:40 field/invalid-value spec.http[0].redirect.prefixRewrite is set beside uri, must be one of the ' +
        'two: requests that it matches are answered with 500',
    ],
  ])('redirect is refused: %s', (redirect, found) => {
    expect(translateFirst(virtualService(`redirect: ${redirect}`)).found).toEqual([found])
  })

  test.each([
    ['{status: 204}', { status: 204 }],
    ['{status: 503, body: {string: closed}}', { status: 503, body: { inline_string: 'closed' } }],
    ['{status: 200, body: {bytes: aGk=}}', { status: 200, body: { inline_bytes: 'aGk=' } }],
    ['{status: 200, body: {}}', { status: 200 }],
  ])('direct response: %s', (response, expected) => {
    expect(envoyRoutes(`directResponse: ${response}`).map((route) => route.direct_response)).toEqual([
      expected,
    ])
  })

  test('a regular expression that RE2 does not take is refused', () => {
    const { found, routeTables } = translateFirst(
      virtualService(`match: [{uri: {regex: "/a(?=b)"}}]\n${forward}`),
    )
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(
      /^7:27 field\/invalid-value spec\.http\[0\]\.match\[0\]\.uri\.regex is "\/a\(\?=b\)", must be a regular expression in RE2 syntax/,
    )
    expect(routeTables[0]?.routes).toEqual([])
  })
})
