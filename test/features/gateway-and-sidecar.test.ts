import { describe, expect, test } from 'vitest'
import { gatewayProxy, mirrors, routes, serve, sidecarProxy } from '../support/serving.ts'
import { inEachDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, services, shadow, shadowOfItsOwn } from './ground.ts'

describe('a gateway and a sidecar see the same mirror', () => {
  inEachDialect(
    {
      istio: (percentage: number) => ({
        'gateway.yaml': istioGateway,
        'route.yaml': istioRoute(`mirror: {host: shadow}\nmirrorPercentage: {value: ${percentage}}`),
      }),
      ...onlyInIstio('one object for both is a word of Istio'),
    },
    (written) => {
      test('with one dial, before and after an edit', async () => {
        const serving = await serve({ 'services.yaml': services, ...written(5) })
        const proxies = [
          await serving.proxy(gatewayProxy),
          await serving.proxy(sidecarProxy),
          await serving.proxy(undefined),
          await serving.proxy(gatewayProxy, 'sotw'),
        ]
        // Only a sidecar's client may call the shadow itself.
        expect(proxies.map((proxy) => mirrors(proxy))).toEqual(
          [shadow, shadowOfItsOwn, shadow, shadow].map((cluster) => [{ cluster, millionths: 50_000 }]),
        )
        const dials = proxies.map(
          (proxy) => routes(proxy)[0]?.route?.request_mirror_policies?.[0]?.runtime_fraction?.runtime_key,
        )
        expect(new Set(dials).size).toBe(1)
        await serving.write(written(7))
        for (const proxy of proxies)
          await proxy.until('7 %', (each) => mirrors(each)[0]?.millionths === 70_000)
        const [gateway, sidecar, ...others] = proxies.map((proxy) => routes(proxy)[0]?.route)
        expect(others).toEqual([gateway, gateway])
        expect(JSON.parse(JSON.stringify(sidecar).replace(shadowOfItsOwn, shadow))).toEqual(gateway)
      })
    },
  )
})
