import { describe, expect, test } from 'vitest'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { lastFound } from '../support/last-found.ts'
import { realProxy } from '../support/real-proxy.ts'
import type { RealProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'
import type { Serving } from '../support/serving.ts'

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: shadowplane, listeners: [{name: http, port: 8080, protocol: HTTP}]}
`

/** A Service with one real endpoint. */
const service = (namespace: string, { name, port }: LoggedBackend): string => `---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
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

const grant = (from: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: edge, namespace: web}
spec:
  from: [{group: gateway.networking.k8s.io, kind: ${from}, namespace: default}]
  to: [{group: "", kind: Service}]
`

const foreign = '{name: web, namespace: web, port: 80}'
const own = '{name: shop, port: 80}'

interface Edge {
  readonly serving: Serving
  readonly proxy: RealProxy
  readonly shop: LoggedBackend
  /** The backend of the namespace `web`. */
  readonly web: LoggedBackend
}

async function edge(routes: string): Promise<Edge> {
  const [shop, web] = [await loggedBackend('shop'), await loggedBackend('web')]
  const serving = await serve({
    'edge.yaml': gateway + service('default', shop) + service('web', web) + routes,
  })
  const proxy = await realProxy({
    role: 'gateway',
    namespace: 'default',
    labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
    xds: serving.xds,
    listener: 8080,
  })
  return { serving, proxy, shop, web }
}

/** The statuses of many requests, without repetition. */
async function statuses(proxy: RealProxy, path: string, host = 'a.example'): Promise<readonly number[]> {
  return [...new Set((await proxy.askTimes(60, { path, host })).map(({ status }) => status))].toSorted(
    (a, b) => a - b,
  )
}

describe('a backend that no ReferenceGrant permits', () => {
  test.each([
    ['HTTPRoute', 'matches: [{path: {value: /shop.v1.Orders/}}]', 500],
    ['GRPCRoute', 'matches: [{method: {service: shop.v1.Orders}}]', 503],
  ])(
    'gets no request of a %s until one does, and none after the grant is deleted',
    async (kind, match, failure) => {
      const { serving, proxy, web } = await edge(route(kind, 'a', [`${match}, backendRefs: [${foreign}]`]))
      const path = '/shop.v1.Orders/Get'
      expect(await statuses(proxy, path)).toEqual([failure])
      await serving.write({ 'grant.yaml': grant(kind) })
      expect(
        await lastFound(
          (found) => found === 200,
          async () => (await proxy.ask({ path, host: 'a.example' })).status,
        ),
      ).toBe(200)
      await serving.remove('grant.yaml')
      expect(
        await lastFound(
          (found) => found === failure,
          async () => (await proxy.ask({ path, host: 'a.example' })).status,
        ),
      ).toBe(failure)
      const before = web.arrivals.length
      expect(await statuses(proxy, path)).toEqual([failure])
      expect(web.arrivals).toHaveLength(before)
    },
    60_000,
  )

  test('is not reached through an ExternalName either', async () => {
    const externalName = (name: string, target: string): string =>
      `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {type: ExternalName, ` +
      `externalName: ${target}, ports: [{port: 80}]}\n`
    const { proxy, web } = await edge(
      externalName('alias', 'web.web.svc.cluster.local') +
        externalName('local', 'shop.default.svc.cluster.local') +
        route('HTTPRoute', 'a', [
          'matches: [{path: {value: /foreign}}], backendRefs: [{name: alias, port: 80}]',
          'matches: [{path: {value: /local}}], backendRefs: [{name: local, port: 80}]',
        ]),
    )
    expect([await statuses(proxy, '/foreign'), await statuses(proxy, '/local')]).toEqual([[500], [200]])
    expect(web.arrivals).toEqual([])
  }, 60_000)

  test('is answered with 500 for its share, and a mirror to it copies nothing', async () => {
    const { proxy, shop, web } = await edge(
      route('HTTPRoute', 'a', [
        `matches: [{path: {value: /share}}], backendRefs: [${own}, ${foreign}]`,
        `matches: [{path: {value: /all}}], backendRefs: [${foreign}, ` +
          `${foreign.replace('80', '80, weight: 3')}]`,
        `matches: [{path: {value: /mirror}}], filters: [{type: RequestMirror, requestMirror: {backendRef: ` +
          `${foreign}}}], backendRefs: [${own}]`,
        `matches: [{path: {value: /copied}}], filters: [{type: RequestMirror, requestMirror: {backendRef: ` +
          `${own}}}], backendRefs: [${foreign}]`,
      ]),
    )
    expect(await statuses(proxy, '/share')).toEqual([200, 500])
    expect(await statuses(proxy, '/all')).toEqual([500])
    expect(await statuses(proxy, '/mirror')).toEqual([200])
    expect(await statuses(proxy, '/copied')).toEqual([500])
    await proxy.settled()
    expect(web.arrivals).toEqual([])
    expect(new Set(shop.arrivals.map(({ url }) => url))).toEqual(new Set(['/share', '/mirror']))
  }, 60_000)
})

test(
  'a backend with a filter that cannot be applied to it alone gets no request, and the other backends ' +
    'get theirs',
  async () => {
    const filters = [
      '{type: ExtensionRef, extensionRef: {group: example.com, kind: Filter, name: x}}',
      '{type: URLRewrite, urlRewrite: {hostname: b.example}}',
      '{type: RequestRedirect, requestRedirect: {hostname: b.example}}',
      '{type: ExternalAuth, externalAuth: {}}',
      '{type: Unknown}',
      '{type: URLRewrite}',
    ]
    const filtered = (filter: string): string => own.replace('80', `80, filters: [${filter}]`)
    const { proxy, shop, web } = await edge(
      route(
        'HTTPRoute',
        'a',
        filters.map(
          (filter, index) =>
            `matches: [{path: {value: /alone/${index}}}], backendRefs: [${filtered(filter)}]`,
        ),
      ) +
        route(
          'HTTPRoute',
          'b',
          filters.map(
            (filter, index) =>
              `matches: [{path: {value: /share/${index}}}], backendRefs: [${filtered(filter)}, {name: ` +
              `shop, port: 80, filters: [
      {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-whole, value: "1"}]}}]}]`,
          ),
        ),
    )
    for (const index of filters.keys()) {
      expect(await statuses(proxy, `/alone/${index}`)).toEqual([500])
      expect(await statuses(proxy, `/share/${index}`, 'b.example')).toEqual([200, 500])
    }
    expect(new Set(shop.arrivals.map(({ headers }) => headers['x-whole']))).toEqual(new Set(['1']))
    expect(web.arrivals).toEqual([])
  },
  60_000,
)
