import { describe, expect, test } from 'vitest'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import type { RealProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: shadowplane, listeners: [{name: http, port: 8080, protocol: HTTP}]}
`

const service = ({ name, port }: LoggedBackend): string => `---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: http, port: ${port}}]
`

const route = (kind: string, name: string, rules: readonly string[]): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
  parentRefs: [{name: edge}]
  hostnames: [${name}.example]
  rules:
${rules.map((rule) => `  - {${rule}}\n`).join('')}`

const to = (name: string): string => `backendRefs: [{name: ${name}, port: 80}]`

interface Edge {
  readonly proxy: RealProxy
  readonly shop: LoggedBackend
  readonly shadow: LoggedBackend
}

/** A real Envoy as the Gateway's proxy, before the services shop and shadow. */
async function edge(text: string, expected: readonly string[] = [], name = 'edge'): Promise<Edge> {
  const [shop, shadow] = [await loggedBackend('shop'), await loggedBackend('shadow')]
  const serving = await serve({ 'edge.yaml': gateway + service(shop) + service(shadow) + text })
  expect(serving.mistakes()).toEqual(expected)
  const proxy = await realProxy({
    role: 'gateway',
    namespace: 'default',
    labels: { 'gateway.networking.k8s.io/gateway-name': name },
    xds: serving.xds,
    listener: 8080,
  })
  return { proxy, shop, shadow }
}

/** HTTPPathModifier.replacePrefixMatch: the specification's table, and what follows from it for `/`. */
const replacements = [
  ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
  ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
  ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
  ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
  ['/foo', '/foo', '/xyz', '/xyz'],
  ['/foo/', '/foo', '/xyz', '/xyz/'],
  ['/foo/bar', '/foo', '', '/bar'],
  ['/foo/', '/foo', '', '/'],
  ['/foo', '/foo', '', '/'],
  ['/foo/', '/foo', '/', '/'],
  ['/foo', '/foo', '/', '/'],
  ['/foo?q=1', '/foo', '', '/?q=1'],
  ['/foo/bar?q=1', '/foo', '/xyz', '/xyz/bar?q=1'],
  ['/bar', '/', '/xyz', '/xyz/bar'],
  ['/bar', '/', '', '/bar'],
] as const

describe('paths that are rewritten', () => {
  test("prefixes, as the specification's table says, for requests and redirects", async () => {
    const table = (name: string, filter: (modifier: string) => string, rest: string): string =>
      route(
        'HTTPRoute',
        name,
        replacements.map(
          ([, prefix, replacement], index) =>
            `matches: [{path: {value: ${prefix}}, headers: [{name: x-case, value: "${index}"}]}], ` +
            `filters: [${filter(`path: {type: ReplacePrefixMatch, replacePrefixMatch: "${replacement}"}`)}]${rest}`,
        ),
      )
    const { proxy, shop } = await edge(
      table('rewrite', (modifier) => `{type: URLRewrite, urlRewrite: {${modifier}}}`, `, ${to('shop')}`) +
        table('redirect', (modifier) => `{type: RequestRedirect, requestRedirect: {${modifier}}}`, ''),
    )
    const found: string[][] = []
    for (const [index, [asked]] of replacements.entries()) {
      const headers = { 'x-case': String(index) }
      expect((await proxy.ask({ path: asked, host: 'rewrite.example', headers })).status).toBe(200)
      const redirected = await proxy.ask({ path: asked, host: 'redirect.example', headers })
      expect(redirected.status).toBe(302)
      found.push([
        shop.arrivals.at(-1)?.url ?? '',
        new URL(redirected.headers['location'] ?? '').href.replace('http://redirect.example:8080', ''),
      ])
    }
    expect(found).toEqual(replacements.map(([, , , expected]) => [expected, expected]))
  })

  test('whole paths, hosts, ports and schemes', async () => {
    const redirect = (path: string, fields: string): string =>
      `matches: [{path: {value: ${path}}}], filters: [{type: RequestRedirect, requestRedirect: {${fields}}}]`
    const { proxy, shop } = await edge(
      route('HTTPRoute', 'a', [
        `matches: [{path: {value: /rewrite}}], filters: [{type: URLRewrite, urlRewrite: {hostname: ` +
          `b.example, path: {type: ReplaceFullPath, replaceFullPath: /one}}}], ${to('shop')}`,
        redirect('/full', 'path: {type: ReplaceFullPath, replaceFullPath: /two}, statusCode: 301'),
        redirect('/host', 'hostname: b.example'),
        redirect('/https', 'scheme: https'),
        redirect('/port', 'port: 8443, scheme: https, statusCode: 308'),
        redirect('/http', 'scheme: http, port: 80'),
      ]),
    )
    await proxy.ask({ path: '/rewrite/x?q=1', host: 'a.example' })
    expect(shop.arrivals.map(({ url, host }) => [url, host])).toEqual([['/one?q=1', 'b.example']])
    const answers = await Promise.all(
      ['/full/x?q=1', '/host/x', '/https/x', '/port/x', '/http/x'].map((path) =>
        proxy.ask({ path, host: 'a.example' }),
      ),
    )
    expect(answers.map(({ status, headers }) => [status, headers['location']])).toEqual([
      [301, 'http://a.example:8080/two?q=1'],
      [302, 'http://b.example:8080/host/x'],
      [302, 'https://a.example/https/x'],
      [308, 'https://a.example:8443/port/x'],
      [302, 'http://a.example/http/x'],
    ])
  })
})

