import { describe, expect, test } from 'vitest'
import { gatewayProxy, mirrors, primaries, serve, sidecarProxy } from '../support/serving.ts'
import { inEachDialect, inEveryDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, services } from './ground.ts'
import { copyTo, shopWith } from './intent.ts'
import { mirrored, watch } from './mirrored.ts'

describe('a document that is deleted takes its routes and mirrors with it', () => {
  inEachDialect(
    {
      istio: { others: istioGateway, route: istioRoute('mirror: {host: shadow}') },
      ...onlyInIstio('the second describe of this file has it in every dialect'),
    },
    ({ others, route }) => {
      test('with its file', async () => {
        const serving = await serve({ 'services.yaml': services, 'others.yaml': others, 'route.yaml': route })
        const [gateway, sidecar] = [await serving.proxy(gatewayProxy), await serving.proxy(sidecarProxy)]
        expect([mirrors(gateway).length, mirrors(sidecar).length]).toEqual([1, 1])
        await serving.remove('route.yaml')
        await gateway.until('no route', (each) => primaries(each).length === 0)
        await sidecar.until('no route of an object', (each) => primaries(each).length === 0)
        expect(JSON.stringify([...gateway.held('route').values()])).not.toContain('request_mirror_policies')
        expect(JSON.stringify([...sidecar.held('route').values()])).toContain(
          'outbound|80||shop.default.svc.cluster.local',
        )
      })

      test('from a file that keeps others', async () => {
        const serving = await serve({ 'services.yaml': services, 'all.yaml': `${others}---\n${route}` })
        const proxy = await serving.proxy(gatewayProxy)
        await serving.write({ 'all.yaml': others })
        await proxy.until('no route', (each) => primaries(each).length === 0)
        expect([...proxy.held('listener').keys()]).toEqual(['0.0.0.0_80'])
      })

      test('also while it is refused', async () => {
        const serving = await serve({ 'services.yaml': services, 'others.yaml': others, 'route.yaml': route })
        const proxy = await serving.proxy(gatewayProxy)
        await serving.write({ 'route.yaml': route.replace('mirror:', 'miror:') })
        await serving.told('field/unknown')
        expect(mirrors(proxy)).toHaveLength(1)
        await serving.remove('route.yaml')
        await proxy.until('no route', (each) => primaries(each).length === 0)
        await serving.resolved('field/unknown')
      })
    },
  )
})

describe('routes that are deleted take their mirrors with them, and come back with them', () => {
  inEveryDialect((dialect) => {
    test('with their file', async () => {
      const files = mirrored(dialect, { to: 'shadow', percentage: 100 })
      const { serving, proxy, visible, becomes } = await watch(dialect, files)
      expect(visible()).toEqual(shopWith(copyTo('shadow')))
      await serving.remove('route.yaml')
      await proxy.until(
        'no route',
        () =>
          visible().primary[0]?.startsWith('404') === true ||
          visible().primary[0]?.startsWith('no connection') === true,
      )
      expect(visible().copies).toEqual([])
      await serving.write({ 'route.yaml': files['route.yaml'] })
      await becomes(shopWith(copyTo('shadow')))
      expect(serving.mistakes()).toEqual([])
    })
  })
})
