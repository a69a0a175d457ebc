import { describe, expect, test } from 'vitest'
import type { Mirror } from '../../../src/model/mirror.ts'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import { service, subsets, virtualService } from './text.ts'

function mirrorsOf(rules: string): readonly Mirror[] {
  return translateFirst(virtualService(rules)).routeTables.flatMap((table) =>
    table.routes.flatMap(({ action }) => (action.kind === 'forward' ? action.mirrors : [])),
  )
}

interface Case {
  readonly name: string
  /** Below `route: [{destination: {host: reviews}}]`, from line 8. */
  readonly fields: string
  readonly fractions: readonly number[]
  readonly found?: readonly string[]
  readonly refused?: true
}

const valueless =
  '9:5 mirror/percentage-absent mirrorPercentage has no value, which Istio takes for 0: nothing is mirrored'

const cases: readonly Case[] = [
  { name: 'mirror alone is every request', fields: 'mirror: {host: shadow}', fractions: [1_000_000] },
  {
    name: 'percentage 100',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 100}',
    fractions: [1_000_000],
  },
  {
    name: 'percentage 100.0',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 100.0}',
    fractions: [1_000_000],
  },
  {
    name: 'percentage 1e2',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 1e2}',
    fractions: [1_000_000],
  },
  {
    name: 'percentage 0.57',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 0.57}',
    fractions: [5_700],
  },
  {
    name: 'percentage 33.3333',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 33.3333}',
    fractions: [333_333],
  },
  {
    name: 'percentage 0.0001',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 0.0001}',
    fractions: [1],
  },
  { name: 'percentage 0', fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 0}', fractions: [] },
  { name: 'percentage 0.0', fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 0.0}', fractions: [] },
  { name: 'percentage -0', fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: -0}', fractions: [] },
  {
    name: 'a percentage without a value is 0',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {}',
    fractions: [],
    found: [valueless],
  },
  {
    name: 'a percentage whose value is null is 0',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: null}',
    fractions: [],
    found: [valueless],
  },
  {
    name: 'a percentage that is null is absent',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: null',
    fractions: [1_000_000],
  },
  {
    name: 'snake case',
    fields: 'mirror: {host: shadow}\nmirror_percentage: {value: 12.5}',
    fractions: [125_000],
  },
  {
    name: 'half a millionth is rounded up',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 0.00005}',
    fractions: [1],
    found: [
      '9:31 mirror/percentage-rounded mirrorPercentage.value is 0.00005, more digits than a millionth can ' +
        'hold: 0.0001 is used',
    ],
  },
  {
    name: 'less than half a millionth mirrors nothing',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 0.00004}',
    fractions: [],
    found: [
      '9:31 mirror/percentage-rounds-to-zero mirrorPercentage.value is 0.00004, which rounds to 0 parts ' +
        'per million: nothing is mirrored',
    ],
  },
  {
    name: 'digits that no double holds',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 33.33333333333333333333333}',
    fractions: [333_333],
    found: [
      '9:31 mirror/percentage-rounded mirrorPercentage.value is 33.33333333333333333333333, more digits ' +
        'than a millionth can hold: 33.3333 is used',
    ],
  },
  {
    name: 'just under 100',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 99.99999}',
    fractions: [1_000_000],
    found: [
      '9:31 mirror/percentage-rounded mirrorPercentage.value is 99.99999, more digits than a millionth ' +
        'can hold: 100 is used',
    ],
  },
  {
    name: 'a trace over 100 that no double holds',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 100.00000000000000000001}',
    fractions: [],
    refused: true,
    found: [
      '9:31 mirror/percentage-out-of-range mirrorPercentage.value is 100.00000000000000000001, must be 0 ' +
        'to 100',
    ],
  },
  {
    name: 'over 100',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: 150}',
    fractions: [],
    refused: true,
    found: ['9:31 mirror/percentage-out-of-range mirrorPercentage.value is 150, must be 0 to 100'],
  },
  {
    name: 'below 0',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: -1}',
    fractions: [],
    refused: true,
    found: ['9:31 mirror/percentage-out-of-range mirrorPercentage.value is -1, must be 0 to 100'],
  },
  {
    name: 'not a number',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: .nan}',
    fractions: [],
    refused: true,
    found: ['9:31 mirror/percentage-out-of-range mirrorPercentage.value is NaN, must be 0 to 100'],
  },
  {
    name: 'infinity',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: .inf}',
    fractions: [],
    refused: true,
    found: ['9:31 mirror/percentage-out-of-range mirrorPercentage.value is Infinity, must be 0 to 100'],
  },
  {
    name: 'text',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {value: "50"}',
    fractions: [],
    refused: true,
    found: ['9:31 field/wrong-type spec.http[0].mirrorPercentage.value is the string "50", must be a number'],
  },
  {
    name: 'a bare number',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: 50',
    fractions: [],
    refused: true,
    found: ['9:23 field/wrong-type spec.http[0].mirrorPercentage is the number 50, must be an object'],
  },
  {
    name: 'a list',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: [{value: 50}]',
    fractions: [],
    refused: true,
    found: ['9:5 field/wrong-type spec.http[0].mirrorPercentage is a list, must be an object'],
  },
  {
    name: 'a misspelt percentage never mirrors all',
    fields: 'mirror: {host: shadow}\nmirrorPercentge: {value: 1}',
    fractions: [],
    refused: true,
    found: ['9:5 field/unknown spec.http[0].mirrorPercentge is not a known field'],
  },
  {
    name: 'a misspelt value never mirrors all',
    fields: 'mirror: {host: shadow}\nmirrorPercentage: {valeu: 1}',
    fractions: [],
    refused: true,
    found: ['9:24 field/unknown spec.http[0].mirrorPercentage.valeu is not a known field'],
  },
  {
    name: 'mirrorPercent is deprecated',
    fields: 'mirror: {host: shadow}\nmirrorPercent: 25',
    fractions: [250_000],
    found: ['9:20 field/deprecated mirrorPercent is deprecated'],
  },
  {
    name: 'mirror_percent too',
    fields: 'mirror: {host: shadow}\nmirror_percent: 25',
    fractions: [250_000],
    found: ['9:21 field/deprecated mirrorPercent is deprecated'],
  },
  {
    name: 'mirrorPercent 0',
    fields: 'mirror: {host: shadow}\nmirrorPercent: 0',
    fractions: [],
    found: ['9:20 field/deprecated mirrorPercent is deprecated'],
  },
  {
    name: 'mirrorPercent null is absent',
    fields: 'mirror: {host: shadow}\nmirrorPercent: null',
    fractions: [1_000_000],
  },
  {
    name: 'mirrorPercent over 100',
    fields: 'mirror: {host: shadow}\nmirrorPercent: 101',
    fractions: [],
    refused: true,
    found: [
      '9:20 field/deprecated mirrorPercent is deprecated',
      '9:20 mirror/percentage-out-of-range mirrorPercent is 101, must be 0 to 100',
    ],
  },
  {
    name: 'mirrorPercentage wins over mirrorPercent',
    fields: 'mirror: {host: shadow}\nmirrorPercent: 25\nmirrorPercentage: {value: 10}',
    fractions: [100_000],
    found: ['9:20 field/deprecated mirrorPercent is deprecated'],
  },
  {
    name: 'also when it is 0',
    fields: 'mirror: {host: shadow}\nmirrorPercent: 25\nmirrorPercentage: {value: 0}',
    fractions: [],
    found: ['9:20 field/deprecated mirrorPercent is deprecated'],
  },
  {
    name: 'but not when it is null',
    fields: 'mirror: {host: shadow}\nmirrorPercent: 25\nmirrorPercentage: null',
    fractions: [250_000],
    found: ['9:20 field/deprecated mirrorPercent is deprecated'],
  },
  {
    name: 'one field in two spellings',
    fields: 'mirror: {host: shadow}\nmirrorPercent: 25\nmirror_percent: 25',
    fractions: [],
    refused: true,
    found: [
      '10:21 field/invalid-value spec.http[0].mirror_percent is there twice, as mirrorPercent and in ' +
        'another spelling',
    ],
  },
  {
    name: 'percentage without mirror',
    fields: 'mirrorPercentage: {value: 10}',
    fractions: [],
    found: ['8:5 mirror/percentage-without-mirror mirrorPercentage has no effect without mirror'],
  },
  {
    name: 'percentage beside a mirror that is null',
    fields: 'mirror: null\nmirrorPercentage: {value: 10}',
    fractions: [],
    found: ['9:5 mirror/percentage-without-mirror mirrorPercentage has no effect without mirror'],
  },
  {
    name: 'percentage beside mirrors',
    fields: 'mirrors: [{destination: {host: shadow}}]\nmirrorPercentage: {value: 10}',
    fractions: [1_000_000],
    found: ['9:5 mirror/percentage-without-mirror mirrorPercentage has no effect without mirror'],
  },
  {
    name: 'mirrors',
    fields:
      'mirrors:\n- destination: {host: shadow}\n- destination: {host: other}\n  percentage: {value: 2.5}',
    fractions: [1_000_000, 25_000],
  },
  {
    name: 'mirrors with a percentage of 0, {} and null',
    fractions: [1_000_000],
    found: [
      '10:32 mirror/percentage-absent percentage has no value, which Istio takes for 0: nothing is mirrored',
    ],
    fields:
      'mirrors:\n- {destination: {host: a}, percentage: {value: 0}}\n- {destination: {host: b}, ' +
      'percentage: {}}\n- {destination: {host: c}, percentage: null}',
  },
  { name: 'an empty list of mirrors', fields: 'mirrors: []', fractions: [] },
  {
    name: 'an empty list of mirrors beside mirror',
    fields: 'mirror: {host: shadow}\nmirrors: []',
    fractions: [1_000_000],
  },
  {
    name: 'mirrors over 100: that one is left out',
    fractions: [1_000_000],
    refused: true,
    fields:
      'mirrors:\n- destination: {host: shadow}\n- destination: {host: other}\n  percentage: {value: 100.5}',
    found: ['11:27 mirror/percentage-out-of-range mirrors.percentage.value is 100.5, must be 0 to 100'],
  },
  {
    name: 'a mirror without a destination',
    fields: 'mirrors:\n- percentage: {value: 5}\n- destination: {host: other}',
    fractions: [1_000_000],
    refused: true,
    found: ['9:7 field/required spec.http[0].mirrors[0].destination is required'],
  },
  {
    name: 'a mirror that is null',
    fields: 'mirrors:\n- null\n- destination: {host: other}',
    fractions: [1_000_000],
    refused: true,
    found: ['9:7 field/wrong-type spec.http[0].mirrors[0] is null, must be an object'],
  },
  {
    name: 'mirrors that are no list',
    fields: 'mirrors: {destination: {host: shadow}}',
    fractions: [],
    refused: true,
    found: ['8:5 field/wrong-type spec.http[0].mirrors is an object, must be a list'],
  },
  {
    name: 'mirror and mirrors',
    fields: 'mirror: {host: shadow}\nmirrors: [{destination: {host: other}}]',
    fractions: [],
    refused: true,
    found: ['9:5 mirror/mirror-and-mirrors mirror and mirrors exclude each other'],
  },
  {
    name: 'a mirror to no host',
    fields: 'mirror: {subset: v2}',
    fractions: [],
    refused: true,
    found: ['8:5 field/required spec.http[0].mirror.host is required'],
  },
  {
    name: 'a mirror to every host',
    fields: 'mirror: {host: "*"}',
    fractions: [],
    refused: true,
    found: ['8:20 field/invalid-value spec.http[0].mirror.host is "*", must be the host of one service'],
  },
  {
    name: 'a subset that is no label',
    fields: 'mirror: {host: shadow, subset: V2_}',
    fractions: [],
    refused: true,
    found: [
      '8:36 field/invalid-value spec.http[0].mirror.subset is "V2_", must be the name of a subset: ' +
        'lower-case letters, digits and -',
    ],
  },
  {
    name: 'a port out of range',
    fields: 'mirror: {host: shadow, port: {number: 70000}}',
    fractions: [],
    refused: true,
    found: ['8:43 field/invalid-value spec.http[0].mirror.port.number is 70000, must be at most 65535'],
  },
  {
    name: 'a port that is text',
    fields: 'mirror: {host: shadow, port: {number: "80"}}',
    fractions: [],
    refused: true,
    found: ['8:43 field/wrong-type spec.http[0].mirror.port.number is the string "80", must be a number'],
  },
]

