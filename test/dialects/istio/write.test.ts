import { describe, expect, test } from 'vitest'
import { converted } from '../../support/converted.ts'

const service = (name: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{name: http, port: 80}]}\n---\n`
const around = `${service('shop')}${service('shadow')}apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP, hostname: '*.test'}]}
---
`

function route(rules: string, { name = 'shop', metadata = '', hostnames = '[shop.test]' } = {}): string {
  return (
    `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ` +
    `${name}${metadata}}\nspec: {parentRefs: [{name: edge}], hostnames: ${hostnames}, rules: ` +
    `[${rules}]}\n---\n`
  )
}

function rulesOf(text: string): unknown {
  return converted(around + text, 'istio').specs('VirtualService')[0]?.['http']
}

const backend = 'backendRefs: [{name: shop, port: 80}]'
const shop = { destination: { host: 'shop.default.svc.cluster.local', port: { number: 80 } } }
const none = { retries: { attempts: 0 } }

test('a Gateway for a listener', () => {
  const { specs, comments } = converted(around + route(`{${backend}}`), 'istio')
  expect(specs('Gateway')).toEqual([
    {
      selector: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*.test'] }],
    },
  ])
  expect(specs('VirtualService')).toEqual([
    { hosts: ['shop.test'], gateways: ['default/edge-http'], http: [{ route: [shop], ...none }] },
  ])
  expect(comments).toEqual([
    'spec.selector: not carried: Gateway default/edge is served by proxies of namespace default only',
  ])
})

describe('matches', () => {
  test('whole segments are the path itself, and what is below it', () => {
    expect(rulesOf(route(`{matches: [{path: {value: /a}, method: GET}], ${backend}}`))).toEqual([
      {
        match: [
          { uri: { exact: '/a' }, method: { exact: 'GET' } },
          { uri: { prefix: '/a/' }, method: { exact: 'GET' } },
        ],
        route: [shop],
        ...none,
      },
    ])
  })

  test('a prefix that is replaced is replaced in each', () => {
    const rewritten = (path: string): string =>
      route(
        `{matches: [{path: {value: /a}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ` +
          `ReplacePrefixMatch, replacePrefixMatch: ${path}}}}], ${backend}}`,
      )
    expect(rulesOf(rewritten('/b'))).toEqual([
      { match: [{ uri: { exact: '/a' } }], route: [shop], rewrite: { uri: '/b' }, ...none },
      { match: [{ uri: { prefix: '/a/' } }], route: [shop], rewrite: { uri: '/b/' }, ...none },
    ])
  })

  test('so is one that is redirected', () => {
    const redirect =
      '{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}'
    expect(rulesOf(route(`{matches: [{path: {value: /a}}], filters: [${redirect}]}`))).toEqual([
      {
        match: [{ uri: { exact: '/a' } }],
        redirect: { uri: '/', derivePort: 'FROM_REQUEST_PORT', redirectCode: 302 },
      },
      {
        match: [{ uri: { prefix: '/a/' } }],
        redirect: { prefixRewrite: '/', derivePort: 'FROM_REQUEST_PORT', redirectCode: 302 },
      },
    ])
  })
})

test('routes that act as one become one VirtualService, in their order', () => {
  const rule = (value: string): string => `{matches: [{path: {type: Exact, value: ${value}}}], ${backend}}`
  const { specs } = converted(
    around + route(`{${backend}}`, { name: 'late' }) + route(rule('/b'), { name: 'other' }),
    'istio',
  )
  expect(specs('VirtualService')).toEqual([
    {
      hosts: ['shop.test'],
      gateways: ['default/edge-http'],
      http: [
        { match: [{ uri: { exact: '/b' } }], route: [shop], ...none },
        { route: [shop], ...none },
      ],
    },
  ])
})

describe('mirrors', () => {
  const mirror = (share: string): string =>
    `{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}${share}}}`
  const shadow = { host: 'shadow.default.svc.cluster.local', port: { number: 80 } }

  test('one, of a fraction', () => {
    expect(
      rulesOf(route(`{filters: [${mirror(', fraction: {numerator: 57, denominator: 10000}')}], ${backend}}`)),
    ).toEqual([{ route: [shop], ...none, mirror: shadow, mirrorPercentage: { value: 0.57 } }])
  })

  test('several', () => {
    expect(rulesOf(route(`{filters: [${mirror('')}, ${mirror(', percent: 5')}], ${backend}}`))).toEqual([
      {
        route: [shop],
        ...none,
        mirrors: [{ destination: shadow }, { destination: shadow, percentage: { value: 5 } }],
      },
    ])
  })

  test('an annotation says what Host copies have, where they have it alike', () => {
    const { conversion } = converted(
      around +
        route(`{filters: [${mirror('')}], ${backend}}`, {
          metadata: ', annotations: {shadowplane.io/shadow-host: keep}',
        }),
      'istio',
    )
    expect(conversion.objects.at(-1)?.object['metadata']).toEqual({
      name: 'shop',
      namespace: 'default',
      annotations: { 'shadowplane.io/shadow-host': 'keep' },
    })
  })

  test('to what does not exist, with a comment', () => {
    const { comments, specs } = converted(
      around +
        route(
          `{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: none, port: 80}}}], ` +
            `${backend}}`,
        ),
      'istio',
    )
    expect(specs('VirtualService')[0]?.['http']).toEqual([{ route: [shop], ...none }])
    expect(comments).toContain(
      'spec.http.0: not carried, a mirror to none.default.svc.cluster.local, which is not permitted or ' +
        'does not exist: nothing is mirrored to it',
    )
  })
})

test('a destination that may not be used answers as it did', () => {
  expect(rulesOf(route('{backendRefs: [{name: shop, namespace: other, port: 80}]}'))).toEqual([
    { directResponse: { status: 500 } },
  ])
})

describe('Upstreams', () => {
  const virtualService =
    `apiVersion: gateway.solo.io/v1
