import { describe, expect, test } from 'vitest'
import { endpoints, gatewayProxy, mirrors, primaries, serve } from '../support/serving.ts'
import { inEachDialect, onlyInIstio } from './dialect.ts'
import { endpointSlice, istioGateway, istioRoute, services, shop } from './ground.ts'

const v2 = 'outbound|80|v2|shop.default.svc.cluster.local'

describe('requests are copied to the next version of the same service', () => {
  inEachDialect(
    {
      istio: `${istioGateway}---\n${istioRoute('mirror: {host: shop, subset: v2}\nmirrorPercentage: {value: 10}')}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec: {host: shop, subsets: [{name: v2, labels: {version: v2}}]}
`,
      ...onlyInIstio('the intent "next version" has it: subsets are a word of Istio'),
    },
    (written) => {
      test('only Pods of that version get them', async () => {
        const serving = await serve({
          'services.yaml': services,
          'pods.yaml': endpointSlice('shop', { '10.0.0.1': 'v1', '10.0.0.2': 'v2' }),
          'route.yaml': written,
        })
        const proxy = await serving.proxy(gatewayProxy)
        expect(mirrors(proxy)).toEqual([{ cluster: v2, millionths: 100_000 }])
        expect(primaries(proxy)).toEqual([shop])
        expect(endpoints(proxy, v2)).toEqual(['10.0.0.2:8080'])
        expect(endpoints(proxy, shop)).toEqual(['10.0.0.1:8080', '10.0.0.2:8080'])
        expect(serving.mistakes()).toEqual([])
      })
    },
  )
})