describe('the mirrors of a rule', () => {
  test.each(cases)('$name', ({ fields, fractions, found = [], refused = false }) => {
    const result = translateFirst(virtualService(`route: [{destination: {host: reviews}}]\n${fields}`))
    const routes = result.routeTables.flatMap((table) => table.routes)
    expect(result.found).toEqual(found)
    expect(result.rejected).toBe(refused)
    expect(routes.map(({ action }) => action.kind)).toEqual(['forward'])
    expect(
      routes.flatMap(({ action }) =>
        action.kind === 'forward' ? action.mirrors.map((mirror) => mirror.fraction) : [],
      ),
    ).toEqual(fractions)
  })

  test('name their backends: host, port, subset, and the line', () => {
    const [mirror] = mirrorsOf(
      'route: [{destination: {host: reviews}}]\nmirror: {host: shadow, subset: v2, port: {number: 81}}',
    )
    expect(mirror?.backend).toMatchObject({
      host: 'shadow.default.svc.cluster.local',
      port: 81,
      subset: 'v2',
    })
    expect(mirror?.origin.path).toEqual(['spec', 'http', 0, 'mirror'])
  })
})

describe('a mirror where nothing is forwarded', () => {
  test.each([
    ['redirect: {uri: /x}', 'a redirect', 'redirect'],
    ['directResponse: {status: 200}', 'a direct response', 'direct-response'],
  ])('%s: an error, and the route stays', (action, said, kind) => {
    const result = translateFirst(virtualService(`${action}\nmirror: {host: shadow}`))
    expect(result.found).toEqual([
      `8:5 mirror/without-forward the rule answers with ${said}, so there is nothing to mirror`,
    ])
    expect(result.rejected).toBe(false)
    expect(result.routeTables[0]?.routes.map((route) => route.action.kind)).toEqual([kind])
  })

  test('each of several mirrors is named', () => {
    const result = translateFirst(
      virtualService('redirect: {uri: /x}\nmirrors: [{destination: {host: a}}, {destination: {host: b}}]'),
    )
    expect(result.found).toEqual([
      '8:16 mirror/without-forward the rule answers with a redirect, so there is nothing to mirror',
      '8:42 mirror/without-forward the rule answers with a redirect, so there is nothing to mirror',
    ])
  })
})

