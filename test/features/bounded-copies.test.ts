import { describe, expect, test } from 'vitest'
import { cluster, gatewayProxy, mirrors, primaries, serve, sidecarProxy } from '../support/serving.ts'
import type { EnvoyDouble } from '../support/envoy-double.ts'
import { inEachDialect } from './dialect.ts'
import { istioGateway, istioRoute, services, shadow, shop } from './ground.ts'

const own = 'mirror|80||shadow.default.svc.cluster.local'
const unlimited = { max_connections: 4294967295, max_pending_requests: 4294967295, max_requests: 4294967295, max_retries: 4294967295 }
const limited = { ...unlimited, max_connections: 128, max_pending_requests: 128, max_requests: 256 }

function limits(proxy: EnvoyDouble, name: string) {
  const found = cluster(proxy, name)
  const options = found?.typed_extension_protocol_options?.['envoy.extensions.upstreams.http.v3.HttpProtocolOptions']
  const common = options?.['common_http_protocol_options'] as { readonly max_stream_duration?: string } | undefined
  return { thresholds: found?.circuit_breakers?.thresholds?.[0], maxStreamDuration: common?.max_stream_duration }
}

describe('copies are bounded, and never at the cost of a primary request', () => {
  const route = (annotations: string): string => `${istioGateway}---\n${istioRoute('mirror: {host: shadow}', { annotations })}`
  inEachDialect({
    istio: {
      shared: route('{}'),
      dedicated: route('{shadowplane.io/mirror-clusters: dedicated}'),
      tighter: route('{shadowplane.io/mirror-max-requests: "3", shadowplane.io/mirror-max-stream-duration: 2s}'),
      withPolicy: `${route('{}')}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shadow}
spec: {host: shadow, trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}}
`,
      alsoPrimary: `${route('{}')}---\n${istioRoute('name: direct', { name: 'direct' }).replace('hosts: [shop]', 'hosts: [direct.example]').replace('host: shop', 'host: shadow')}`,
    },
  }, (written) => {
    test('a cluster that only mirrors use has limits', async () => {
      const serving = await serve({ 'services.yaml': services, 'route.yaml': written.shared })
      const proxy = await serving.proxy({ ...gatewayProxy })
      expect(limits(proxy, shadow)).toEqual({ thresholds: limited, maxStreamDuration: '15s' })
      expect(limits(proxy, shop)).toEqual({ thresholds: unlimited, maxStreamDuration: undefined })
    })

    test('other ones if the object says so', async () => {
      const serving = await serve({ 'services.yaml': services, 'route.yaml': written.tighter })
      expect(limits(await serving.proxy(gatewayProxy), shadow)).toEqual({ thresholds: { ...limited, max_requests: 3 }, maxStreamDuration: '2s' })
    })

    test('what the backend’s own policy says counts first', async () => {
      const serving = await serve({ 'services.yaml': services, 'route.yaml': written.withPolicy })
      expect(limits(await serving.proxy(gatewayProxy), shadow)).toEqual({ thresholds: { ...limited, max_connections: 7 }, maxStreamDuration: '15s' })
    })

    test('a cluster that primaries use too is not touched, and that is said', async () => {
      const serving = await serve({ 'services.yaml': services, 'route.yaml': written.alsoPrimary })
      expect(limits(await serving.proxy(gatewayProxy), shadow)).toEqual({ thresholds: unlimited, maxStreamDuration: undefined })
      expect(await serving.told('mirror/unbounded')).toMatch(/^route\.yaml:18:5 info mirror\/unbounded/)
    })

    test('on a sidecar, where every service is a primary, neither', async () => {
      const serving = await serve({ 'services.yaml': services, 'route.yaml': written.shared })
      const proxy = await serving.proxy(sidecarProxy)
      expect(mirrors(proxy)).toEqual([{ cluster: shadow, millionths: 1_000_000 }])
      expect(limits(proxy, shadow)).toEqual({ thresholds: unlimited, maxStreamDuration: undefined })
      expect(await serving.told('mirror/unbounded')).toMatch(/^route\.yaml:18:5 info mirror\/unbounded/)
    })

    test.each([['a sidecar', sidecarProxy], ['a gateway', gatewayProxy]] as const)('on %s mirrors can have a bounded cluster of their own, over the same endpoints', async (_, identity) => {
      const serving = await serve({ 'services.yaml': services, 'route.yaml': written.dedicated })
      const proxy = await serving.proxy(identity)
      expect(mirrors(proxy)).toEqual([{ cluster: own, millionths: 1_000_000 }])
      expect(limits(proxy, own)).toEqual({ thresholds: limited, maxStreamDuration: '15s' })
      expect(limits(proxy, shadow)).toEqual({ thresholds: unlimited, maxStreamDuration: undefined })
      expect(cluster(proxy, own)?.eds_cluster_config?.service_name).toBe(shadow)
      expect(serving.mistakes()).toEqual([])
    })

    test('for all objects, by a flag', async () => {
      const serving = await serve({ 'services.yaml': services, 'route.yaml': written.shared }, { mirrorCluster: 'dedicated' })
      expect(mirrors(await serving.proxy(sidecarProxy))).toEqual([{ cluster: own, millionths: 1_000_000 }])
    })

    test('a mirror that becomes a primary loses its limits, and gets them back', async () => {
      const serving = await serve({ 'services.yaml': services, 'route.yaml': written.shared })
      const proxy = await serving.proxy(gatewayProxy)
      expect(limits(proxy, shadow).maxStreamDuration).toBe('15s')
      await serving.write({ 'route.yaml': written.alsoPrimary })
      await proxy.until('no limits', (each) => limits(each, shadow).maxStreamDuration === undefined)
      await proxy.until('the route', (each) => primaries(each).includes(shadow))
      await serving.write({ 'route.yaml': written.shared })
      await proxy.until('limits', (each) => limits(each, shadow).maxStreamDuration === '15s')
      expect(limits(proxy, shadow).thresholds).toEqual(limited)
    })
  })
})
