import { describe, expect, test } from 'vitest'
import { cluster, gatewayProxy, mirrors, primaries, serve, sidecarProxy } from '../support/serving.ts'
import type { EnvoyDouble } from '../support/envoy-double.ts'
import { inEachDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, services, shadow, shop } from './ground.ts'

const own = 'mirror|80||shadow.default.svc.cluster.local'
const unlimited = {
  max_connections: 4294967295,
  max_pending_requests: 4294967295,
  max_requests: 4294967295,
  max_retries: 4294967295,
}
const limited = { ...unlimited, max_connections: 128, max_pending_requests: 128, max_requests: 256 }
const bounded = {
  thresholds: limited,
  maxStreamDuration: '15s',
  maxBody: 1_048_576,
  connectionBuffer: 16_384,
  ejects: true,
}
const unbounded = {
  thresholds: unlimited,
  maxStreamDuration: undefined,
  maxBody: undefined,
  connectionBuffer: undefined,
  ejects: false,
}

function limits(proxy: EnvoyDouble, name: string) {
  const found = cluster(proxy, name)
  const options =
    found?.typed_extension_protocol_options?.['envoy.extensions.upstreams.http.v3.HttpProtocolOptions']
  const common = options?.['common_http_protocol_options'] as
    { readonly max_stream_duration?: string } | undefined
  const [buffer, codec] = (options?.['http_filters'] ?? []) as readonly {
    readonly name: string
    readonly typed_config: { readonly max_request_bytes?: number }
  }[]
  if (buffer !== undefined)
    expect([buffer.name, codec?.name]).toEqual([
      'envoy.filters.http.buffer',
      'envoy.filters.http.upstream_codec',
    ])
  return {
    thresholds: found?.circuit_breakers?.thresholds?.[0],
    maxStreamDuration: common?.max_stream_duration,
    maxBody: buffer?.typed_config.max_request_bytes,
    connectionBuffer: found?.per_connection_buffer_limit_bytes,
    ejects: found?.outlier_detection?.consecutive_local_origin_failure === 5,
  }
}

/** A route that sends its requests to the shadow itself. */
const direct = istioRoute('name: direct', { name: 'direct' })
  .replace('hosts: [shop]', 'hosts: [direct.example]')
  .replace('host: shop', 'host: shadow')

