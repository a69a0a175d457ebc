import { describe, expect, test } from 'vitest'
import { configure, gateway } from '../../support/configuration.ts'

const services = ['shop', 'shop-v2']
  .map(
    (name) => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: team-a}
spec: {ports: [{name: http, port: 8080}, {name: admin, port: 9090}]}
---`,
  )
  .join('')

function virtualService(action: string, options = ''): string {
  return `
apiVersion: gateway.solo.io/v1
kind: VirtualService
metadata: {name: edge, namespace: gloo-system}
spec:
  virtualHost:
    domains: ["*"]
    routes:
    - matchers: [{prefix: /}]
      ${options}
      routeAction: {${action}}
`
}

/** Clusters of the one route: of its requests, and of its copies. */
function clusters(text: string): readonly string[] {
  return configure(services + text)
    .routes(gateway)
    .flatMap(({ route }) => [
      route?.cluster ?? '',
      ...(route?.weighted_clusters?.clusters ?? []).map(({ name }) => name ?? ''),
      ...(route?.request_mirror_policies ?? []).map(({ cluster = '' }) => cluster),
    ])
    .filter((each) => each !== '')
}

function found(text: string): readonly string[] {
  return configure(services + text)
    .found.filter((each) => each.includes('unknown-host'))
    .map((each) => each.replace(/^\S+ /, ''))
}

const single = (name: string): string => `single: {upstream: {name: ${name}}}`

describe("<namespace>-<service>-<port> is the Upstream that Gloo's discovery makes of a Service", () => {
  test('as the destination and as the shadow of a VirtualService', () => {
    const text = virtualService(
      single('team-a-shop-8080'),
      'options: {shadowing: {upstream: {name: team-a-shop-v2-9090}, percentage: 100}}',
    )
    expect(clusters(text)).toEqual([
      'outbound|8080||shop.team-a.svc.cluster.local',
      'outbound|9090||shop-v2.team-a.svc.cluster.local',
    ])
    expect(found(text)).toEqual([])
  })

  test('in an UpstreamGroup', () => {
    const group =
      `---
apiVersion: gloo.solo.io/v1
kind: UpstreamGroup
metadata: {name: shops, namespace: gloo-system}
spec: {destinations: [{destination: {upstream: {name: team-a-shop-8080}}, weight: 1}, {destination: ` +
      `{upstream: {name: team-a-shop-v2-8080}}, weight: 1}]}
`
    expect(clusters(virtualService('upstreamGroup: {name: shops}') + group)).toEqual([
      'outbound|8080||shop.team-a.svc.cluster.local',
      'outbound|8080||shop-v2.team-a.svc.cluster.local',
    ])
  })

  test('as the shadow of a RouteOption', () => {
    const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: gloo-gateway, listeners: [{name: http, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: default}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: here, port: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: here}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: gateway.solo.io/v1
kind: RouteOption
metadata: {name: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop}]
  options: {shadowing: {upstream: {name: team-a-shop-v2-8080, namespace: gloo-system}, percentage: 100}}
`
    expect(clusters(text)).toEqual([
      'outbound|80||here.default.svc.cluster.local',
      'outbound|8080||shop-v2.team-a.svc.cluster.local',
    ])
  })

  test('an Upstream of that name wins', () => {
    const upstream =
      '---\napiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {name: team-a-shop-8080, namespace: ' +
      'gloo-system}\nspec: {static: {hosts: [{addr: 10.0.0.1, port: 80}]}}\n'
    expect(clusters(virtualService(single('team-a-shop-8080')) + upstream)).toEqual([
      'team-a-shop-8080_gloo-system',
    ])
  })

  test('a port that the Service does not have is named', () => {
    const text = virtualService(single('team-a-shop-80'))
    expect(found(text)).toEqual([
      'route/unknown-host there is no Upstream gloo-system/team-a-shop-80: requests for it are answered ' +
        'with 503',
    ])
    const { pipeline } = configure(services + text)
    expect(
      pipeline.read
        .entries(pipeline.findings)
        .flatMap(([, each]) => each)
        .find(({ code }) => code === 'route/unknown-host')?.hint,
    ).toBe('Service team-a/shop has port 8080, 9090')
  })
})
