import { describe, expect, test } from 'vitest'
import { endpoints, gatewayProxy, mirrors, serve } from '../support/serving.ts'
import { inEachDialect, inEveryDialect, onlyInIstio } from './dialect.ts'
import { endpointSlice, istioGateway, istioRoute, services, shadow } from './ground.ts'
import { copyTo, shopWith } from './intent.ts'
import { mirrored, watch } from './mirrored.ts'

describe('the endpoints of a mirror come and go without touching a route', () => {
  inEachDialect(
    {
      istio: `${istioGateway}---\n${istioRoute('mirror: {host: shadow}')}`,
      ...onlyInIstio('the second describe of this file has it in every dialect'),
    },
    (written) => {
      test.each(['delta', 'sotw'] as const)('over %s', async (mode) => {
        const serving = await serve({ 'services.yaml': services, 'route.yaml': written })
        const proxy = await serving.proxy(gatewayProxy, mode)
        expect(mirrors(proxy)).toEqual([{ cluster: shadow, millionths: 1_000_000 }])
        expect(endpoints(proxy, shadow)).toEqual([])
        const responses = proxy.responses.length

        await serving.write({ 'pods.yaml': endpointSlice('shadow', { '10.0.0.1': 'v1', '10.0.0.2': 'v1' }) })
        await proxy.until('two endpoints', (each) => endpoints(each, shadow).length === 2)
        await serving.write({ 'pods.yaml': endpointSlice('shadow', { '10.0.0.2': 'v1' }) })
        await proxy.until('one endpoint', (each) => endpoints(each, shadow).length === 1)
        await serving.remove('pods.yaml')
        await proxy.until('none', (each) => endpoints(each, shadow).length === 0)

        expect(proxy.responses.slice(responses).map(({ type }) => type)).toEqual([
          'endpoint',
          'endpoint',
          'endpoint',
        ])
        expect(mirrors(proxy)).toEqual([{ cluster: shadow, millionths: 1_000_000 }])
      })
    },
  )
})

describe('Pods of a mirror come and go without touching a route', () => {
  inEveryDialect((dialect) => {
    test('one more, then the first no more', async () => {
      const { serving, proxy, visible, becomes } = await watch(
        dialect,
        mirrored(dialect, { to: 'lab', percentage: 100 }),
      )
      expect(visible()).toEqual(shopWith(copyTo('lab')))
      const responses = proxy.responses.length
      await serving.write({
        'more.yaml': endpointSlice('lab', { '10.0.9.1': 'v1' }).replace('name: lab-1,', 'name: lab-2,'),
      })
      await becomes(shopWith(copyTo('10.0.2.1:8080,10.0.9.1:8080')))
      await serving.remove('more.yaml')
      await becomes(shopWith(copyTo('lab')))
      expect(new Set(proxy.responses.slice(responses).map(({ type }) => type))).toEqual(new Set(['endpoint']))
    })
  })
})
