import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { translateTap } from '../../../src/dialects/shadowplane/tap.ts'
import type { Translated } from '../../../src/dialects/dialect.ts'
import { parseManifests } from '../../../src/manifest/yaml.ts'
import { lookupIn } from '../../support/configuration.ts'

function translate(spec: string): Translated {
  const [located] = parseManifests(
    'tap.yaml',
    `apiVersion: shadowplane.io/v1alpha1\nkind: Tap\nmetadata: {name: t, namespace: shop}\nspec: {${spec}}\n`,
  ).manifests
  if (located === undefined) throw new Error('no manifest')
  return translateTap(located.manifest, lookupIn([], defaultSettings))
}

const recorder = 'recorder: {address: 10.0.0.1, port: 4000}'

describe('a Tap', () => {
  test.each([
    { spec: recorder, targets: ['all'] },
    { spec: `host: Shop.Example, ${recorder}`, targets: ['host|shop.example'] },
    { spec: `host: cart, ${recorder}`, targets: ['host|cart.shop.svc.cluster.local', 'host|cart'] },
    { spec: `host: '*', ${recorder}`, targets: ['host|*'] },
    {
      spec: `route: {group: g.io, kind: K, namespace: n, name: r}, ${recorder}`,
      targets: ['object|g.io/K/n/r'],
    },
    {
      spec: `route: {kind: K, namespace: n, name: r, rule: x y}, ${recorder}`,
      targets: ['object|/K/n/r#x y'],
    },
  ])('$spec is attached to $targets', ({ spec, targets }) => {
    const { attachments, diagnostics } = translate(spec)
    expect(diagnostics).toEqual([])
    expect(attachments.map(({ target }) => target).toSorted()).toEqual(targets.toSorted())
    expect(new Set(attachments.map(({ oneOf, among }) => `${oneOf} ${among}`))).toEqual(
      new Set(['tap shop/t forwards']),
    )
    expect(attachments.filter(({ optional }) => optional !== true).length).toBe(1)
  })

  test('mirrors to its recorder, with the Host as it is', () => {
    const { attachments, services, endpoints } = translate(`percentage: 12.5, ${recorder}`)
    expect(attachments[0]?.mirror).toMatchObject({
      fraction: 125_000,
      host: { kind: 'keep' },
      backend: { host: 't.shop.tap.shadowplane.io', port: 80 },
      runtimeKey: 'shadowplane.mirror.shop.t.tap.recorder',
    })
    expect(services[0]).toMatchObject({
      host: 't.shop.tap.shadowplane.io',
      discovery: 'endpoints',
      namedBy: 'routes',
      visibility: 'everywhere',
    })
    expect(endpoints[0]?.endpoints).toMatchObject([{ address: '10.0.0.1', ports: { 80: 4000 } }])
  })

  test('a recorder by its name is resolved by the proxies', () => {
    expect(translate('recorder: {address: plane.mesh, port: 4000}').services[0]?.discovery).toBe('strict-dns')
    expect(translate("recorder: {address: '::1', port: 4000}").services[0]?.discovery).toBe('endpoints')
  })

  test.each([
    { spec: 'host: a', code: 'field/required' },
    { spec: `percentage: 101, ${recorder}`, code: 'mirror/percentage-out-of-range' },
    { spec: `hots: a, ${recorder}`, code: 'field/unknown' },
  ])('$spec: $code', ({ spec, code }) => {
    const { attachments, diagnostics, rejected } = translate(spec)
    expect(diagnostics.map((each) => each.code)).toEqual([code])
    expect(attachments).toEqual([])
    expect(rejected).toBe(true)
  })
})
