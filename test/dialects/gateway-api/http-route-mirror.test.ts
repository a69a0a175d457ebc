import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { translateFirst } from '../../support/configuration.ts'
import { actionOf, forwardOf, foundIn, grpcRoute, httpRoute, routesOf, toShop } from './route-text.ts'

const shadow = 'backendRef: {name: shadow, port: 80}'

function mirroring(...fields: readonly string[]): string {
  return httpRoute(
    `- filters:\n${fields.map((each) => `  - {type: RequestMirror, requestMirror: {${each}}}`).join('\n')}\n  ${toShop}`,
  )
}

interface Case {
  readonly fields: string
  readonly fractions: readonly number[]
  readonly found?: readonly string[]
}

const cases: readonly Case[] = [
  { fields: shadow, fractions: [1_000_000] },
  { fields: `${shadow}, percent: 100`, fractions: [1_000_000] },
  { fields: `${shadow}, percent: 20`, fractions: [200_000] },
  { fields: `${shadow}, percent: 0`, fractions: [] },
  { fields: `${shadow}, percent: null`, fractions: [1_000_000] },
  { fields: `${shadow}, fraction: {numerator: 5}`, fractions: [50_000] },
  { fields: `${shadow}, fraction: {numerator: 25, denominator: 50}`, fractions: [500_000] },
  { fields: `${shadow}, fraction: {numerator: 83, denominator: 1000}`, fractions: [83_000] },
  { fields: `${shadow}, fraction: {numerator: 1, denominator: 3}`, fractions: [333_333] },
  { fields: `${shadow}, fraction: {numerator: 0}`, fractions: [] },
  { fields: `${shadow}, fraction: {numerator: 7, denominator: 7}`, fractions: [1_000_000] },
  {
    fields: `${shadow}, fraction: {numerator: 1, denominator: 2147483647}`,
    fractions: [],
    found: [
      '8:83 mirror/percentage-rounds-to-zero the fraction is 1 of 2147483647, which rounds to 0 parts per ' +
        'million: nothing is mirrored',
    ],
  },
  {
    fields: `${shadow}, percent: 101`,
    fractions: [],
    found: ['8:92 mirror/percentage-out-of-range filters.requestMirror.percent is 101, must be 0 to 100'],
  },
  {
    fields: `${shadow}, percent: -1`,
    fractions: [],
    found: ['8:92 mirror/percentage-out-of-range filters.requestMirror.percent is -1, must be 0 to 100'],
  },
  {
    fields: `${shadow}, percent: 0.5`,
    fractions: [],
    found: [
      '8:92 field/wrong-type spec.rules[0].filters[0].requestMirror.percent is the number 0.5, must be a ' +
        'whole number',
    ],
  },
  {
    fields: `${shadow}, percent: "5"`,
    fractions: [],
    found: [
      '8:92 field/wrong-type spec.rules[0].filters[0].requestMirror.percent is the string "5", must be a ' +
        'number',
    ],
  },
  {
    fields: `${shadow}, percentage: 5`,
    fractions: [],
    found: ['8:83 field/unknown spec.rules[0].filters[0].requestMirror.percentage is not a known field'],
  },
  {
    fields: 'backendRef: {name: shadow}',
    fractions: [],
    found: [
      '8:45 field/required spec.rules[0].filters[0].requestMirror.backendRef.port is required: the ' +
        'reference is to a Service',
    ],
  },
  {
    fields: 'percent: 5',
    fractions: [],
    found: ['8:29 field/required spec.rules[0].filters[0].requestMirror.backendRef is required'],
  },
]

describe('the share of requests', () => {
  test.each(cases)('$fields', ({ fields, fractions, found = [] }) => {
    const text = mirroring(fields)
    expect(foundIn(text)).toEqual(found)
    expect(forwardOf(text).mirrors.map(({ fraction }) => fraction)).toEqual(fractions)
    expect(forwardOf(text).destinations.map(({ backend }) => backend.host)).toEqual([
      'shop.default.svc.cluster.local',
    ])
  })
})

