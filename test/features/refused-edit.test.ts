import { describe, expect, test } from 'vitest'
import type { Code } from '../../src/diagnostics/codes.ts'
import { gatewayProxy, mirrors, primaries, serve } from '../support/serving.ts'
import { inEachDialect, inEveryDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, lab, services, shadow, shop } from './ground.ts'
import { copyTo, shopWith } from './intent.ts'
import { mirrored, watch } from './mirrored.ts'

/** Its arrival shows that everything before it has been dealt with. */
const later =
  'apiVersion: v1\nkind: Service\nmetadata: {name: later}\nspec: {ports: [{name: http, port: 80}]}\n'

describe('an edit that is refused leaves the last good version in force', () => {
  inEachDialect(
    {
      istio: (fields: string) => ({ 'gateway.yaml': istioGateway, 'route.yaml': istioRoute(fields) }),
      ...onlyInIstio('the second describe of this file has it in every dialect'),
    },
    (written) => {
      test.each<readonly [string, string, readonly [Code, string]]>([
        [
          'a percentage out of range',
          'mirror: {host: shadow}\nmirrorPercentage: {value: 150}',
          ['mirror/percentage-out-of-range', 'route.yaml:10:31 '],
        ],
        [
          'a percentage that is text',
          'mirror: {host: shadow}\nmirrorPercentage: {value: all}',
          ['field/wrong-type', 'route.yaml:10:31 '],
        ],
        [
          'mirror and mirrors',
          'mirror: {host: shadow}\nmirrors: [{destination: {host: lab}}]',
          ['mirror/mirror-and-mirrors', 'route.yaml:10:5 '],
        ],
        ['a misspelt field', 'miror: {host: lab}', ['field/unknown', 'route.yaml:9:5 ']],
        [
          'a mistake far from the mirror',
          'mirror: {host: lab}\ntimeout: soon',
          ['field/invalid-value', 'route.yaml:10:14 '],
        ],
        ['text that is no YAML', 'mirror: {host: lab', ['yaml/syntax', 'route.yaml:']],
      ])('%s', async (_, fields, [code, place]) => {
        const serving = await serve({
          'services.yaml': services,
          ...written('mirror: {host: shadow}\nmirrorPercentage: {value: 50}'),
        })
        const proxy = await serving.proxy(gatewayProxy)
        const responses = proxy.responses.length
        await serving.write(written(fields))
        expect(await serving.told(code)).toMatch(new RegExp(`^${place}`))
        await serving.write({ 'later.yaml': later })
        await proxy.until('a later change', (each) =>
          each.held('cluster').has('outbound|80||later.default.svc.cluster.local'),
        )
        expect(proxy.responses.slice(responses).map(({ type }) => type)).not.toContain('route')
        expect(mirrors(proxy)).toEqual([{ cluster: shadow, millionths: 500_000 }])
        expect(primaries(proxy)).toEqual([shop])

        await serving.write(written('mirror: {host: lab}\nmirrorPercentage: {value: 20}'))
        await proxy.until('the correction', (each) => mirrors(each)[0]?.millionths === 200_000)
        expect(mirrors(proxy)).toEqual([{ cluster: lab, millionths: 200_000 }])
        await serving.resolved(code)
      })

      test('at the start only the mirror is left out', async () => {
        const serving = await serve({
          'services.yaml': services,
          ...written('mirror: {host: shadow}\nmirrorPercentage: {value: 150}'),
        })
        const proxy = await serving.proxy(gatewayProxy)
        expect(mirrors(proxy)).toEqual([])
        expect(primaries(proxy)).toEqual([shop])
        await serving.told('mirror/percentage-out-of-range')
      })
    },
  )
})

describe(
  'an edit to a share that is out of range, and one that is no YAML, leave the last good version ' +
    'in force',
  () => {
    inEveryDialect((dialect) => {
      test.each([
        ['150', 'mirror/percentage-out-of-range'],
        ['[', 'yaml/syntax'],
      ] as const)('%s', async (percentage, code) => {
        const good = mirrored(dialect, { to: 'shadow', percentage: 50 })
        const { serving, proxy, visible, becomes } = await watch(dialect, good)
        const responses = proxy.responses.length
        await serving.write({ 'route.yaml': good['route.yaml'].replace(/\b50\b/, percentage) })
        await serving.told(code)
        await serving.write({ 'later.yaml': later })
        await proxy.until('a later change', (each) =>
          JSON.stringify([...each.held('cluster').keys()]).includes('later'),
        )
        expect(proxy.responses.slice(responses).map(({ type }) => type)).not.toContain('route')
        expect(visible()).toEqual(shopWith(copyTo('shadow', { millionths: 500_000 })))
        await serving.write({ 'route.yaml': mirrored(dialect, { to: 'lab', percentage: 20 })['route.yaml'] })
        await becomes(shopWith(copyTo('lab', { millionths: 200_000 })))
        await serving.resolved(code)
      })
    })
  },
)
