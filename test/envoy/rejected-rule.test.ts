import { describe, expect, test } from 'vitest'
import { lastFound } from '../support/last-found.ts'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import type { RealProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'
import type { Serving } from '../support/serving.ts'

/** A Service with one real endpoint. */
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

interface Dialect {
  readonly name: string
  /** Labels of the proxies that serve the text. */
  readonly labels: Readonly<Record<string, string>>
  readonly listener: number
  /** Rules with a mistake, the first for `/0`, the second for `/1` and so on. */
  readonly rules: readonly ((path: string) => string)[]
  /** One document with these rules, and a rule that sends everything else to the Service `other`. */
  text(rules: readonly string[]): string
  /** A rule for a path that is right, to the Service `shop`. */
  good(path: string): string
  readonly status?: 503
}

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: shadowplane, listeners: [{name: http, port: 8080, protocol: HTTP}]}
`

const gatewayRoute =
  (kind: string) =>
  (rules: readonly string[]): string => `${gateway}---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: a}
spec:
  parentRefs: [{name: edge}]
  rules:
${[...rules, 'backendRefs: [{name: other, port: 80}]'].map((rule) => `  - {${rule}}\n`).join('')}`

const toShop = 'backendRefs: [{name: shop, port: 80}]'
const gatewayLabels = { 'gateway.networking.k8s.io/gateway-name': 'edge' }

const httpRoute: Dialect = {
  name: 'HTTPRoute',
  labels: gatewayLabels,
  listener: 8080,
  text: gatewayRoute('HTTPRoute'),
  good: (path) => `matches: [{path: {value: ${path}}}], ${toShop}`,
  rules: [
    ...[
      '[{requestMirror: {backendRef: {name: other, port: 80}}}]',
      '[{}]',
      '[null]',
      '{type: RequestMirror}',
      '[{type: URLRewrite, urlRewrite: {hostname: 5}}]',
    ].map(
      (filters) => (path: string) => `matches: [{path: {value: ${path}}}], filters: ${filters}, ${toShop}`,
    ),
    (path) => `matches: [{path: {value: ${path}}}], backendRefs: shop`,
    (path) => `matches: [{path: {value: ${path}}}], backendRef: [{name: shop, port: 80}]`,
    (path) => `matches: [{path: {value: ${path}}}], unknown: 5s, ${toShop}`,
    (path) => `match: [{path: {value: ${path}}}], ${toShop}`,
    (path) => `matches: {path: {value: ${path}}}, ${toShop}`,
    (path) => `matches: [{path: {type: Prefix, value: ${path}}}], ${toShop}`,
    (path) => `matches: [{path: {type: exact, value: ${path}}}], ${toShop}`,
    (path) => `matches: [{path: {value: ${path.slice(1)}}}], ${toShop}`,
    (path) => `matches: [{path: "${path}"}], ${toShop}`,
    (path) => `matches: ["${path}"], ${toShop}`,
    (path) => `matches: [{paht: {value: ${path}}}], ${toShop}`,
    (path) => `matches: [{path: {value: ${path}}, method: get}], ${toShop}`,
    (path) =>
      `matches: [{path: {value: ${path}}, headers: [{name: x-a, type: Regex, value: ".*"}]}], ${toShop}`,
    (path) => `matches: [{path: {value: ${path}}, headers: {x-a: x}}], ${toShop}`,
    (path) =>
      `matches: [{path: {value: ${path}}}, {path: {type: RegularExpression, value: "("}}], filters: [{}], ` +
      toShop,
  ],
}

const grpcRoute: Dialect = {
  name: 'GRPCRoute',
  labels: gatewayLabels,
  listener: 8080,
  text: gatewayRoute('GRPCRoute'),
  status: 503,
  good: (path) => `matches: [{method: {service: s${path.slice(1)}}}], ${toShop}`,
  rules: [
    (path) =>
      `matches: [{method: {service: s${path.slice(1)}}}], filters: [{requestMirror: {backendRef: {name: ` +
      `other, port: 80}}}], ${toShop}`,
    (path) => `matches: [{method: {service: s${path.slice(1)}}}], backendRefs: shop`,
    (path) => `matches: [{method: "s${path.slice(1)}/Get"}], ${toShop}`,
    (path) => `matches: [{method: {type: Prefix, service: s${path.slice(1)}}}], ${toShop}`,
  ],
}

const istio: Dialect = {
  name: 'VirtualService',
  labels: { istio: 'ingressgateway' },
  listener: 80,
  good: (path) => `match: [{uri: {prefix: ${path}}}], route: [{destination: {host: shop}}]`,
  text: (rules) =>
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
    `hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
