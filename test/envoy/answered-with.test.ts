import { expect, test } from 'vitest'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'

/** A Service with one real endpoint. */
const service = ({ name, port }: LoggedBackend, namespace = 'default', annotations = ''): string => `---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}, annotations: {${annotations}}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: http, port: ${port}}]
---
`

const hidden = 'networking.istio.io/exportTo: "."'

/** A VirtualService whose rules are for `/0`, `/1` and so on, each to what `routes` say. */
const virtualService = (
  spec: string,
  routes: readonly string[],
): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  ${spec}
  http:
${routes.map((fields, index) => `  - {match: [{uri: {prefix: /${index}}}], ${fields}}\n`).join('')}---
`

const istioGateway =
  `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
  `hosts: ["*"]}]}
---
`

const entry = ({ port }: LoggedBackend): string =>
  `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: web}
spec: {hosts: [web.example], exportTo: ["."], resolution: STATIC, ports: [{number: 80, name: http, ` +
  `protocol: HTTP}], endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]}
---
`

const to = (host: string, more = ''): string => `{destination: {host: ${host}${more}}}`
const web = 'web.web.svc.cluster.local'
const unreachable = [
  `route: [${to(web)}]`,
  `route: [${to('web.example')}]`,
  `route: [${to('shop', ', port: {number: 81}')}]`,
  `route: [${to('shop', ', subset: v9')}]`,
  `route: [${to('nobody')}]`,
]

test(
  'destinations of a VirtualService that a gateway may not see, or that do not exist, get no request ' +
    'and no copy',
  async () => {
    const [shop, secret] = [await loggedBackend('shop'), await loggedBackend('web')]
    const half = `route: [{destination: {host: ${web}}, weight: 50}, {destination: {host: shop}, weight: 50}]`
    const mirrored = `route: [${to('shop')}], mirrors: [${to(web)}, ${to('web.example')}]`
    const text =
      istioGateway + virtualService('hosts: ["*"]\n  gateways: [edge]', [...unreachable, half, mirrored])
    const serving = await serve({
      'edge.yaml': text + entry(secret),
      'services.yaml': service(shop) + service(secret, 'web', hidden),
    })
    expect(serving.mistakes()).toEqual([
      'mirror/hidden-host',
      'mirror/hidden-host',
      'route/hidden-host',
      'route/hidden-host',
      'route/hidden-host',
      'route/unknown-host',
      'route/unknown-port',
      'route/unknown-subset',
    ])
    const proxy = await realProxy({
      role: 'gateway',
      namespace: 'default',
      labels: { istio: 'ingressgateway' },
      xds: serving.xds,
      listener: 80,
    })
    const statuses = await Promise.all(
      unreachable.map(async (_, index) => (await proxy.ask({ path: `/${index}`, host: 'a.example' })).status),
    )
    expect(statuses).toEqual(unreachable.map(() => 503))
    expect(
      new Set((await proxy.askTimes(60, { path: '/5', host: 'a.example' })).map(({ status }) => status)),
    ).toEqual(new Set([200, 503]))
    expect((await proxy.ask({ path: '/6', host: 'a.example' })).status).toBe(200)
    await proxy.settled()
    expect(secret.arrivals).toEqual([])
  },
  60_000,
)

test(
  "destinations of Gloo's routes that do not exist, or are not supported, are answered with 503, and " +
    'the others get their share',
  async () => {
    const shop = await loggedBackend('shop')
    const shopOnly = '{kube: {ref: {name: shop}, port: 80}}'
    const actions = [
      'single: {upstream: {name: nobody}}',
      'single: {upstream: {name: lambda}}',
      'single: {consul: {serviceName: x}}',
      'clusterHeader: x-cluster',
      'upstreamGroup: {name: nobody}',
      'single: {kube: {ref: {name: nobody}, port: 80}}',
      'single: {kube: {ref: {name: shop}, port: 81}}',
      `multi: {destinations: [{destination: ${shopOnly}, weight: 1}, {destination: {upstream: {name: ` +
        `nobody}}, weight: 1}]}`,
      'upstreamGroup: {name: half}',
    ]
    const text = `apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: lambda}
spec: {aws: {region: eu}}
---
apiVersion: gloo.solo.io/v1
kind: UpstreamGroup
metadata: {name: half}
spec: {destinations: [{destination: ${shopOnly}, weight: 1}, {destination: {upstream: shop}, weight: 1}]}
---
apiVersion: gateway.solo.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  virtualHost:
    domains: ["*"]
    routes:
${actions.map((action, index) => `    - {matchers: [{prefix: /${index}}], routeAction: {${action}}}\n`).join('')}    - {routeAction: {single: ${shopOnly}}}
`
    const serving = await serve({ 'a.yaml': text, 'services.yaml': service(shop) })
    const proxy = await realProxy({
      role: 'gateway',
      namespace: 'default',
      labels: { 'gateway-proxy-id': 'gateway-proxy' },
      xds: serving.xds,
      listener: 8080,
    })
    const found = await Promise.all(
      actions.map(async (_, index) =>
        [
          ...new Set(
            (await proxy.askTimes(40, { path: `/${index}`, host: 'a.example' })).map(({ status }) => status),
          ),
        ].toSorted((a, b) => a - b),
      ),
    )
    expect(found).toEqual(actions.map((_, index) => (index < 7 ? [503] : [200, 503])))
    expect(new Set(shop.arrivals.map(({ url }) => url))).toEqual(new Set(['/7', '/8']))
  },
  60_000,
)
