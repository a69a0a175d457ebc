import { describe, expect, test } from 'vitest'
import { gateway } from '../../support/configuration.ts'
import { configured, destinations, mapping, mirrors, routesFor } from './text.ts'

const shop = mapping('shop', 'prefix: /shop/\nservice: shop')
const shadow = (fields = '', metadata = ''): string =>
  mapping('shadow', `prefix: /shop/\nservice: shadow\nshadow: true${fields === '' ? '' : `\n${fields}`}`, {
    metadata,
  })

describe('a Mapping with shadow: true', () => {
  test.each([
    ['', 100],
    ['weight: 10', 10],
    ['weight: 1', 1],
    ['weight: 100', 100],
  ])('%s copies that share to a cluster of its own', (fields, share) => {
    const [route, ...more] = routesFor(shop + shadow(fields))
    expect(more).toEqual([])
    expect(destinations(route)).toEqual([['cluster_shop_default', 100]])
    expect(mirrors(route)).toEqual([['cluster_shadow_shadow_default', share]])
  })

  test('weight 0 copies nothing, and nothing is said of it', () => {
    const { found: said, routes } = configured(shop + shadow('weight: 0'))
    expect(said).toEqual([])
    expect(mirrors(routes(gateway)[0])).toEqual([])
  })

  test.each(['101', '250', '-1'])('weight %s: an error, and no copies', (weight) => {
    const { found: said, routes } = configured(shop + shadow(`weight: ${weight}`))
    expect(said).toEqual([
      `18:11 mirror/percentage-out-of-range weight is ${weight}, must be 0 to 100: nothing is mirrored`,
    ])
    expect(mirrors(routes(gateway)[0])).toEqual([])
  })

  test('a weight that is no number costs the shadow: it does not become a copy of everything', () => {
    const { found: said, routes } = configured(shop + shadow('weight: ten'))
    expect(said).toEqual([
      '18:11 field/wrong-type spec.weight is the string "ten", must be a number: it is left out, as it ' +
        'may be a shadow',
    ])
    expect(mirrors(routes(gateway)[0])).toEqual([])
  })

  test('the copy gets -shadow, whatever an annotation says', () => {
    const { found: said, routes } = configured(
      shop + shadow('', ', annotations: {shadowplane.io/shadow-host: keep}'),
    )
    expect(said).toEqual([
      '12:68 annotation/invalid annotation shadowplane.io/shadow-host is "keep", must be "suffix" on a ' +
        'Mapping: Emissary always appends -shadow',
    ])
    expect(
      routes(gateway)[0]?.route?.request_mirror_policies?.[0]?.disable_shadow_host_suffix_append ?? false,
    ).toBe(false)
  })

  test('its own rewrite and timeout have no effect, and that is said where they differ', () => {
    const { found: said, routes } = configured(shop + shadow('rewrite: /\ntimeout_ms: 50\nhost_rewrite: x'))
    const [route] = routes(gateway)
    expect(route?.route?.timeout).toBe('3s')
    expect(said.filter((each) => each.includes('mapping/'))).toEqual([
      '18:12 mapping/ignored-on-shadow rewrite of a shadow has no effect: its copies are what Mapping ' +
        'default/shop makes of the requests',
      '19:15 mapping/ignored-on-shadow timeout_ms of a shadow has no effect: its copies are what Mapping ' +
        'default/shop makes of the requests',
      '20:17 mapping/ignored-on-shadow host_rewrite of a shadow has no effect: its copies are what ' +
        'Mapping default/shop makes of the requests',
    ])
  })

  test('shadow wins over host_redirect on one Mapping', () => {
    const { found: said, routes } = configured(shop + shadow('host_redirect: true'))
    expect(said).toEqual([
      '18:18 field/invalid-value host_redirect is set beside shadow, must not: it has no effect',
    ])
    expect(mirrors(routes(gateway)[0])).toEqual([['cluster_shadow_shadow_default', 100]])
  })

  test('of a redirect there is nothing to mirror', () => {
    const { found: said, routes } = configured(
      mapping('shop', 'prefix: /shop/\nservice: shop.example.com\nhost_redirect: true') + shadow(),
    )
    expect(said).toEqual([
      '18:11 mirror/without-forward Mapping default/shop, the primary of its group, answers with a ' +
        'redirect, so there is nothing to mirror',
    ])
    expect(routes(gateway)[0]?.redirect?.host_redirect).toBe('shop.example.com')
  })

  test('its Service is not there: an error at its line, and the route stays', () => {
    const { found: said, routes } = configured(shop + shadow().replace('service: shadow', 'service: shadov'))
    expect(said).toEqual([
      '16:12 mirror/unknown-host host shadov.default.svc.cluster.local is not defined: nothing is ' +
        'mirrored there, the route is served without it',
    ])
    expect(destinations(routes(gateway)[0])).toEqual([['cluster_shop_default', 100]])
  })

  test('its Service has no such port: an error that says which there are', () => {
    const { found: said } = configured(shop + shadow().replace('service: shadow', 'service: shadow:8080'))
    expect(said).toEqual([
      '16:12 mirror/unknown-port shadow.default.svc.cluster.local has no port 8080: nothing is mirrored ' +
        'there, the route is served without it',
    ])
  })
})