describe('copies are bounded, and never at the cost of a primary request', () => {
  const route = (annotations: string): string =>
    `${istioGateway}---\n${istioRoute('mirror: {host: shadow}', { annotations })}`
  inEachDialect(
    {
      istio: {
        plain: route('{}'),
        dedicated: route('{shadowplane.io/mirror-clusters: dedicated}'),
        tighter: route(
          '{shadowplane.io/mirror-max-requests: "3", shadowplane.io/mirror-max-stream-duration: 2s, ' +
            'shadowplane.io/mirror-max-body: 64Ki, shadowplane.io/mirror-connection-buffer: 1Mi}',
        ),
        streamed: route(
          '{shadowplane.io/mirror-max-body: unlimited, shadowplane.io/mirror-outlier-detection: "off"}',
        ),
        shared: route('{shadowplane.io/mirror-clusters: shared}'),
        withPolicy:
          `${route('{}')}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shadow}
spec: {host: shadow, trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}, outlierDetection: ` +
          `{consecutive5xxErrors: 3}}}
`,
        alsoPrimary: `${route('{}')}---\n${direct}`,
        sharedWithPrimary: `${route('{shadowplane.io/mirror-clusters: shared}')}---\n${direct}`,
      },
      ...onlyInIstio(
        'limits are settings and annotations that every dialect shares; test/dialects has their annotations',
      ),
    },
    (written) => {
      test('a cluster that only mirrors use has limits', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written.plain })
        const proxy = await serving.proxy({ ...gatewayProxy })
        expect(limits(proxy, shadow)).toEqual(bounded)
        expect(limits(proxy, shop)).toEqual(unbounded)
      })

      test('other ones if the object says so', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written.tighter })
        expect(limits(await serving.proxy(gatewayProxy), shadow)).toEqual({
          ...bounded,
          thresholds: { ...limited, max_requests: 3 },
          maxStreamDuration: '2s',
          maxBody: 65_536,
          connectionBuffer: 1_048_576,
        })
      })

      test('copies of any size, sent while the request arrives, if the object says so', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written.streamed })
        expect(limits(await serving.proxy(gatewayProxy), shadow)).toEqual({
          ...bounded,
          maxBody: undefined,
          ejects: false,
        })
      })

      test('what the backend’s own policy says counts first', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written.withPolicy })
        expect(limits(await serving.proxy(gatewayProxy), shadow)).toEqual({
          ...bounded,
          thresholds: { ...limited, max_connections: 7 },
          ejects: false,
        })
      })

      test('a cluster that primaries use too is not touched: the mirror has its own', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written.alsoPrimary })
        const proxy = await serving.proxy(gatewayProxy)
        expect(mirrors(proxy)).toEqual([{ cluster: own, millionths: 1_000_000 }])
        expect(limits(proxy, shadow)).toEqual(unbounded)
        expect(limits(proxy, own)).toEqual(bounded)
        expect(serving.mistakes()).toEqual([])
      })

      test('on a sidecar, where every service is a primary, neither', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written.plain })
        const proxy = await serving.proxy(sidecarProxy)
        expect(mirrors(proxy)).toEqual([{ cluster: own, millionths: 1_000_000 }])
        expect(limits(proxy, shadow)).toEqual(unbounded)
        expect(limits(proxy, own)).toEqual(bounded)
      })

      test.each([
        ['a sidecar', sidecarProxy, 'shared'],
        ['a gateway', gatewayProxy, 'sharedWithPrimary'],
      ] as const)(
        'on %s mirrors share it if the object says so, and a finding says that they are unbounded',
        async (_, identity, text) => {
          const serving = await serve({ 'services.yaml': services, 'route.yaml': written[text] })
          const proxy = await serving.proxy(identity)
          expect(mirrors(proxy)).toEqual([{ cluster: shadow, millionths: 1_000_000 }])
          expect(limits(proxy, shadow)).toEqual(unbounded)
          expect(await serving.told('mirror/unbounded')).toMatch(/^route\.yaml:18:5 info mirror\/unbounded/)
        },
      )

      test.each([
        ['a sidecar', sidecarProxy],
        ['a gateway', gatewayProxy],
      ] as const)(
        'on %s mirrors can have a bounded cluster of their own, over the same endpoints',
        async (_, identity) => {
          const serving = await serve({ 'services.yaml': services, 'route.yaml': written.dedicated })
          const proxy = await serving.proxy(identity)
          expect(mirrors(proxy)).toEqual([{ cluster: own, millionths: 1_000_000 }])
          expect(limits(proxy, own)).toEqual(bounded)
          expect(limits(proxy, shadow)).toEqual(unbounded)
          expect(cluster(proxy, own)?.eds_cluster_config?.service_name).toBe(shadow)
          expect(serving.mistakes()).toEqual([])
        },
      )

      test('for all objects, by a flag', async () => {
        const serving = await serve(
          { 'services.yaml': services, 'route.yaml': written.plain },
          { mirrorCluster: 'dedicated' },
        )
        expect(mirrors(await serving.proxy(sidecarProxy))).toEqual([{ cluster: own, millionths: 1_000_000 }])
      })

      test('a shadow that becomes a primary loses its limits, and gets them back; its copies keep them', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written.plain })
        const proxy = await serving.proxy(gatewayProxy)
        expect(limits(proxy, shadow)).toEqual(bounded)
        await serving.write({ 'route.yaml': written.alsoPrimary })
        await proxy.until('a cluster of its own', (each) => mirrors(each)[0]?.cluster === own)
        await proxy.until('no limits', (each) => limits(each, shadow).maxStreamDuration === undefined)
        await proxy.until('the route', (each) => primaries(each).includes(shadow))
        expect(limits(proxy, own)).toEqual(bounded)
        await serving.write({ 'route.yaml': written.plain })
        await proxy.until('limits', (each) => limits(each, shadow).maxStreamDuration === '15s')
        expect(limits(proxy, shadow)).toEqual(bounded)
      })
    },
  )
})