describe('runtime keys', () => {
  const keys = (rules: string): readonly string[] => mirrorsOf(rules).map((mirror) => mirror.runtimeKey)
  const rule = (match: string, fields: string): string =>
    `- ${match === '' ? '' : `match: [{uri: {prefix: ${match}}}]\n  `}route: [{destination: {host: ` +
    `reviews}}]\n  ${fields}`
  const mirrored = (match: string, value: number, host = 'shadow'): string =>
    rule(match, `mirrors: [{destination: {host: ${host}}, percentage: {value: ${value}}}]`)

  test('have the object, the rule and the target in them', () => {
    const [key = ''] = keys('name: checkout\nroute: [{destination: {host: reviews}}]\nmirror: {host: shadow}')
    expect(key).toMatch(/^shadowplane\.mirror\.default\.reviews\.checkout\.[0-9a-f]{12}$/)
    expect(keys(mirrored('/a', 5))[0]).toMatch(
      /^shadowplane\.mirror\.default\.reviews\.[0-9a-f]{12}\.[0-9a-f]{12}$/,
    )
  })

  test('do not change with the percentage', () => {
    expect(keys(mirrored('/a', 5))).toEqual(keys(mirrored('/a', 99)))
  })

  test('do not change when rules are added, removed or reordered', () => {
    const [a] = keys(mirrored('/a', 5))
    const [b] = keys(mirrored('/b', 5))
    expect(a).not.toBe(b)
    expect(keys(`${mirrored('/a', 5)}\n${mirrored('/b', 5)}`)).toEqual([a, b])
    expect(keys(`${mirrored('/b', 5)}\n${mirrored('/a', 5)}`)).toEqual([b, a])
    expect(keys(`${rule('/c', 'timeout: 1s')}\n${mirrored('/b', 5)}\n${mirrored('/d', 5)}`)[0]).toBe(b)
  })

  test('do not change with what else the rule says', () => {
    expect(
      keys(
        `- match: [{uri: {prefix: /a}}]\n  timeout: 3s\n  route: [{destination: {host: other}}]\n  ` +
          `mirror: {host: shadow}`,
      ),
    ).toEqual(keys(mirrored('/a', 5)))
  })

  test('are of the match, not of how it is written', () => {
    const as = (match: string): readonly string[] =>
      keys(`- match: [${match}]\n  route: [{destination: {host: reviews}}]\n  mirror: {host: shadow}`)
    expect(as('{method: {exact: GET}, uri: {prefix: /a}, ignoreUriCase: true}')).toEqual(
      as('{ignore_uri_case: true, uri: {prefix: /a}, method: {exact: GET}}'),
    )
    expect(as('{uri: {prefix: /a}}')).not.toEqual(as('{uri: {exact: /a}}'))
  })

  test('a short host and its full name are one target', () => {
    expect(keys(mirrored('/a', 5, 'shadow'))).toEqual(
      keys(mirrored('/a', 5, 'shadow.default.svc.cluster.local')),
    )
  })

  test('host, port and subset tell targets apart', () => {
    const as = (destination: string): string | undefined =>
      keys(`route: [{destination: {host: reviews}}]\nmirror: ${destination}`)[0]
    const all = [
      '{host: a}',
      '{host: b}',
      '{host: a, subset: v1}',
      '{host: a, subset: v2}',
      '{host: a, port: {number: 80}}',
      '{host: a, port: {number: 81}}',
    ].map(as)
    expect(new Set(all).size).toBe(all.length)
  })

  test('several mirrors of a rule keep theirs when one goes', () => {
    const list = (hosts: readonly string[]): string =>
      rule(
        '/a',
        `mirrors: [${hosts.map((host) => `{destination: {host: ${host}}, percentage: {value: 5}}`).join(', ')}]`,
      )
    const [a, b, c] = keys(list(['a', 'b', 'c']))
    expect(keys(list(['c', 'a']))).toEqual([c, a])
    expect(keys(list(['b']))).toEqual([b])
  })

  test('a repetition has a number, the first has none', () => {
    const twice = keys(
      rule('/a', 'mirrors: [{destination: {host: a}}, {destination: {host: a}}, {destination: {host: a}}]'),
    )
    expect(twice).toEqual([twice[0], `${twice[0]}-2`, `${twice[0]}-3`])
  })

  test('the number of a repetition does not change when the percentage of the first becomes 0, or wrong', () => {
    const list = (first: string): string =>
      rule(
        '/a',
        `mirrors: [{destination: {host: a}, percentage: {value: ${first}}}, {destination: {host: a}, ` +
          `percentage: {value: 7}}]`,
      )
    const [, second] = keys(list('5'))
    expect(keys(list('0'))).toEqual([second])
    expect(keys(list('0.00001'))).toEqual([second])
    expect(keys(list('150'))).toEqual([second])
  })

  test('a rule with several matches is one dial', () => {
    const both = keys(
      'match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]\nroute: [{destination: {host: ' +
        'reviews}}]\nmirror: {host: shadow}',
    )
    expect(both).toHaveLength(2)
    expect(new Set(both).size).toBe(1)
  })
})

