import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { configure, gateway } from '../../support/configuration.ts'
import { backends, object, oneRoute, virtualService } from './text.ts'

function policiesOf(text: string, settings = defaultSettings) {
  const configuration = configure(text, settings)
  const policies = configuration.routes(gateway).map(({ route }) =>
    (route?.request_mirror_policies ?? []).map(({ cluster, runtime_fraction: fraction, ...host }) => ({
      cluster,
      numerator: fraction?.default_value?.numerator ?? 0,
      ...(host.disable_shadow_host_suffix_append === true ? { keeps: true } : {}),
      ...(host.host_rewrite_literal === undefined ? {} : { rewrites: host.host_rewrite_literal }),
    })),
  )
  return { policies, found: configuration.found.filter((each) => !each.includes(' gateway/assumed ')) }
}

interface Case {
  readonly name: string
  /** The fields of `shadowing`, in flow style, at 9:28. */
  readonly fields: string
  readonly policies: readonly object[]
  readonly found?: readonly string[]
}

const cluster = 'shadow_gloo-system'

const cases: readonly Case[] = [
  {
    name: 'every request',
    fields: 'upstream: {name: shadow}, percentage: 100',
    policies: [{ cluster, numerator: 1_000_000 }],
  },
  {
    name: 'in another namespace',
    fields: 'upstream: {name: shadow, namespace: gloo-system}, percentage: 100',
    policies: [{ cluster, numerator: 1_000_000 }],
  },
  {
    name: 'the smallest share',
    fields: 'upstream: {name: shadow}, percentage: 0.0001',
    policies: [{ cluster, numerator: 1 }],
  },
  {
    name: 'exact decimals',
    fields: 'upstream: {name: shadow}, percentage: 0.39',
    policies: [{ cluster, numerator: 3_900 }],
  },
  { name: 'nothing', fields: 'upstream: {name: shadow}, percentage: 0', policies: [] },
  {
    name: 'no percentage is nothing',
    fields: 'upstream: {name: shadow}',
    policies: [],
    found: [
      '9:17 mirror/percentage-absent shadowing has no percentage, which Gloo takes for 0: nothing is ' +
        'mirrored',
    ],
  },
  {
    name: 'over 100',
    fields: 'upstream: {name: shadow}, percentage: 200',
    policies: [],
    found: [
      '9:67 mirror/percentage-out-of-range routes.options.shadowing.percentage is 200, must be 0 to 100',
    ],
  },
  {
    name: 'below 0',
    fields: 'upstream: {name: shadow}, percentage: -100',
    policies: [],
    found: [
      '9:67 mirror/percentage-out-of-range routes.options.shadowing.percentage is -100, must be 0 to 100',
    ],
  },
  {
    name: 'text',
    fields: 'upstream: {name: shadow}, percentage: "50"',
    policies: [],
    found: [
      '9:67 field/wrong-type spec.virtualHost.routes[0].options.shadowing.percentage is the string "50", ' +
        'must be a number',
    ],
  },
  {
    name: 'no Upstream named',
    fields: 'percentage: 100',
    policies: [],
    found: ['9:17 field/required spec.virtualHost.routes[0].options.shadowing.upstream is required'],
  },
  {
    name: 'an Upstream that does not exist',
    fields: 'upstream: {name: shadw}, percentage: 100',
    policies: [],
    found: [
      '9:46 mirror/unknown-host there is no Upstream gloo-system/shadw: nothing is mirrored there, the ' +
        'route is served without it',
    ],
  },
  {
    name: 'keeps the Host',
    fields: 'upstream: {name: shadow}, percentage: 100, disableShadowHostSuffixAppend: true',
    policies: [{ cluster, numerator: 1_000_000, keeps: true }],
  },
  {
    name: 'rewrites the Host',
    fields: 'upstream: {name: shadow}, percentage: 100, hostRewriteLiteral: "shadow:8080"',
    policies: [{ cluster, numerator: 1_000_000, rewrites: 'shadow:8080' }],
  },
  {
    name: 'misspelt',
    fields: 'upstream: {name: shadow}, percent: 100',
    policies: [],
    found: ['9:55 field/unknown spec.virtualHost.routes[0].options.shadowing.percent is not a known field'],
  },
]

