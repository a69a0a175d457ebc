import { describe, expect, test } from 'vitest'
import { gatewayProxy, mirrors, routes, serve } from '../support/serving.ts'
import { inEachDialect, inEveryDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, services, shadow } from './ground.ts'
import { copyTo, shopWith } from './intent.ts'
import { mirrored, watch } from './mirrored.ts'

describe('an edit of the percentage changes that, and nothing else', () => {
  inEachDialect(
    {
      istio: (percentage: number) => ({
        'route.yaml': `${istioGateway}---\n${istioRoute(`timeout: 3s\nmirror: {host: shadow}\nmirrorPercentage: {value: ${percentage}}`)}`,
      }),
      ...onlyInIstio('the second describe of this file has it in every dialect'),
    },
    (written) => {
      test.each(['delta', 'sotw'] as const)('over %s', async (mode) => {
        const serving = await serve({ 'services.yaml': services, ...written(50) })
        const proxy = await serving.proxy(gatewayProxy, mode)
        const before = JSON.stringify(routes(proxy))
        const responses = proxy.responses.length
        await serving.write(written(10))
        await proxy.until('10 %', (each) => mirrors(each)[0]?.millionths === 100_000)
        expect(JSON.stringify(routes(proxy))).toBe(before.replace('"numerator":500000', '"numerator":100000'))
        expect(proxy.responses.slice(responses).map(({ type, names }) => [type, names])).toEqual([
          ['route', ['http.80']],
        ])
        await serving.write(written(50))
        await proxy.until('50 %', (each) => mirrors(each)[0]?.millionths === 500_000)
        expect(JSON.stringify(routes(proxy))).toBe(before)
        expect(mirrors(proxy)).toEqual([{ cluster: shadow, millionths: 500_000 }])
      })
    },
  )
})

describe('an edit of a whole percentage changes that, and nothing else', () => {
  inEveryDialect((dialect) => {
    test.each(['delta', 'sotw'] as const)('over %s', async (mode) => {
      const { serving, proxy, visible, becomes } = await watch(
        dialect,
        mirrored(dialect, { to: 'shadow', percentage: 50 }),
        { mode },
      )
      expect(visible()).toEqual(shopWith(copyTo('shadow', { millionths: 500_000 })))
      const before = JSON.stringify(routes(proxy))
      const responses = proxy.responses.length
      await serving.write({ 'route.yaml': mirrored(dialect, { to: 'shadow', percentage: 10 })['route.yaml'] })
      await becomes(shopWith(copyTo('shadow', { millionths: 100_000 })))
      expect(JSON.stringify(routes(proxy))).toBe(before.replace('"numerator":500000', '"numerator":100000'))
      expect(proxy.responses.slice(responses).map(({ type, names }) => [type, names.length])).toEqual([
        ['route', 1],
      ])
    })
  })
})
