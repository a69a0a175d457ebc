import { describe, expect, test } from 'vitest'
import { cluster, gatewayProxy, mirrors, primaries, serve, sidecarProxy } from '../support/serving.ts'
import { inEachDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, services, shadow, shadowOfItsOwn } from './ground.ts'

describe('requests for a host that is not defined are answered with 503, by a cluster that does not exist', () => {
  inEachDialect(
    {
      istio: (destination: string) => ({
        'gateway.yaml': istioGateway,
        'route.yaml': istioRoute('mirror: {host: shadow}').replace('{host: shop}', destination),
      }),
      ...onlyInIstio('test/dialects has what each of the others answers'),
    },
    (written) => {
      test.each([
        [
          '{host: shopp}',
          'outbound|80||shopp.default.svc.cluster.local',
          ['route/unknown-host', 'route.yaml:8:34 '],
        ],
        [
          '{host: shop, subset: v9}',
          'outbound|80|v9|shop.default.svc.cluster.local',
          ['route/unknown-subset', 'route.yaml:8:48 '],
        ],
        [
          '{host: shop, port: {number: 81}}',
          'outbound|81||shop.default.svc.cluster.local',
          ['route/unknown-port', 'route.yaml:8:55 '],
        ],
      ] as const)('%s', async (destination, name, [code, place]) => {
        const serving = await serve({ 'services.yaml': services, ...written(destination) })
        for (const [identity, mirror] of [
          [gatewayProxy, shadow],
          [sidecarProxy, shadowOfItsOwn],
        ] as const) {
          const proxy = await serving.proxy(identity)
          expect(primaries(proxy)).toEqual([name])
          expect(cluster(proxy, name)).toBeUndefined()
          expect(mirrors(proxy)).toEqual([{ cluster: mirror, millionths: 1_000_000 }])
        }
        expect(await serving.told(code)).toMatch(new RegExp(`^${place}error ${code}  .* answered with 503`))
      })
    },
  )
})