describe('shadowing', () => {
  test.each(cases)('$name', ({ fields, policies, found = [] }) => {
    expect(policiesOf(`${oneRoute(`options: {shadowing: {${fields}}}`)}${backends}`)).toEqual({
      policies: [policies],
      found,
    })
  })

  test('the object says what becomes of the Host before the flag does', () => {
    const keep = { ...defaultSettings, mirrorHost: { kind: 'keep' as const } }
    const policies = (field: string) =>
      policiesOf(
        `${oneRoute(`options: {shadowing: {upstream: {name: shadow}, percentage: 100${field}}}`)}${backends}`,
        keep,
      ).policies
    expect(policies('')).toEqual([[{ cluster, numerator: 1_000_000, keeps: true }]])
    expect(policies(', disableShadowHostSuffixAppend: false')).toEqual([[{ cluster, numerator: 1_000_000 }]])
  })

  test.each([
    ['redirectAction: {hostRedirect: example.com}', 'a redirect'],
    ['directResponseAction: {status: 404}', 'a direct response'],
  ])('is a mistake beside %s', (action, shown) => {
    const { policies, found } = policiesOf(
      `${virtualService(`- ${action}\n  options: {shadowing: {upstream: {name: shadow}, percentage: 100}}`)}${backends}`,
    )
    expect(policies).toEqual([[]])
    expect(found).toEqual([
      `9:17 mirror/without-forward the route answers with ${shown}, so there is nothing to mirror (Gloo ` +
        `refuses shadowing there)`,
    ])
  })
})

describe('a RouteOption', () => {
  const option = object(
    'RouteOption',
    'option',
    'options:\n  shadowing: {upstream: {name: shadow}, percentage: 10}\n  timeout: 3s',
  )

  test('counts for the routes that name it', () => {
    const configuration = configure(
      `${oneRoute('optionsConfigRefs: {delegateOptions: [{name: option}]}')}${backends}${option}`,
    )
    expect(
      configuration
        .routes(gateway)
        .map(({ route }) => [
          route?.timeout,
          route?.request_mirror_policies?.map((each) => each.runtime_fraction?.default_value?.numerator),
        ]),
    ).toEqual([['3s', [100_000]]])
    expect(configuration.found.filter((each) => !each.includes(' gateway/assumed '))).toEqual([])
  })

  test('gives way to what the route says itself, field by field', () => {
    const own = oneRoute(
      'optionsConfigRefs: {delegateOptions: [{name: option}]}\noptions: {shadowing: {upstream: {name: ' +
        'shadow}, percentage: 0}}',
    )
    expect(
      configure(`${own}${backends}${option}`)
        .routes(gateway)
        .map(({ route }) => [route?.timeout, route?.request_mirror_policies]),
    ).toEqual([['3s', undefined]])
  })

  test('that no route names is said to have no effect', () => {
    expect(configure(`${oneRoute('name: plain')}${backends}${option}`).found).toContainEqual(
      expect.stringContaining(
        ' mirror/attached-to-nothing no route is there for it (object ' +
          'gateway.solo.io/RouteOption/gloo-system/option), so nothing is mirrored',
      ),
    )
  })

  test('that does not exist costs nothing else', () => {
    const { policies, found } = policiesOf(
      `${oneRoute('optionsConfigRefs: {delegateOptions: [{name: other}]}')}${backends}`,
    )
    expect(policies).toEqual([[]])
    expect(found).toEqual([
      '9:45 delegate/unknown there is no RouteOption gloo-system/other: the route has none of its options',
    ])
  })

  test('names HTTPRoutes of its own namespace only', () => {
    const targets = object(
      'RouteOption',
      'option',
      'targetRefs:\n- {group: "", kind: Service, name: a}\n- {group: gateway.networking.k8s.io, kind: ' +
        'HTTPRoute, name: a, namespace: b}',
    )
    expect(configure(targets).found).toEqual([
      '7:23 field/invalid-value targetRefs[0] is a Service, must be an HTTPRoute of ' +
        'gateway.networking.k8s.io',
      "8:77 field/invalid-value targetRefs[1].namespace is b, must be the RouteOption's own, gloo-system",
    ])
  })

  test('says of each option that it does not act on that it does not', () => {
    const options = object(
      'RouteOption',
      'option',
      'options:\n  extauth: {disable: true}\n  waf: {disabled: true}\n  timeout: 3',
    )
    expect(configure(options).found).toEqual([
      '6:3 mirror/attached-to-nothing no route is there for it (object ' +
        'gateway.solo.io/RouteOption/gloo-system/option), so it has no effect',
      '7:5 route/unprotected extauth is not supported: requests pass without it',
      '8:5 route/unprotected waf is not supported: requests pass without it',
      '9:14 field/wrong-type spec.options.timeout is the number 3, must be a string',
    ])
  })
})