${[...rules, 'route: [{destination: {host: other}}]'].map((rule) => `  - {${rule}}\n`).join('')}`,
  rules: [
    ...[
      'route: web',
      'route: [{host: shop}]',
      'route: [{destination: shop}]',
      'mirror: {host: shop}',
      'routes: [{destination: {host: shop}}]',
      'timeout: 5, route: [{destination: {host: shop}}]',
      'route: [null]',
    ].map((action) => (path: string) => `match: [{uri: {prefix: ${path}}}], ${action}`),
    (path) => `match: {uri: {prefix: ${path}}}, route: [{destination: {host: shop}}]`,
    (path) => `match: [{uri: {prefx: ${path}}}], route: [{destination: {host: shop}}]`,
    (path) => `match: [{uri: ${path}}], route: [{destination: {host: shop}}]`,
    (path) => `matches: [{uri: {prefix: ${path}}}], route: [{destination: {host: shop}}]`,
    (path) => `match: [{uri: {prefix: ${path}}, headers: {x-a: x}}], route: [{destination: {host: shop}}]`,
    (path) => `match: [{uri: {prefix: ${path}}}, {uri: {regex: "("}}], route: [{destination: {host: shop}}]`,
  ],
}

const gloo: Dialect = {
  name: 'Gloo VirtualService',
  labels: { 'gateway-proxy-id': 'gateway-proxy' },
  listener: 8080,
  good: (path) =>
    `matchers: [{prefix: ${path}}], routeAction: {single: {kube: {ref: {name: shop}, port: 80}}}`,
  text: (rules) => `apiVersion: gateway.solo.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  virtualHost:
    domains: ["*"]
    routes:
