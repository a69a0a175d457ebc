import { describe, expect, test } from 'vitest'
import { configure, translateFirst } from '../../support/configuration.ts'
import type { RouteConfiguration } from '../../support/configuration.ts'
import { gatewayOf, proxyOf, routeOf } from './gateway-text.ts'

const http = '- {name: http, port: 80, protocol: HTTP}'
const two = `${http}\n- {name: other, port: 81, protocol: HTTP}`

/** `<listener> <hosts>` of each table of a route. */
function placesOf(text: string): readonly string[] {
  return translateFirst(text).routeTables.map(
    ({ attachedTo, hosts }) => `${attachedTo.join(' ')}: ${hosts.map(({ host }) => host).join(' ')}`,
  )
}

/** `<type> <status> <reason>` towards each parent. */
function conditionsOf(text: string): readonly string[] {
  return translateFirst(text).statuses.map(({ conditions }) =>
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`).join(', '),
  )
}

function namespace(name: string, labels: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {${labels}}}\n---\n`
}

describe('the listeners that a reference means', () => {
  test.each([
    ['{name: edge}', ['default/edge/http default/edge/other: *']],
    ['{name: edge, sectionName: other}', ['default/edge/other: *']],
    ['{name: edge, port: 80}', ['default/edge/http: *']],
    ['{name: edge, port: 80, sectionName: http}', ['default/edge/http: *']],
    [
      '{group: gateway.networking.k8s.io, kind: Gateway, namespace: default, name: edge}',
      ['default/edge/http default/edge/other: *'],
    ],
    [
      '{name: edge, sectionName: http}, {name: edge, sectionName: other}',
      ['default/edge/http default/edge/other: *'],
    ],
  ])('%s', (parents, places) => {
    const text = routeOf(parents) + gatewayOf(two)
    expect(translateFirst(text).found).toEqual([])
    expect(placesOf(text)).toEqual(places)
    expect(new Set(conditionsOf(text))).toEqual(
      new Set(['Accepted True Accepted, ResolvedRefs True ResolvedRefs']),
    )
  })

  test.each([
    [
      '{name: egde}',
      '5:23 parent/unknown there is no Gateway default/egde',
      'Accepted False NoMatchingParent',
    ],
    [
      '{name: edge, namespace: infra}',
      '5:23 parent/unknown there is no Gateway infra/edge',
      'Accepted False NoMatchingParent',
    ],
    [
      '{name: edge, sectionName: htpp}',
      '5:42 parent/unknown Gateway default/edge has no listener htpp',
      'Accepted False NoMatchingParent',
    ],
    [
      '{name: edge, port: 82}',
      '5:35 parent/unknown Gateway default/edge has no listener on port 82',
      'Accepted False NoMatchingParent',
    ],
    [
      '{name: edge, sectionName: http, port: 81}',
      '5:42 parent/unknown Gateway default/edge has no listener http on port 81',
      'Accepted False NoMatchingParent',
    ],
    [
      '{kind: ListenerSet, name: edge}',
      '5:23 parent/invalid-kind a route cannot belong to a ListenerSet of gateway.networking.k8s.io here',
      'Accepted False NoMatchingParent',
    ],
    [
      '{group: "", kind: ConfigMap, name: edge}',
      '5:34 parent/invalid-kind a route cannot belong to a ConfigMap of the core group here',
      'Accepted False NoMatchingParent',
    ],
  ])('%s means none', (parents, found, condition) => {
    const text = routeOf(parents) + gatewayOf(two)
    expect(translateFirst(text).found).toEqual([
      `${found}: its rules do not apply there ` +
        `(${condition.replace('Accepted False ', 'Accepted is False, ')})`,
    ])
    expect(placesOf(text)).toEqual([])
    expect(conditionsOf(text)).toEqual([`${condition}, ResolvedRefs True ResolvedRefs`])
  })

  test('a listener that is not served takes nothing', () => {
    const text =
      routeOf('{name: edge, sectionName: tcp}') + gatewayOf(`${http}\n- {name: tcp, port: 9, protocol: TCP}`)
    expect(translateFirst(text).found).toEqual([
      expect.stringContaining('listener tcp of Gateway default/edge is not served'),
    ])
  })

  test('one parent that is wrong costs the others nothing', () => {
    const text = routeOf('{name: nobody}, {name: edge}') + gatewayOf(http)
    expect(placesOf(text)).toEqual(['default/edge/http: *'])
    expect(conditionsOf(text)).toEqual([
      'Accepted False NoMatchingParent, ResolvedRefs True ResolvedRefs',
      'Accepted True Accepted, ResolvedRefs True ResolvedRefs',
    ])
    expect(translateFirst(text).statuses.map(({ parent }) => parent?.name)).toEqual(['nobody', 'edge'])
  })

  test.each([
    ['{name: edge}, {name: edge}'],
    ['{name: edge}, {name: edge, sectionName: http}'],
    ['{name: edge, port: 80}, {name: edge, sectionName: http}'],
  ])('%s cannot be told apart', (parents) => {
    expect(translateFirst(routeOf(parents) + gatewayOf(http)).found).toEqual([
      `5:${parents.indexOf(', {') + 18} field/invalid-value spec.parentRefs[1] is for the parent of ` +
        `parentRefs[0], too`,
    ])
  })

  test('without a parent a route applies nowhere', () => {
    expect(translateFirst(routeOf('')).found).toEqual([
      expect.stringContaining('parent/none it names no parent, so its rules apply nowhere'),
    ])
  })
})

describe('routes that a listener takes', () => {
  const listener = (allowed: string): string =>
    gatewayOf(`- {name: http, port: 80, protocol: HTTP, allowedRoutes: {${allowed}}}`, { namespace: 'infra' })
  const toInfra = '{name: edge, namespace: infra}'

  test.each([
    ['', 'takes routes of its own namespace infra only'],
    ['namespaces: {from: Same}', 'takes routes of its own namespace infra only'],
    ['namespaces: {from: None}', 'takes no routes'],
    ['namespaces: {from: All}', undefined],
    ['namespaces: {from: All}, kinds: [{kind: HTTPRoute}]', undefined],
    ['namespaces: {from: All}, kinds: [{kind: GRPCRoute}]', 'takes GRPCRoute only'],
    ['namespaces: {from: All}, kinds: [{group: example.com, kind: HTTPRoute}]', 'takes HTTPRoute only'],
    ['namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}', undefined],
    ['namespaces: {from: Selector, selector: {}}', undefined],
    [
      'namespaces: {from: Selector, selector: {matchLabels: {team: other}}}',
      'takes routes of namespaces with team=other, and Namespace default has others',
    ],
    [
      'namespaces: {from: Selector, selector: {matchExpressions: [{key: team, operator: In, values: ' +
        '[shop, cart]}]}}',
      undefined,
    ],
    [
      'namespaces: {from: Selector, selector: {matchExpressions: [{key: team, operator: NotIn, values: ' +
        '[shop]}]}}',
      'takes routes of namespaces with team not in (shop), and Namespace default has others',
    ],
    [
      'namespaces: {from: Selector, selector: {matchExpressions: [{key: team, operator: Exists}]}}',
      undefined,
    ],
    [
      'namespaces: {from: Selector, selector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}',
      'takes routes of namespaces with !team, and Namespace default has others',
    ],
    [
      'namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: default}}}',
      undefined,
    ],
  ])('allowedRoutes {%s}', (allowed, why) => {
    const text = routeOf(toInfra) + listener(allowed) + namespace('default', 'team: shop')
    expect(translateFirst(text).found).toEqual(
      why === undefined
        ? []
        : [
            `5:40 parent/not-allowed Gateway infra/edge does not take it: listener http ${why}: its rules ` +
              `do not apply there (Accepted is False, NotAllowedByListeners)`,
          ],
    )
    expect(placesOf(text)).toEqual(why === undefined ? ['infra/edge/http: *'] : [])
    expect(conditionsOf(text)).toEqual([
      `Accepted ${why === undefined ? 'True Accepted' : 'False NotAllowedByListeners'}, ResolvedRefs True ` +
        `ResolvedRefs`,
    ])
  })

  test('the labels of a namespace that does not exist are not known, but for its name', () => {
    const selector = 'namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}'
    expect(translateFirst(routeOf(toInfra) + listener(selector)).found[0]).toContain(
      'there is no Namespace object default here',
    )
    expect(
      placesOf(
        routeOf(toInfra) + listener(selector.replace('team: shop', 'kubernetes.io/metadata.name: default')),
      ),
    ).toHaveLength(1)
  })

  test('labels of a Namespace that change, change what is taken', () => {
    const routes = (labels: string): unknown =>
      [
        ...configure(
          routeOf(toInfra) +
            listener('namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}') +
            namespace('default', labels),
        )
          .resources(proxyOf('edge', 'infra'), 'route')
          .values(),
      ].flatMap((each) => (each as RouteConfiguration).virtual_hosts ?? [])
    expect(routes('team: shop')).toMatchObject([{ domains: ['*'], routes: [{}] }])
    expect(routes('team: other')).toEqual([{ name: 'blackhole:80', domains: ['*'] }])
  })

  test('of several listeners those that take it count', () => {
    const text =
      routeOf(toInfra) +
      gatewayOf(
        '- {name: own, port: 80, protocol: HTTP}\n- {name: all, port: 81, protocol: HTTP, allowedRoutes: ' +
          '{namespaces: {from: All}}}',
        { namespace: 'infra' },
      )
    expect(translateFirst(text).found).toEqual([])
    expect(placesOf(text)).toEqual(['infra/edge/all: *'])
  })
})

describe('hosts that a route and a listener have in common', () => {
  test.each([
    // listener, route, common
    ['', '', ['*']],
    ['', 'a.example.com', ['a.example.com']],
    ['a.example.com', '', ['a.example.com']],
    ['a.example.com', 'a.example.com', ['a.example.com']],
    ['a.example.com', '"*.example.com"', ['a.example.com']],
    ['a.example.com', '"*.com"', ['a.example.com']],
    ['"*.example.com"', 'a.example.com', ['a.example.com']],
    ['"*.example.com"', 'a.b.example.com', ['a.b.example.com']],
    ['"*.example.com"', '"*.example.com"', ['*.example.com']],
    ['"*.example.com"', '"*.b.example.com"', ['*.b.example.com']],
    ['"*.b.example.com"', '"*.example.com"', ['*.b.example.com']],
    ['"*.example.com"', 'a.example.com, b.example.com', ['a.example.com', 'b.example.com']],
    ['a.example.com', '"*.example.com", a.example.com', ['a.example.com']],
    ['a.example.com', 'b.example.com', undefined],
    ['"*.example.com"', 'example.com', undefined],
    ['"*.example.com"', 'test.example.net', undefined],
    ['"*.a.example.com"', '"*.b.example.com"', undefined],
  ])('listener %s, route %s', (listener, route, common) => {
    const text =
      routeOf('{name: edge}', route) +
      gatewayOf(`- {name: http, port: 80, protocol: HTTP${listener === '' ? '' : `, hostname: ${listener}`}}`)
    expect(placesOf(text)).toEqual(common === undefined ? [] : [`default/edge/http: ${common.join(' ')}`])
    expect(conditionsOf(text)).toEqual([
      `Accepted ${common === undefined ? 'False NoMatchingListenerHostname' : 'True Accepted'}, ` +
        `ResolvedRefs True ResolvedRefs`,
    ])
    expect(translateFirst(text).found).toEqual(
      common === undefined
        ? [
            expect.stringMatching(
              /^6:\d+ parent\/host-mismatch Gateway default\/edge serves .*NoMatchingListenerHostname\)$/,
            ),
          ]
        : [],
    )
  })

  test('a hostname that no listener serves is said, the others are served', () => {
    const text =
      routeOf('{name: edge}', 'a.example.com, test.example.net') +
      gatewayOf('- {name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}')
    expect(placesOf(text)).toEqual(['default/edge/http: a.example.com'])
    expect(translateFirst(text).found).toEqual([
      '6:30 parent/host-mismatch no listener that takes the route serves test.example.net, so its rules ' +
        'do not apply to it',
    ])
  })

  const nested =
    '- {name: all, port: 80, protocol: HTTP}\n- {name: wide, port: 80, protocol: HTTP, hostname: ' +
    '"*.example.com"}\n- {name: one, port: 80, protocol: HTTP, hostname: a.example.com}'

  test.each([
    ['{name: edge}', 'a.example.com', ['default/edge/one: a.example.com']],
    ['{name: edge}', 'b.example.com', ['default/edge/wide: b.example.com']],
    ['{name: edge}', 'example.org', ['default/edge/all: example.org']],
    [
      '{name: edge}',
      '',
      ['default/edge/all: *', 'default/edge/wide: *.example.com', 'default/edge/one: a.example.com'],
    ],
    ['{name: edge, sectionName: wide}', '', ['default/edge/wide: *.example.com']],
  ])('the most specific listener has a host: %s with %s', (parents, route, places) => {
    const text = routeOf(parents, route) + gatewayOf(nested)
    expect(translateFirst(text).found).toEqual([])
    expect(placesOf(text)).toEqual(places)
  })

  test('what another listener has is said', () => {
    const text = routeOf('{name: edge, sectionName: wide}', 'a.example.com') + gatewayOf(nested)
    expect(placesOf(text)).toEqual([])
    expect(translateFirst(text).found).toEqual([
      '6:15 parent/host-mismatch requests for a.example.com are those of listener one, to which the route ' +
        'does not belong, so its rules do not apply to them',
    ])
    expect(conditionsOf(text)).toEqual(['Accepted True Accepted, ResolvedRefs True ResolvedRefs'])
  })

  test('listeners of one port share a route configuration, each with its hosts', () => {
    const configuration = [
      ...configure(routeOf('{name: edge}') + gatewayOf(nested))
        .resources(proxyOf('edge'), 'route')
        .values(),
    ] as readonly RouteConfiguration[]
    expect(
      configuration.map(({ name, virtual_hosts: hosts }) => [name, hosts?.map(({ domains }) => domains)]),
    ).toEqual([['http.80', [['*.example.com'], ['*'], ['a.example.com']]]])
  })

  test.each(['Shop.example.com', '10.0.0.1', '"*"', '"a.*.com"', 'shop.example.com:80'])(
    '%s is no hostname, and is left out alone',
    (host) => {
      const result = translateFirst(routeOf('{name: edge}', `${host}, b.example.com`) + gatewayOf(http))
      expect(result.found).toEqual([expect.stringContaining('6:15 field/invalid-value spec.hostnames[0] is')])
      expect(result.routeTables[0]?.hosts.map((each) => each.host)).toEqual(['b.example.com'])
    },
  )
})