describe('mirrors that lead nowhere, twice to one place, or back', () => {
  const around = service('reviews') + service('shadow', [80, 90]) + subsets('shadow', ['v1', 'v2'])
  const outcome = (
    fields: string,
  ): { readonly found: readonly string[]; readonly clusters: readonly (string | undefined)[] } => {
    const configuration = configure(
      virtualService(`route: [{destination: {host: reviews}}]\n${fields}`) + around,
    )
    const routes = configuration.routes(sidecar())
    const mirrored = routes.filter((route) => route.metadata !== undefined)
    expect(mirrored.map((route) => route.route?.cluster)).toEqual([
      'outbound|80||reviews.default.svc.cluster.local',
    ])
    return {
      found: configuration.found.filter((each) => !each.includes('mirror/unbounded')),
      clusters: mirrored.flatMap((route) =>
        (route.route?.request_mirror_policies ?? []).map((policy) => policy.cluster),
      ),
    }
  }

  test.each([
    [
      'an unknown host',
      'mirror: {host: shadov}',
      '8:20 mirror/unknown-host host shadov.default.svc.cluster.local is not defined',
    ],
    [
      'a host of another namespace',
      'mirror: {host: shadow.other.svc.cluster.local}',
      '8:20 mirror/unknown-host host shadow.other.svc.cluster.local is not defined',
    ],
    [
      'a half host, which Istio does not complete',
      'mirror: {host: shadow.default}',
      '8:20 mirror/unknown-host host shadow.default is not defined',
    ],
    [
      'an unknown port',
      'mirror: {host: shadow, port: {number: 81}}',
      '8:43 mirror/unknown-port shadow.default.svc.cluster.local has no port 81',
    ],
    [
      'an unknown subset',
      'mirror: {host: shadow, subset: v3}',
      '8:36 mirror/unknown-subset shadow.default.svc.cluster.local has no subset v3',
    ],
    [
      'a subset where there are none',
      'mirror: {host: reviews, subset: v1}',
      '8:37 mirror/unknown-subset reviews.default.svc.cluster.local has no subset v1',
    ],
    [
      'an unknown host among several',
      'mirrors: [{destination: {host: nowhere}}]',
      '8:36 mirror/unknown-host host nowhere.default.svc.cluster.local is not defined',
    ],
  ])('%s: an error at its line, and the policy is dropped', (_, fields, error) => {
    const { found, clusters } = outcome(fields)
    expect(found).toEqual([`${error}: nothing is mirrored there, the route is served without it`])
    expect(clusters).toEqual([])
  })

  test('only the one that is wrong is dropped', () => {
    expect(
      outcome('mirrors: [{destination: {host: nowhere}}, {destination: {host: shadow, subset: v2}}]')
        .clusters,
    ).toEqual(['outbound|80|v2|shadow.default.svc.cluster.local'])
  })

  test('to the destination of the route itself: a warning', () => {
    expect(outcome('mirror: {host: reviews}')).toEqual({
      found: [
        '8:5 mirror/to-itself the mirror sends its copies to ' +
          'outbound|80||reviews.default.svc.cluster.local, a destination of the route itself',
      ],
      clusters: ['mirror|80||reviews.default.svc.cluster.local'],
    })
  })

  test('twice to one place: a warning, and both stay', () => {
    expect(outcome('mirrors: [{destination: {host: shadow}}, {destination: {host: shadow}}]')).toEqual({
      found: [
        '8:47 mirror/duplicate outbound|80||shadow.default.svc.cluster.local is mirrored to twice: a ' +
          'request can be copied there twice',
      ],
      clusters: [
        'mirror|80||shadow.default.svc.cluster.local',
        'mirror|80||shadow.default.svc.cluster.local',
      ],
    })
  })

  test('to a subset of the destination is to another place', () => {
    expect(
      outcome('mirrors: [{destination: {host: shadow, subset: v1}}, {destination: {host: shadow}}]').found,
    ).toEqual([])
  })

  test('to a cluster that primary routes use, if the object says so: information, once a mirror', () => {
    const rule =
      'match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]\nroute: [{destination: {host: ' +
      'reviews}}]\nmirror: {host: shadow}'
    const { found } = configure(
      virtualService(rule, ', annotations: {shadowplane.io/mirror-clusters: shared}') + around,
    )
    expect(found.filter((each) => each.includes('mirror/unbounded'))).toEqual([
      '9:5 mirror/unbounded primary routes use outbound|80||shadow.default.svc.cluster.local too, so the ' +
        'copies have no limits of their own',
    ])
  })

  test('a host that appears later brings the mirror back', () => {
    const text = virtualService('route: [{destination: {host: reviews}}]\nmirror: {host: late}')
    const policies = (configuration: ReturnType<typeof configure>) =>
      configuration.routes(sidecar()).flatMap((route) => route.route?.request_mirror_policies ?? [])
    expect(policies(configure(text + around))).toEqual([])
    expect(policies(configure(text + around + service('late')))).toHaveLength(1)
  })

  test('on a gateway the same', () => {
    const text = virtualService(
      'route: [{destination: {host: reviews}}]\nmirrors: [{destination: {host: nowhere}}, {destination: ' +
        '{host: shadow, port: {number: 90}}}]',
    ).replace('  hosts: [reviews]', '  gateways: [edge]\n  hosts: [reviews]')
    const edge =
      '---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {servers: ' +
      '[{port: {number: 80, name: http}, hosts: ["*"]}]}\n'
    const configuration = configure(text + around + edge)
    expect(configuration.found).toContain(
      '9:36 mirror/unknown-host host nowhere.default.svc.cluster.local is not defined: nothing is ' +
        'mirrored there, the route is served without it',
    )
    expect(
      configuration
        .routes(gateway)
        .flatMap((route) => (route.route?.request_mirror_policies ?? []).map((policy) => policy.cluster)),
    ).toEqual(['outbound|90||shadow.default.svc.cluster.local'])
  })
})
