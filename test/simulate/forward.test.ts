import { describe, expect, test } from 'vitest'
import type { EnvoyConfiguration, Route, RouteAction } from '../../src/simulate/configuration.ts'
import type { Forwarding } from '../../src/simulate/forward.ts'
import { isForwarded } from '../../src/simulate/forward.ts'
import type { SimulatedRequest } from '../../src/simulate/request.ts'
import { simulate } from '../../src/simulate/simulate.ts'
import { envoy, request, routed } from './scene.ts'

function forwardingOf({ outcome }: ReturnType<typeof simulate>): Forwarding {
  if (outcome.kind !== 'forward') throw new Error(`the outcome is ${outcome.kind}`)
  return outcome.forwarding
}

function forwarded(
  action: RouteAction,
  asked: SimulatedRequest = request('/a/b?x=1'),
  fields: Route = { match: { prefix: '/a' } },
): Forwarding {
  return forwardingOf(routed([{ ...fields, route: { cluster: 'one', ...action } }], asked))
}

describe('rewrites', () => {
  const pathOf = (
    action: RouteAction,
    path: string,
    match: NonNullable<Route['match']>,
  ): string | undefined => forwarded(action, request(path), { match }).destinations[0]?.path
  const replaced = (regex: string, substitution: string): RouteAction => ({
    regex_rewrite: { pattern: { regex }, substitution },
  })

  // Each line was seen on Envoy 1.40.
  test.each<readonly [RouteAction, string, NonNullable<Route['match']>, string]>([
    [{ prefix_rewrite: '/' }, '/rw/a?x=1', { prefix: '/rw/' }, '/a?x=1'],
    [{ prefix_rewrite: '/x' }, '/re/a/b?c=1', { safe_regex: { regex: '/re/.*' } }, '/x?c=1'],
    [{ prefix_rewrite: '/x' }, '/re?c=1', { path: '/re' }, '/x?c=1'],
    [{ prefix_rewrite: '/z' }, '/CI/x', { prefix: '/ci', case_sensitive: false }, '/z/x'],
    [{ prefix_rewrite: '/z' }, '/ps/?x', { path_separated_prefix: '/ps' }, '/z/?x'],
    [replaced('a*', '/-'), '/rg/baaac', { prefix: '/' }, '/-//-r/-g/-//-b/-c/-'],
    [replaced('/rs/(\\w+)/(\\w+)', '/\\2/\\1'), '/rs/one/two/three?z', { prefix: '/' }, '/two/one/three?z'],
    [replaced('nothing', 'x'), '/a?nothing', { prefix: '/' }, '/a?nothing'],
    [{ prefix_rewrite: '' }, '/a', { prefix: '/a' }, '/a'],
  ])('%j makes %s by %j into %s', (...[action, path, match, wanted]) => {
    expect(pathOf(action, path, match)).toBe(wanted)
  })

  test(
    'the route rewrites the host over its destination, and the original host and path are kept in ' +
      'headers',
    () => {
      const weighted_clusters = {
        clusters: [
          { name: 'one', weight: 1, host_rewrite_literal: 'one.test' },
          { name: 'two', weight: 3 },
          { name: 'none' },
        ],
      }
      const { destinations: each, totalWeight } = forwardingOf(
        routed([{ match: { prefix: '/' }, route: { weighted_clusters } }], request('/')),
      )
      expect(each.map(({ cluster, weight, authority }) => [cluster, weight, authority])).toEqual([
        ['one', 1, 'one.test'],
        ['two', 3, 'shop.test'],
      ])
      expect(totalWeight).toBe(4)
      const { destinations } = forwarded({ host_rewrite_literal: 'new.test', prefix_rewrite: '/z' })
      expect(destinations[0]).toMatchObject({ authority: 'new.test', path: '/z/b?x=1' })
      expect(destinations[0]?.headers.slice(-2)).toEqual([
        ['x-envoy-original-host', 'shop.test'],
        ['x-envoy-original-path', '/a/b?x=1'],
      ])
    },
  )

  test('headers go before they come, and appending leaves those that are there', () => {
    const { destinations } = forwarded(
      {},
      request('/a', {
        headers: [
          ['x-a', '1'],
          ['X-B', '2'],
          ['x-c', '3'],
        ],
      }),
      {
        match: { prefix: '/' },
        request_headers_to_remove: ['x-b'],
        request_headers_to_add: [
          { header: { key: 'x-a', value: '2' } },
          { header: { key: 'x-b', value: 'new' }, append_action: 'ADD_IF_ABSENT' },
          { header: { key: 'X-C', value: '100%%' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        ],
      },
    )
    expect(destinations[0]?.headers.filter(([name]) => /^x-[abc]$/.test(name))).toEqual([
      ['x-a', '1'],
      ['x-c', '100%'],
      ['x-a', '2'],
      ['x-b', 'new'],
    ])
  })
})

describe('what Envoy does to headers', () => {
  const headersOf = (
    action: RouteAction,
    asked: SimulatedRequest,
    fields: Route = { match: { prefix: '/' } },
  ): Readonly<Record<string, string>> =>
    Object.fromEntries(
      [...Map.groupBy(forwarded(action, asked, fields).destinations[0]?.headers ?? [], ([name]) => name)].map(
        ([name, all]) => [name, all.map(([, value]) => value).join('; ')] as const,
      ),
    )

  test('what overwrites comes before what is added, whatever their order', () => {
    const add = [
      { header: { key: 'x-a', value: 'added' } },
      { header: { key: 'x-a', value: 'set' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' as const },
    ]
    expect(
      headersOf({}, request('/', { headers: [['x-a', '1']] }), {
        match: { prefix: '/' },
        request_headers_to_add: add,
      })['x-a'],
    ).toBe('set; added')
  })

  test("a path rewrite that changes nothing still says the original path, over a client's claim", () => {
    const asked = request('/x', { headers: [['x-envoy-original-path', 'mine']] })
    expect(headersOf({ regex_rewrite: { pattern: { regex: 'no' } } }, asked)['x-envoy-original-path']).toBe(
      '/x',
    )
    expect(headersOf({}, asked)['x-envoy-original-path']).toBe('mine')
  })

  test("a weighted destination's host leaves no trace of the original one", () => {
    const weighted_clusters = { clusters: [{ name: 'one', weight: 1, host_rewrite_literal: 'one.test' }] }
    const headers = (action: RouteAction) =>
      forwardingOf(
        routed([{ match: { prefix: '/' }, route: action }], request('/')),
      ).destinations[0]?.headers.filter(([name]) => name === 'x-envoy-original-host')
    expect(headers({ weighted_clusters })).toEqual([])
    expect(headers({ weighted_clusters, host_rewrite_literal: 'new.test' })).toEqual([
      ['x-envoy-original-host', 'one.test'],
    ])
  })

  test.each([
    ['trailers', 'trailers'],
    ['gzip, trailers;q=0.5', 'trailers'],
    ['gzip', undefined],
    ['', ''],
  ])('of te: %s, %s is left', (sent, left) => {
    expect(headersOf({}, request('/', { headers: [['te', sent]] }))['te']).toBe(left)
  })

  test('inline headers are joined, others are not', () => {
    const headers = [
      ['x-request-id', 'a'],
      ['x-request-id', ''],
      ['x-request-id', 'b'],
      ['x-a', '1'],
      ['x-a', '2'],
    ] as const
    expect(headersOf({}, request('/', { headers }))).toMatchObject({ 'x-request-id': 'a,b', 'x-a': '1; 2' })
  })

  test('without a scheme in x-forwarded-proto there is no route', () => {
    const { outcome } = routed(
      [{ match: { prefix: '/' }, route: { cluster: 'one' } }],
      request('/', { headers: [['x-forwarded-proto', '']] }),
    )
    expect(outcome).toMatchObject({ kind: 'refused', status: 404 })
  })
})

describe('mirrors', () => {
  const half = { default_value: { numerator: 500_000, denominator: 'MILLION' }, runtime_key: 'dial' } as const

  test.each([
    ['shop.test', 'shop.test-shadow'],
    ['shop.test:8080', 'shop.test-shadow:8080'],
    ['[::1]:8080', '[::1]-shadow:8080'],
    ['[::1]', '[::1]-shadow'],
  ])('a copy of a request for %s is for %s', (authority, copy) => {
    expect(
      forwarded({ request_mirror_policies: [{ cluster: 'two' }] }, request('/a', { authority })).mirrors[0]
        ?.authorities,
    ).toEqual([copy])
  })

  test('each has its cluster, share, dial and Host, made from the rewritten request', () => {
    const { mirrors } = forwarded({
      host_rewrite_literal: 'new.test:1',
      prefix_rewrite: '/z',
      request_mirror_policies: [
        { cluster: 'two', runtime_fraction: half },
        { cluster: 'gone', disable_shadow_host_suffix_append: true },
        { cluster: 'empty', host_rewrite_literal: 'copy.test' },
      ],
    })
    const unlimited = { maxBody: undefined, withheld: false }
    expect(mirrors).toEqual([
      {
        ...unlimited,
        cluster: 'two',
        state: { kind: 'endpoints', ready: ['192.0.2.2:8080'], unready: 0 },
        millionths: 500_000,
        runtimeKey: 'dial',
        authorities: ['new.test-shadow:1'],
        path: '/z/b?x=1',
      },
      {
        ...unlimited,
        cluster: 'gone',
        state: { kind: 'missing' },
        millionths: 1_000_000,
        runtimeKey: '',
        authorities: ['new.test:1'],
        path: '/z/b?x=1',
      },
      {
        ...unlimited,
        cluster: 'empty',
        state: { kind: 'endpoints', ready: [], unready: 0 },
        millionths: 1_000_000,
        runtimeKey: '',
        authorities: ['copy.test'],
        path: '/z/b?x=1',
      },
    ])
  })

  test.each([
    ['nothing', {}, 500_000],
    ['a percentage', { dial: 7 }, 70_000],
    ['a fraction', { dial: { numerator: 5, denominator: 'TEN_THOUSAND' } }, 500],
    ['something else', { dial: 'x' }, 500_000],
  ])('where the runtime says %s, the share follows', (_, runtime, millionths) => {
    const action = { cluster: 'one', request_mirror_policies: [{ cluster: 'two', runtime_fraction: half }] }
    const configuration: EnvoyConfiguration = {
      ...envoy([{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: action }] }]),
      runtime,
    }
    expect(forwardingOf(simulate(configuration, request('/'))).mirrors[0]?.millionths).toBe(millionths)
  })

  test('those of the virtual host count where the route has none', () => {
    const host = {
      name: 'all',
      domains: ['*'],
      routes: [{ match: { prefix: '/' }, route: { cluster: 'one' } }],
      request_mirror_policies: [{ cluster: 'two' }],
    }
    expect(
      forwardingOf(
        simulate(envoy([host], { request_mirror_policies: [{ cluster: 'empty' }] }), request('/')),
      ).mirrors.map(({ cluster }) => cluster),
    ).toEqual(['two'])
  })
})

test('a cluster that is missing or has no endpoint gets nothing', () => {
  expect(
    ['one', 'empty', 'gone'].map((cluster) => forwarded({ cluster }).destinations.map(isForwarded)),
  ).toEqual([[true], [false], [false]])
})

test.each([
  ['gone', undefined, 503],
  ['gone', 'SERVICE_UNAVAILABLE', 503],
  ['gone', 'NOT_FOUND', 404],
  ['gone', 'INTERNAL_SERVER_ERROR', 500],
  ['empty', 'INTERNAL_SERVER_ERROR', 503],
  ['one', 'NOT_FOUND', undefined],
] as const)(
  'requests for the cluster %s, with %s for one that does not exist, are answered with %s',
  (cluster, cluster_not_found_response_code, failure) => {
    const { destinations } = forwarded({
      cluster,
      ...(cluster_not_found_response_code === undefined ? {} : { cluster_not_found_response_code }),
    })
    expect(destinations.map((each) => each.failure)).toEqual([failure])
  },
)

test('timeout and retries are those of the route', () => {
  expect(forwarded({})).toMatchObject({ timeout: '15s', retries: undefined })
  expect(
    forwarded({
      timeout: '0s',
      retry_policy: { retry_on: '5xx', num_retries: 3, retriable_status_codes: [503] },
    }),
  ).toMatchObject({ timeout: '0s', retries: { attempts: 3, on: '5xx', statuses: [503] } })
})
