import { describe, expect, test } from 'vitest'
import { gatewayProxy, mirrors, primaries, routes, serve } from '../support/serving.ts'
import { inEachDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, services, shadow, shop } from './ground.ts'

describe('a share of the requests is copied to another service', () => {
  inEachDialect(
    {
      istio: (percentage: string) =>
        `${istioGateway}---\n${istioRoute(`mirror: {host: shadow}\nmirrorPercentage: {value: ${percentage}}`)}`,
      ...onlyInIstio('the intents "a quarter" and "a fine share" have it, with what each dialect can write'),
    },
    (written) => {
      test.each([
        ['50', 500_000],
        ['0.57', 5_700],
        ['33.3333', 333_333],
        ['0.0001', 1],
        ['100', 1_000_000],
      ])('%s % is %d millionths', async (percentage, millionths) => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written(percentage) })
        const proxy = await serving.proxy(gatewayProxy)
        expect(mirrors(proxy)).toEqual([{ cluster: shadow, millionths }])
        expect(primaries(proxy)).toEqual([shop])
        expect(serving.mistakes()).toEqual([])
      })

      test('0 % is no mirror', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written('0') })
        const proxy = await serving.proxy(gatewayProxy)
        expect(mirrors(proxy)).toEqual([])
        expect(primaries(proxy)).toEqual([shop])
      })

      test('each mirror has a dial of its own, and is not traced', async () => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written('5') })
        const [route] = routes(await serving.proxy(gatewayProxy))
        expect(route?.route?.request_mirror_policies).toMatchObject([
          {
            runtime_fraction: {
              runtime_key: expect.stringMatching(/^shadowplane\.mirror\.default\.shop\./) as string,
            },
            trace_sampled: false,
          },
        ])
      })
    },
  )
})
