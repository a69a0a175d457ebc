import { describe, expect, test } from 'vitest'
import { gatewayProxy, mirrors, serve } from '../support/serving.ts'
import { inEachDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, lab, services, shadow } from './ground.ts'

describe('of an object that stands in two places the first counts, and the other is said', () => {
  inEachDialect(
    {
      istio: { others: istioGateway, to: (host: string) => istioRoute(`mirror: {host: ${host}}`) },
      ...onlyInIstio('sources find it before a dialect reads the object'),
    },
    ({ others, to }) => {
      test('in two files the first by path', async () => {
        const serving = await serve({
          'services.yaml': services,
          'others.yaml': others,
          'b.yaml': to('lab'),
          'a.yaml': to('shadow'),
        })
        const proxy = await serving.proxy(gatewayProxy)
        expect(mirrors(proxy).map(({ cluster }) => cluster)).toEqual([shadow])
        const text = await serving.told('manifest/duplicate')
        expect(text).toMatch(/^b\.yaml:3:18 error manifest\/duplicate/)
        expect(text).toContain('is defined at a.yaml:3 and again at b.yaml:3; the first definition is used')
      })

      test('in one file the first by position', async () => {
        const serving = await serve({
          'services.yaml': services,
          'others.yaml': others,
          'route.yaml': `${to('shadow')}---\n${to('lab')}`,
        })
        expect(mirrors(await serving.proxy(gatewayProxy)).map(({ cluster }) => cluster)).toEqual([shadow])
      })

      test('when the first goes the other counts', async () => {
        const serving = await serve({
          'services.yaml': services,
          'others.yaml': others,
          'b.yaml': to('lab'),
          'a.yaml': to('shadow'),
        })
        const proxy = await serving.proxy(gatewayProxy)
        await serving.told('manifest/duplicate')
        await serving.remove('a.yaml')
        await proxy.until('the other', (each) => mirrors(each)[0]?.cluster === lab)
        expect(mirrors(proxy).map(({ cluster }) => cluster)).toEqual([lab])
        await serving.resolved('manifest/duplicate')
      })
    },
  )
})