describe('a second shadow', () => {
  const second = (metadata = ''): string =>
    mapping('third', 'prefix: /shop/\nservice: other\nshadow: true\nweight: 10', { metadata })

  test('is an error at its line, and the first is used', () => {
    const { found: said, routes } = configured(shop + shadow() + second())
    expect(said).toContain(
      '26:11 mapping/second-shadow Mapping default/shadow is the shadow of its group already, and ' +
        'Emissary allows one: nothing is mirrored to other',
    )
    expect(mirrors(routes(gateway)[0])).toEqual([['cluster_shadow_shadow_default', 100]])
  })

  test('is used too where it is annotated', () => {
    const { found: said, routes } = configured(
      shop + shadow() + second(', annotations: {shadowplane.io/several-shadows: "true"}'),
    )
    expect(said.filter((each) => each.includes('mapping/'))).toEqual([])
    expect(mirrors(routes(gateway)[0])).toEqual([
      ['cluster_shadow_shadow_default', 100],
      ['cluster_shadow_other_default', 10],
    ])
  })

  test('which one is first does not depend on their order, but on their age, then on their names', () => {
    for (const text of [shadow() + second(), second() + shadow()])
      expect(mirrors(routesFor(text + shop)[0])).toEqual([['cluster_shadow_shadow_default', 100]])
    const older = second(', creationTimestamp: "2020-01-01T00:00:00Z"')
    const newer = shadow('', ', creationTimestamp: "2021-01-01T00:00:00Z"')
    for (const text of [newer + older, older + newer])
      expect(mirrors(routesFor(text + shop)[0])).toEqual([['cluster_shadow_other_default', 10]])
  })

  test('an annotation that is neither true nor false is an error', () => {
    expect(
      configured(shop + shadow('', ', annotations: {shadowplane.io/several-shadows: "yes"}')).found,
    ).toContain(
      '12:72 annotation/invalid annotation shadowplane.io/several-shadows is "yes", must be "true" or ' +
        '"false"',
    )
  })
})

describe('a shadow without a Mapping that answers', () => {
  const lonely = (fields: string, primary = shop): string | undefined => {
    const { found: said, routes } = configured(
      primary + mapping('shadow', `${fields}\nservice: shadow\nshadow: true`, { hostname: '' }),
    )
    expect(routes(gateway).flatMap((route) => mirrors(route))).toEqual([])
    return said.find((each) => each.includes('mirror/attached-to-nothing'))
  }

  test('is said at its line', () => {
    expect(lonely('prefix: /shpo/\nhostname: "*"')).toBe(
      '17:11 mirror/attached-to-nothing no Mapping without shadow has its prefix /shpo/ and hostname *, ' +
        'so nothing is mirrored',
    )
  })

  test.each([
    [
      'prefix: /shpo/\nhostname: "*"',
      'Mapping default/shop differs in prefix only: "/shop/" there, "/shpo/" here',
    ],
    ['prefix: /shop/', 'Mapping default/shop differs in hostname only: "*" there, none here'],
    [
      'prefix: /shop/\nhostname: "*"\nmethod: GET',
      'Mapping default/shop differs in method only: none there, "GET" here',
    ],
    [
      'prefix: /shop/\nhostname: "*"\nprecedence: 1',
      'Mapping default/shop differs in precedence only: 0 there, 1 here',
    ],
  ])('%s: the hint names the one that was meant', (fields, hint) => {
    const { pipeline } = configured(
      shop + mapping('shadow', `${fields}\nservice: shadow\nshadow: true`, { hostname: '' }),
    )
    const hints = pipeline.read
      .entries(pipeline.findings)
      .flatMap(([, each]) => each)
      .filter(({ code }) => code === 'mirror/attached-to-nothing')
      .map((each) => each.hint)
    expect(hints).toEqual([hint])
  })
})