test('the most specific match wins, over all routes of a host', async () => {
  const named = (value: string): string =>
    `filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-rule, value: ` +
    `${value}}]}}], ${to('shop')}`
  const first = route('HTTPRoute', 'a', [
    `matches: [{path: {value: /}}], ${named('any')}`,
    `matches: [{path: {value: /v1}}], ${named('prefix')}`,
    `matches: [{path: {type: Exact, value: /v1/one}}], ${named('exact')}`,
  ])
  const second = route('HTTPRoute', 'b', [
    `matches: [{path: {value: /v1/one}}], ${named('longer')}`,
    `matches: [{path: {value: /v1}, headers: [{name: x-a, value: "1"}]}], ${named('header')}`,
    `matches: [{path: {value: /v1}, method: POST}], ${named('method')}`,
    `matches: [{path: {value: /v1}, queryParams: [{name: q, value: "1"}]}], ${named('query')}`,
    `matches: [{path: {type: RegularExpression, value: "/v[0-9]/re"}}], ${named('regex')}`,
  ]).replace('b.example', 'a.example')
  const { proxy } = await edge(first + second)
  const asked = [
    ['/', 'any'],
    ['/v10', 'any'],
    ['/v1', 'prefix'],
    ['/v1/', 'prefix'],
    ['/v1?x=1', 'prefix'],
    ['/v1/one', 'exact'],
    ['/v1/one/two', 'longer'],
    ['/v1/re', 'regex'],
    ['/v1/re/x', 'prefix'],
    ['/v1/x', 'method', { method: 'POST' }],
    ['/v1/x?q=1', 'method', { method: 'POST', headers: { 'x-a': '1' } }],
    ['/v1/x?q=1', 'header', { headers: { 'x-a': '1' } }],
    ['/v1/x?q=1', 'query'],
  ] as const
  const found = await Promise.all(
    asked.map(
      async ([path, , more]) => (await proxy.ask({ path, host: 'a.example', ...more })).headers['x-rule'],
    ),
  )
  expect(found).toEqual(asked.map(([, expected]) => expected))
})

test('a backend that does not exist is answered with 500 for its share, and a mirror that is not is dropped', async () => {
  const { proxy, shop } = await edge(
    route('HTTPRoute', 'a', [
      'matches: [{path: {value: /half}}], backendRefs: [{name: shop, port: 80}, {name: nobody, port: 80}]',
      'matches: [{path: {value: /none}}], backendRefs: [{name: nobody, port: 80}]',
      'matches: [{path: {value: /empty}}]',
      `matches: [{path: {value: /mirror}}], filters: [{type: RequestMirror, requestMirror: {backendRef: ` +
        `{name: nobody, port: 80}}}], ${to('shop')}`,
    ]),
    Array<string>(3).fill('reference/not-found'),
  )
  const statuses = async (path: string): Promise<readonly number[]> =>
    (await proxy.askTimes(200, { path, host: 'a.example' })).map(({ status }) => status)
  const half = await statuses('/half')
  expect(new Set(half)).toEqual(new Set([200, 500]))
  // Six standard deviations.
  expect(Math.abs(half.filter((status) => status === 500).length - 100)).toBeLessThan(43)
  expect(new Set(await statuses('/none'))).toEqual(new Set([500]))
  expect(new Set(await statuses('/empty'))).toEqual(new Set([500]))
  expect(new Set(await statuses('/mirror'))).toEqual(new Set([200]))
  expect(shop.arrivals.filter(({ url }) => url === '/mirror')).toHaveLength(200)
})