kind: VirtualService
metadata: {name: shop}
spec: {virtualHost: {domains: [shop.test], routes: [{routeAction: {single: {upstream: {name: shop}}}, ` +
    `options: {shadowing: {upstream: {name: shadow}, percentage: 10}}}]}}
---
apiVersion: gateway.solo.io/v1
kind: Gateway
metadata: {name: proxy}
spec: {bindPort: 8080, httpGateway: {}}
---
apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: shop}
spec: {kube: {serviceName: shop, serviceNamespace: default, servicePort: 80}}
---
`
  const upstream = (spec: string): string =>
    `${virtualService}apiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {name: shadow}\nspec: ` +
    `{${spec}}\n---\n`

  test('of Services are the Services', () => {
    expect(
      rulesOf(upstream('kube: {serviceName: shadow, serviceNamespace: default, servicePort: 80}')),
    ).toMatchObject([
      {
        route: [shop],
        mirror: { host: 'shadow.default.svc.cluster.local', port: { number: 80 } },
        mirrorPercentage: { value: 10 },
      },
    ])
  })

  test('of addresses are ServiceEntries, with a DestinationRule for TLS', () => {
    const { specs } = converted(
      around + upstream('static: {hosts: [{addr: shadow.example, port: 443}]}'),
      'istio',
    )
    const host = 'shadow.default.upstream.gloo.solo.io'
    expect(specs('ServiceEntry')).toEqual([
      {
        hosts: [host],
        ports: [{ number: 443, name: 'http-443', protocol: 'HTTP' }],
        location: 'MESH_EXTERNAL',
        resolution: 'DNS',
        endpoints: [{ address: 'shadow.example' }],
      },
    ])
    expect(specs('DestinationRule')).toMatchObject([
      { host, trafficPolicy: { tls: { mode: 'SIMPLE', sni: 'shadow.example' } } },
    ])
  })
})