${[...rules, 'routeAction: {single: {kube: {ref: {name: other}, port: 80}}}'].map((rule) => `    - {${rule}}\n`).join('')}`,
  rules: [
    ...[
      'routeAction: shop',
      'routeAction: {single: {kube: {ref: shop, port: 80}}}',
      'routeActions: {}',
      'options: {}',
      'routeAction: {multi: {destinations: [{weight: 5}]}}',
    ].map((action) => (path: string) => `matchers: [{prefix: ${path}}], ${action}`),
    (path) => `matchers: {prefix: ${path}}, routeAction: {single: {kube: {ref: {name: shop}, port: 80}}}`,
    (path) => `matchers: [{prefx: ${path}}], routeAction: {single: {kube: {ref: {name: shop}, port: 80}}}`,
    (path) => `match: [{prefix: ${path}}], routeAction: {single: {kube: {ref: {name: shop}, port: 80}}}`,
    (path) =>
      `matchers: [{prefix: ${path}, methods: GET}], routeAction: {single: {kube: {ref: {name: shop}, ` +
      `port: 80}}}`,
  ],
}

const emissary: Dialect = {
  name: 'Mapping',
  labels: { ambassador_id: 'default' },
  listener: 8080,
  good: (path) => `hostname: "*", prefix: ${path}, service: shop`,
  text: (rules) =>
    [...rules, 'hostname: "*", prefix: /, service: other']
      .map(
        (rule, index) =>
          `---\napiVersion: getambassador.io/v3alpha1\nkind: Mapping\nmetadata: {name: m${index}}\nspec: ` +
          `{${rule}}\n`,
      )
      .join(''),
  rules: [
    ...[
      'service: 5',
      'servce: shop',
      'service: shop, host_redirect: maybe',
      'service: shop, grpc: yes-please',
      'service: shop, weight: ten',
    ].map((fields) => (path: string) => `hostname: "*", prefix: ${path}, ${fields}`),
  ],
}

interface Edge {
  readonly serving: Serving
  readonly proxy: RealProxy
  readonly shop: LoggedBackend
  readonly other: LoggedBackend
}

async function edge(dialect: Dialect, text: string): Promise<Edge> {
  const [shop, other] = [await loggedBackend('shop'), await loggedBackend('other')]
  const serving = await serve({ 'edge.yaml': text, 'services.yaml': service(shop) + service(other) })
  const proxy = await realProxy({
    role: 'gateway',
    namespace: 'default',
    labels: dialect.labels,
    xds: serving.xds,
    listener: dialect.listener,
  })
  return { serving, proxy, shop, other }
}

const requestFor = ({ name }: Dialect, path: string) =>
  name === 'GRPCRoute'
    ? { path: `/s${path.slice(1)}/Get`, host: 'a.example', method: 'POST', headers: { 'x-a': '1' } }
    : { path, host: 'a.example', headers: { 'x-a': '1' } }

describe.each([httpRoute, grpcRoute, istio, gloo, emissary])('$name', (dialect) => {
  const failure = dialect.status ?? 500

  test(
    'the requests of a rule with a mistake are answered with an error, and never go to the backend of ' +
      'another rule',
    async () => {
      const { proxy, shop, other } = await edge(
        dialect,
        dialect.text(dialect.rules.map((rule, index) => rule(`/${index}`))),
      )
      const answers: (readonly [string, number])[] = []
      for (const [index, rule] of dialect.rules.entries())
        answers.push([rule(`/${index}`), (await proxy.ask(requestFor(dialect, `/${index}`))).status])
      expect(answers).toEqual(dialect.rules.map((rule, index) => [rule(`/${index}`), failure]))
      expect((await proxy.ask(requestFor(dialect, '/others'))).backend).toBe('other')
      expect([shop.arrivals.length, other.arrivals.length]).toEqual([0, 1])
    },
    60_000,
  )

  test('the last good version stays in force, and after a restart the requests are answered with an error', async () => {
    const good = dialect.text([dialect.good('/0')])
    const bad = dialect.text([dialect.rules[0]?.('/0') ?? ''])
    const { serving, proxy } = await edge(dialect, good)
    expect((await proxy.ask(requestFor(dialect, '/0'))).backend).toBe('shop')
    await serving.write({ 'edge.yaml': bad })
    expect(
      await lastFound(
        (texts) => texts.some((text) => text.includes('the last good version stays in force')),
        () => serving.texts(),
      ),
    ).toContainEqual(expect.stringContaining('stays in force'))
    expect((await proxy.ask(requestFor(dialect, '/0'))).backend).toBe('shop')
    const restarted = await edge(dialect, bad)
    expect(restarted.serving.texts()).toContainEqual(expect.stringContaining(`are answered with ${failure}`))
    expect((await restarted.proxy.ask(requestFor(dialect, '/0'))).status).toBe(failure)
  }, 60_000)
})

/** Mistakes outside of the rules, as replacements in the text of an object for the host `a.example`. */
const outside: readonly (readonly [name: string, dialect: Dialect, from: string, to: string])[] = [
  ['HTTPRoute', httpRoute, '  rules:', '  unknown: 1\n  rules:'],
  ['HTTPRoute', httpRoute, '  rules:', '  rulse:'],
  ['HTTPRoute', httpRoute, 'hostnames: [a.example]', 'hostnames: a.example'],
  ['HTTPRoute', httpRoute, 'hostnames: [a.example]', 'hostname: [a.example]'],
  ['GRPCRoute', grpcRoute, '  rules:', '  rule:'],
  ['VirtualService', istio, '  gateways: [edge]', '  gateway: [edge]'],
  ['VirtualService', istio, '  http:', '  unknown: 1\n  http:'],
  ['VirtualService', istio, '  http:', '  https:'],
  ['Gloo VirtualService', gloo, '  virtualHost:', '  unknown: 1\n  virtualHost:'],
  ['Gloo VirtualService', gloo, '  virtualHost:', '  virtualHosts:'],
  ['Gloo VirtualService', gloo, '    routes:', '    unknown: 1\n    routes:'],
  ['Gloo VirtualService', gloo, '    routes:', '    options: 5\n    routes:'],
  ['Gloo VirtualService', gloo, '    routes:', '    route:'],
  ['Gloo VirtualService', gloo, 'domains: [a.example]', 'domains: a.example'],
  ['Gloo VirtualService', gloo, 'domains: [a.example]', 'domain: [a.example]'],
]

test.each(outside)(
  'a mistake outside of the rules of %s: %#',
  async (...[, dialect, from, to]) => {
    const first = dialect.text([dialect.good('/0')])
    const named = first
      .replace(/name: a}/, 'name: b}')
      .replace('domains: ["*"]', 'domains: [a.example]')
      .replace('hosts: ["*"]\n  gateways', 'hosts: [a.example]\n  gateways')
      .replace('  parentRefs: [{name: edge}]', '  parentRefs: [{name: edge}]\n  hostnames: [a.example]')
      .replace(/^[^]*?---\n/, '')
    expect(named).toContain(from)
    const { serving, proxy, shop, other } = await edge(dialect, `${first}---\n${named.replace(from, to)}`)
    const failure = dialect.status ?? 500
    expect(serving.texts()).toContainEqual(
      expect.stringContaining(`requests that it matches are answered with ${failure}`),
    )
    expect((await proxy.ask(requestFor(dialect, '/0'))).status).toBe(failure)
    expect((await proxy.ask(requestFor(dialect, '/others'))).status).toBe(failure)
    expect([shop.arrivals, other.arrivals]).toEqual([[], []])
    expect((await proxy.ask({ ...requestFor(dialect, '/0'), host: 'b.example' })).backend).toBe('shop')
  },
  60_000,
)

test.each([
  { field: 'unknown: 1', list: 'routes', paths: ['/api/0'] },
  { field: 'weight: ten', list: 'routes', paths: ['/api/0'] },
  { field: '', list: 'route', paths: ['/api/0'] },
  // Everything that is delegated to it, as no routes are found.
  { field: '', list: 'all', paths: ['/api/0', '/api/1'] },
])(
  'a mistake outside of the routes of a RouteTable: $field $list',
  async ({ field, list, paths }) => {
    const delegates = ['matchers: [{prefix: /api}], delegateAction: {ref: {name: api}}']
    const table = `---
apiVersion: gateway.solo.io/v1
kind: RouteTable
metadata: {name: api}
spec:
  ${field}
  ${list}:
  - {${gloo.good('/api/0')}}
`
    const { serving, proxy, shop, other } = await edge(gloo, gloo.text(delegates) + table)
    expect(serving.texts()).toContainEqual(
      expect.stringContaining('requests that it matches are answered with 500'),
    )
    for (const path of paths) expect((await proxy.ask(requestFor(gloo, path))).status).toBe(500)
    expect((await proxy.ask(requestFor(gloo, '/others'))).backend).toBe('other')
    expect([shop.arrivals.length, other.arrivals.length]).toEqual([0, 1])
  },
  60_000,
)
