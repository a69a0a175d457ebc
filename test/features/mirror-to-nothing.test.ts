import { describe, expect, test } from 'vitest'
import type { Code } from '../../src/diagnostics/codes.ts'
import { gatewayProxy, mirrors, primaries, serve } from '../support/serving.ts'
import type { Files } from '../support/serving.ts'
import { inEachDialect, inEveryDialect, onlyInIstio } from './dialect.ts'
import type { DialectName } from './dialect.ts'
import { endpointSlice, istioGateway, istioRoute, services, shadow, shop } from './ground.ts'
import { copyTo, shopWith } from './intent.ts'
import { mirrored, watch } from './mirrored.ts'

const lateService =
  'apiVersion: v1\nkind: Service\nmetadata: {name: late}\nspec: {ports: [{name: http, port: 80}]}\n'

describe('a mirror that leads nowhere is dropped and said, and its route is served', () => {
  inEachDialect(
    {
      istio: (target: string) => ({
        'gateway.yaml': istioGateway,
        'route.yaml': istioRoute(`mirror: ${target}`),
      }),
      ...onlyInIstio('the second describe of this file has it in every dialect'),
    },
    (written) => {
      test.each<readonly [string, Code, string]>([
        [
          '{host: nowhere}',
          'mirror/unknown-host',
          'route.yaml:9:20 error mirror/unknown-host  VirtualService default/shop: host ' +
            'nowhere.default.svc.cluster.local is not defined',
        ],
        [
          '{host: shadow, subset: v9}',
          'mirror/unknown-subset',
          'route.yaml:9:36 error mirror/unknown-subset  VirtualService default/shop: ' +
            'shadow.default.svc.cluster.local has no subset v9',
        ],
        [
          '{host: shadow, port: {number: 81}}',
          'mirror/unknown-port',
          'route.yaml:9:43 error mirror/unknown-port  VirtualService default/shop: ' +
            'shadow.default.svc.cluster.local has no port 81',
        ],
      ])('%s', async (target, code, text) => {
        const serving = await serve({ 'services.yaml': services, ...written(target) })
        const proxy = await serving.proxy(gatewayProxy)
        expect(mirrors(proxy)).toEqual([])
        expect(primaries(proxy)).toEqual([shop])
        expect(await serving.told(code)).toContain(
          `${text}: nothing is mirrored there, the route is served without it\n`,
        )
        expect(serving.mistakes()).toEqual([code])
      })

      test('an edit that points a mirror nowhere is in force, without that mirror', async () => {
        const serving = await serve({ 'services.yaml': services, ...written('{host: shadow}') })
        const proxy = await serving.proxy(gatewayProxy)
        expect(mirrors(proxy)).toEqual([{ cluster: shadow, millionths: 1_000_000 }])
        await serving.write(written('{host: nowhere}'))
        await proxy.until('no mirror', (each) => mirrors(each).length === 0)
        expect(primaries(proxy)).toEqual([shop])
        await serving.told('mirror/unknown-host')
      })

      test('what it lacked may come later', async () => {
        const serving = await serve({ 'services.yaml': services, ...written('{host: late}') })
        const proxy = await serving.proxy(gatewayProxy)
        await serving.told('mirror/unknown-host')
        await serving.write({ 'late.yaml': lateService })
        await proxy.until('the mirror', (each) => mirrors(each).length === 1)
        expect(mirrors(proxy)).toEqual([
          { cluster: 'outbound|80||late.default.svc.cluster.local', millionths: 1_000_000 },
        ])
        await serving.resolved('mirror/unknown-host')
      })
    },
  )
})

describe('what a mirror lacks may come later', () => {
  inEveryDialect((dialect) => {
    test('until then it is said, and its route is served', async () => {
      const { serving, visible, becomes } = await watch(
        dialect,
        mirrored(dialect, { to: 'late', percentage: 100 }),
      )
      expect(visible()).toEqual(shopWith())
      await serving.told(saidBy(dialect))
      await serving.write({
        'late.yaml': `${lateService}---\n${endpointSlice('late', { '10.0.9.1': 'v1' })}`,
        ...laterObjects(dialect),
      })
      await becomes(shopWith(copyTo('10.0.9.1:8080')))
      await serving.resolved(saidBy(dialect))
    })
  })
})

/** Gateway API has a word of its own for a reference that is not found. */
function saidBy(dialect: DialectName): Code {
  return dialect === 'gateway-api' ? 'reference/not-found' : 'mirror/unknown-host'
}

/** The objects that a dialect wants in addition to a Service. */
function laterObjects(dialect: DialectName): Files {
  if (dialect !== 'gloo') return {}
  return {
    'upstream.yaml':
      'apiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {name: late}\nspec: {kube: {serviceName: ' +
      'late, serviceNamespace: default, servicePort: 80}}\n',
  }
}