test('headers, CORS, timeouts and retries are what Envoy takes', async () => {
  const { proxy, shop } = await edge(
    route('HTTPRoute', 'a', [
      `matches: [{path: {value: /headers}}], filters: [{type: RequestHeaderModifier, ` +
        `requestHeaderModifier: {set: [{name: X-Share, value: "100%"}, {name: Host, value: b.example}], ` +
        `add: [{name: X-Path, value: "%REQ(:path)%"}]}}], ${to('shop')}`,
      `matches: [{path: {value: /cors}}], filters: [{type: CORS, cors: {allowOrigins: ` +
        `["https://*.example"], allowMethods: ["*"], allowCredentials: true, allowHeaders: [x-a]}}], ` +
        to('shop'),
      `matches: [{path: {value: /any}}], filters: [{type: CORS, cors: {allowOrigins: ` +
        `["https://*.example"], allowMethods: ["*"], allowHeaders: ["*"], allowCredentials: true}}], ` +
        to('shop'),
      `matches: [{path: {value: /retry}}], retry: {codes: [503], attempts: 3, backoff: 1ms}, timeouts: ` +
        `{request: 10s, backendRequest: 5s}, ${to('shop')}`,
      `matches: [{path: {value: /slow}}], timeouts: {backendRequest: 100ms}, ${to('shop')}`,
    ]),
  )
  await proxy.ask({ path: '/headers', host: 'a.example' })
  expect(shop.arrivals.at(-1)).toMatchObject({
    host: 'b.example',
    headers: { 'x-share': '100%', 'x-path': '/headers' },
  })
  const asked = {
    origin: 'https://shop.example',
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-header-1, x-header-2',
  }
  expect(
    (await proxy.ask({ path: '/any', host: 'a.example', method: 'OPTIONS', headers: asked })).headers,
  ).toMatchObject({
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': 'x-header-1, x-header-2',
    'access-control-allow-credentials': 'true',
  })
  const preflight = (origin: string) =>
    proxy.ask({
      path: '/cors',
      host: 'a.example',
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'PUT' },
    })
  expect((await preflight('https://shop.example')).headers).toMatchObject({
    'access-control-allow-origin': 'https://shop.example',
    'access-control-allow-credentials': 'true',
    'access-control-max-age': '5',
    'access-control-allow-headers': 'x-a',
    'access-control-allow-methods': 'PUT',
  })
  expect((await preflight('https://shop.test')).headers).not.toHaveProperty('access-control-allow-origin')
  shop.answerWith(503)
  const before = shop.arrivals.length
  expect((await proxy.ask({ path: '/retry', host: 'a.example' })).status).toBe(503)
  expect(shop.arrivals.length - before).toBe(4)
  shop.hold()
  expect((await proxy.ask({ path: '/slow', host: 'a.example' })).status).toBe(504)
  shop.release()
})

test('a GRPCRoute by service and method, with a mirror', async () => {
  const { proxy, shop, shadow } = await edge(
    route('GRPCRoute', 'a', [
      `matches: [{method: {service: shop.v1.Orders}}], ${to('shop')}`,
      `matches: [{method: {service: shop.v1.Orders, method: Get}}], filters: [{type: RequestMirror, ` +
        `requestMirror: {backendRef: {name: shadow, port: 80}}}], ${to('shop')}`,
      `matches: [{method: {type: RegularExpression, service: "shop\\\\..*", method: "List.*"}}], ` +
        `backendRefs: [{name: nobody, port: 80}]`,
    ]),
    ['reference/not-found'],
  )
  const ask = async (path: string): Promise<number> =>
    (await proxy.ask({ path, host: 'a.example', method: 'POST' })).status
  expect([
    await ask('/shop.v1.Orders/Get'),
    await ask('/shop.v1.Orders/Put'),
    await ask('/shop.v1.Stock/ListAll'),
    await ask('/shop.v1.Stock/Get'),
  ]).toEqual([200, 200, 503, 404])
  await proxy.settled()
  expect([shop, shadow].map(({ arrivals }) => arrivals.map(({ url }) => url))).toEqual([
    ['/shop.v1.Orders/Get', '/shop.v1.Orders/Put'],
    ['/shop.v1.Orders/Get'],
  ])
})

test(
  'the route with the closest hostname of its own wins, whatever its age and path, and the rest falls ' +
    'to the other',
  async () => {
    const named = (value: string, path: string): string =>
      `matches: [{path: {value: ${path}}}], filters: [{type: ResponseHeaderModifier, ` +
      `responseHeaderModifier: {set: [{name: x-route, value: ${value}}]}}], ${to('shop')}`
    const dated = (text: string, created: string): string =>
      text.replace(/metadata: {name: (\w+)}/, `metadata: {name: $1, creationTimestamp: "${created}"}`)
    const wide = dated(
      route('HTTPRoute', 'wide', [named('wide', '/'), named('wide', '/v1/more')]).replace(
        'wide.example',
        '"*.example"',
      ),
      '2020-01-01T00:00:00Z',
    )
    const exact = dated(
      route('HTTPRoute', 'exact', [named('exact', '/v1')]).replace('exact.example', 'abc.example'),
      '2021-01-01T00:00:00Z',
    )
    const every = dated(
      route('HTTPRoute', 'every', [named('every', '/v1/more/still')]).replace(
        '  hostnames: [every.example]\n',
        '',
      ),
      '2019-01-01T00:00:00Z',
    )
    const { proxy } = await edge(
      (every + wide + exact).replaceAll('parentRefs: [{name: edge}]', 'parentRefs: [{name: abc}]') +
        '---\n' +
        gateway
          .replace('name: edge', 'name: abc')
          .replace('protocol: HTTP', 'protocol: HTTP, hostname: abc.example'),
      Array<string>(2).fill('virtual-host/conflict'),
      'abc',
    )
    const found = await Promise.all(
      ['/v1/more/still', '/v1', '/other'].map(
        async (path) => (await proxy.ask({ path, host: 'abc.example' })).headers['x-route'],
      ),
    )
    expect(found).toEqual(['exact', 'exact', 'wide'])
  },
  60_000,
)
