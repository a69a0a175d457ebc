import { describe, expect, test } from 'vitest'
import { gatewayProxy, mirrors, serve } from '../support/serving.ts'
import { inEachDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, lab, services, shadow } from './ground.ts'

describe('requests are copied to several services, to each its own share', () => {
  inEachDialect(
    {
      istio: `${istioGateway}---\n${istioRoute(`
mirrors:
- destination: {host: shadow}
  percentage: {value: 10}
- destination: {host: lab}
  percentage: {value: 2.5}
- destination: {host: lab, port: {number: 80}}
  percentage: {value: 0}`)}`,
      ...onlyInIstio('the intent "two mirrors" has it in each dialect that can say it'),
    },
    (written) => {
      test.each(['delta', 'sotw'] as const)('over %s', async (mode) => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written })
        expect(mirrors(await serving.proxy(gatewayProxy, mode))).toEqual([
          { cluster: shadow, millionths: 100_000 },
          { cluster: lab, millionths: 25_000 },
        ])
      })
    },
  )
})