describe('several mirrors', () => {
  test('keep their order, and a mistake in one costs that one', () => {
    const text = mirroring(
      'backendRef: {name: shade, port: 80}',
      `${shadow}, percent: 300`,
      `${shadow}, percent: 5`,
    )
    expect(
      forwardOf(text).mirrors.map(({ backend, fraction }) => [backend.host.split('.')[0], fraction]),
    ).toEqual([
      ['shade', 1_000_000],
      ['shadow', 50_000],
    ])
    expect(translateFirst(text).rejected).toBe(true)
  })

  test('have runtime keys of their own, whatever else has its name', () => {
    const rules =
      `- name: all\n  filters:\n  - {type: RequestMirror, requestMirror: {${shadow}}}\n  - ` +
      `{type: RequestMirror, requestMirror: {${shadow}}}\n  ${toShop}`
    const keys = forwardOf(httpRoute(rules)).mirrors.map(({ runtimeKey }) => runtimeKey)
    expect(keys[0]).toMatch(/^shadowplane\.mirror\.default\.shop\.all\.[0-9a-f]{12}$/)
    expect(keys[1]).toBe(`${keys[0]}-2`)
    expect(forwardOf(grpcRoute(rules)).mirrors[0]?.runtimeKey).not.toBe(keys[0])
  })

  test('a rule without a name is called by what it matches, wherever it stands', () => {
    const rule = (path: string): string =>
      `- matches: [{path: {value: ${path}}}]\n  filters: [{type: RequestMirror, requestMirror: ` +
      `{${shadow}}}]\n  ${toShop}`
    const keys = (rules: readonly string[]): Readonly<Record<string, unknown>> =>
      Object.fromEntries(
        routesOf(httpRoute(rules.join('\n'))).map(({ match, action }) => [
          match.path.value,
          action.kind === 'forward' ? action.mirrors[0]?.runtimeKey : undefined,
        ]),
      )
    expect(keys([rule('/a'), rule('/b')])).toEqual(keys([rule('/b'), rule('/a')]))
    expect(new Set(Object.values(keys([rule('/a'), rule('/b')]))).size).toBe(2)
  })
})

describe('a backend that may not be used', () => {
  test.each([
    [
      'backendRef: {name: shado, port: 80}',
      'BackendNotFound',
      '8:64 reference/not-found there is no Service default/shado: nothing is mirrored there, the route ' +
        'is served without it (ResolvedRefs is False, BackendNotFound)',
    ],
    [
      'backendRef: {name: shadow, port: 81}',
      'BackendNotFound',
      '8:78 reference/not-found Service default/shadow has no port 81: nothing is mirrored there, the ' +
        'route is served without it (ResolvedRefs is False, BackendNotFound)',
    ],
    [
      'backendRef: {group: example.com, kind: Queue, name: shadow}',
      'InvalidKind',
      expect.stringContaining(
        'reference/invalid-kind nothing here reads Queue of example.com: nothing is mirrored there, the ' +
          'route is served without it (ResolvedRefs is False, InvalidKind)',
      ),
    ],
    [
      'backendRef: {name: shadow, namespace: other, port: 80}',
      'RefNotPermitted',
      expect.stringContaining(
        'reference/not-permitted no ReferenceGrant permits the reference to Service other/shadow: nothing ' +
          'is mirrored there, the route is served without it (ResolvedRefs is False, RefNotPermitted)',
      ),
    ],
  ])('{%s}: %s', (fields, reason, expected) => {
    const text = mirroring(fields)
    expect(foundIn(text)).toEqual([expected])
    expect(forwardOf(text).mirrors.map(({ backend }) => backend.rejected)).toEqual([true])
    expect(forwardOf(text).destinations.map(({ backend }) => backend.rejected)).toEqual([undefined])
    const { statuses, rejected } = translateFirst(text)
    expect(rejected).toBe(false)
    expect(
      statuses.flatMap(({ conditions }) => conditions.filter(({ type }) => type === 'ResolvedRefs')),
    ).toEqual([expect.objectContaining({ status: 'False', reason })])
  })
})

describe('how mirrors are made', () => {
  test('annotations and settings count', () => {
    const annotated = mirroring(shadow).replace(
      '{name: shop}',
      '{name: shop, annotations: {shadowplane.io/shadow-host: keep, shadowplane.io/mirror-clusters: ' +
        'dedicated}}',
    )
    expect(forwardOf(annotated).mirrors).toEqual([
      expect.objectContaining({ host: { kind: 'keep' }, cluster: 'dedicated' }),
    ])
    expect(forwardOf(mirroring(shadow)).mirrors).toEqual([
      expect.objectContaining({ host: defaultSettings.mirrorHost, limits: defaultSettings.mirrorLimits }),
    ])
  })

  test('a rule without a backend has nothing to mirror', () => {
    const text = mirroring(shadow).replace(toShop, 'backendRefs: [{name: shop, port: 80, weight: 0}]')
    expect(foundIn(text)).toEqual([
      '8:45 mirror/without-forward the rule answers with 500, as no backend has a weight, so there is ' +
        'nothing to mirror',
    ])
    expect(actionOf(text)).toEqual({ kind: 'direct-response', status: 500, body: undefined })
  })
})
