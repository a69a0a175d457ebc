import { expect } from 'vitest'
import { configure, gateway } from '../support/configuration.ts'
import type { Route } from '../support/configuration.ts'
import { configured, destinations, mapping, mirrors, routesFor, service } from '../dialects/emissary/text.ts'

/** A case of the data, and what is checked of it here. */
export interface EmissaryCase {
  /** As docs/emissary.md names it. */
  readonly id: string
  /** The beginning of its name, or of its fact, in the data. */
  readonly begins: string
  /** Ids of the documented differences that show in it. */
  readonly differences: readonly string[]
  /** `shared` is the input of the config test. */
  check(shared: string): void
}

const primary = mapping('a', 'prefix: /shop/\nservice: shop')
const shadow = (fields = ''): string =>
  mapping('b', `prefix: /shop/\nservice: shadow\nshadow: true\n${fields}`)

function only(routes: readonly Route[]): Route {
  expect(routes).toHaveLength(1)
  return routes[0] ?? {}
}

function codes(text: string): readonly string[] {
  return configured(text).found.map((each) => each.split(' ')[1] ?? '')
}

export const emissaryCases: readonly EmissaryCase[] = [
  {
    id: 'test_shadow',
    begins: 'config test_shadow',
    differences: ['per-million', 'runtime-key'],
    check(shared) {
      const configuration = configure(`${shared}\n${service('httpbin')}${service('httpbin-shadow')}`)
      const { match, route } = only(configuration.routes(gateway))
      expect(configuration.found).toEqual([])
      expect(match?.prefix).toBe('/httpbin/')
      expect(route?.request_mirror_policies).toEqual([
        expect.objectContaining({
          cluster: 'cluster_shadow_httpbin_shadow_default',
          runtime_fraction: {
            default_value: { numerator: 100_000, denominator: 'MILLION' },
            runtime_key: expect.stringMatching(/^shadowplane\.mirror\./) as string,
          },
        }),
      ])
    },
  },
  {
    // With a real Envoy: test/envoy/emissary-shadow.test.ts. Here: its Mappings are sound, and do what that
    // relies on.
    id: 'KAT ShadowTest',
    begins: 'traffic KAT ShadowTest',
    differences: [],
    check() {
      const text =
        mapping('target', 'prefix: /app/mark/\nrewrite: /mark/\nservice: https://target') +
        mapping('shadow', 'prefix: /app/mark/\nrewrite: /mark/\nservice: shadow\nshadow: true')
      const configuration = configured(text + service('target', 443))
      expect(configuration.found).toEqual([])
      const route = only(configuration.routes(gateway))
      expect(route.route?.prefix_rewrite).toBe('/mark/')
      expect(mirrors(route)).toEqual([['cluster_shadow_shadow_default', 100]])
    },
  },
  {
    id: 'numerator',
    begins: 'numerator = shadow Mapping',
    differences: ['per-million', 'range-checked'],
    check() {
      expect(mirrors(only(routesFor(primary + shadow('weight: 37'))))).toEqual([
        ['cluster_shadow_shadow_default', 37],
      ])
      expect(codes(primary + shadow('weight: 137'))).toEqual(['mirror/percentage-out-of-range'])
    },
  },
  {
    id: 'suffix',
    begins: 'disable_shadow_host_suffix_append is never set',
    differences: [],
    check() {
      expect(only(routesFor(primary + shadow())).route?.request_mirror_policies?.[0]).not.toHaveProperty(
        'disable_shadow_host_suffix_append',
      )
    },
  },
  {
    id: 'group key',
    begins: 'group key = sha1',
    differences: [],
    check() {
      for (const field of ['method: GET', 'headers: {x: "1"}', 'query_parameters: {q: "1"}', 'precedence: 2'])
        expect(codes(primary + shadow(field))).toContain('mirror/attached-to-nothing')
      expect(codes(primary + shadow().replace('hostname: "*"', 'hostname: a.example'))).toContain(
        'mirror/attached-to-nothing',
      )
      const both = 'method: GET\nheaders: {x: "1"}\nquery_parameters: {q: "1"}\nprecedence: 2'
      expect(
        mirrors(only(routesFor(mapping('a', `prefix: /shop/\nservice: shop\n${both}`) + shadow(both)))),
      ).toHaveLength(1)
    },
  },
  {
    id: 'primary',
    begins: 'primary = every non-shadow Mapping',
    differences: [],
    check() {
      const route = only(
        routesFor(
          primary + mapping('c', 'prefix: /shop/\nservice: canary\nweight: 30') + shadow('weight: 50'),
        ),
      )
      expect(destinations(route)).toEqual([
        ['cluster_shop_default', 70],
        ['cluster_canary_default', 30],
      ])
      expect(mirrors(route)).toEqual([['cluster_shadow_shadow_default', 50]])
    },
  },
  {
    id: 'canary',
    begins: 'canary weights become several Envoy routes',
    differences: ['one-route'],
    check() {
      const route = only(
        routesFor(primary + mapping('c', 'prefix: /shop/\nservice: canary\nweight: 10') + shadow()),
      )
      expect(destinations(route)).toEqual([
        ['cluster_shop_default', 90],
        ['cluster_canary_default', 10],
      ])
      expect(mirrors(route)).toHaveLength(1)
    },
  },
  {
    id: 'flattened',
    begins: 'rewrite, timeouts, headers etc. are flattened',
    differences: [],
    check() {
      const { route = {}, ...rest } = only(
        routesFor(
          mapping('a', 'prefix: /shop/\nservice: shop\nrewrite: /a/\ntimeout_ms: 1000') +
            shadow('rewrite: /b/\ntimeout_ms: 2000\nadd_request_headers: {x: "1"}'),
        ),
      )
      expect([route.prefix_rewrite, route.timeout, rest.request_headers_to_add]).toEqual([
        '/a/',
        '1s',
        undefined,
      ])
    },
  },
  {
    id: 'second shadow',
    begins: 'a second shadow is rejected',
    differences: [],
    check() {
      const text = primary + shadow() + mapping('c', 'prefix: /shop/\nservice: other\nshadow: true')
      expect(codes(text)).toContain('mapping/second-shadow')
      expect(mirrors(only(routesFor(text)))).toEqual([['cluster_shadow_shadow_default', 100]])
    },
  },
  {
    id: 'shadow and redirect',
    begins: 'shadow and host_redirect on the same Mapping',
    differences: [],
    check() {
      const text = primary + shadow('host_redirect: true')
      expect(codes(text)).toContain('field/invalid-value')
      expect(mirrors(only(routesFor(text)))).toHaveLength(1)
    },
  },
  {
    id: 'agreement',
    begins: 'mappings of a group must agree',
    differences: ['primaries-first'],
    check() {
      const one = mapping('c', 'prefix: /shop/\nservice: canary\nweight: 10\nkeepalive: {probes: 1}')
      expect(codes(primary + one)).toContain('mapping/mismatched-field')
      expect(destinations(only(routesFor(primary + one)))).toEqual([['cluster_shop_default', 100]])
      const older = shadow('keepalive: {probes: 2}').replace(
        '{name: b',
        '{name: b, creationTimestamp: "2020-01-01T00:00:00Z"',
      )
      expect(
        destinations(
          only(routesFor(older + mapping('d', 'prefix: /shop/\nservice: shop\nkeepalive: {probes: 1}'))),
        ),
      ).toHaveLength(1)
    },
  },
  {
    id: 'cluster name',
    begins: 'shadow cluster gets the marker',
    differences: [],
    check() {
      expect(
        mirrors(
          only(routesFor(primary + shadow().replace('service: shadow', 'service: http://shadow:80'))),
        )[0]?.[0],
      ).toBe('cluster_shadow_http___shadow_80_default')
      const name = `s${'-long'.repeat(11)}`
      const configuration = configured(
        primary + shadow().replace('service: shadow', `service: ${name}`) + service(name),
      )
      expect(mirrors(only(configuration.routes(gateway)))[0]?.[0]).toMatch(
        /^cluster_shadow_s_long_long_long_long_lon-[0-9A-F]{16}-0$/,
      )
    },
  },
  {
    id: 'only a shadow',
    begins: 'a group that has only a shadow',
    differences: [],
    check() {
      expect(routesFor(shadow()).filter(({ route }) => route !== undefined)).toEqual([])
      expect(codes(shadow())).toEqual(['mirror/attached-to-nothing'])
    },
  },
  {
    id: 'weight absent',
    begins: 'weight absent',
    differences: ['per-million'],
    check() {
      expect(mirrors(only(routesFor(primary + shadow())))).toEqual([['cluster_shadow_shadow_default', 100]])
    },
  },
  {
    id: 'weight 0',
    begins: 'weight 0',
    differences: ['zero-is-no-policy'],
    check() {
      expect(mirrors(only(routesFor(primary + shadow('weight: 0'))))).toEqual([])
      expect(codes(primary + shadow('weight: 0'))).toEqual([])
    },
  },
  {
    id: 'weight 250',
    begins: 'weight 250',
    differences: ['range-checked'],
    check() {
      expect(mirrors(only(routesFor(primary + shadow('weight: 250'))))).toEqual([])
      expect(codes(primary + shadow('weight: 250'))).toEqual(['mirror/percentage-out-of-range'])
    },
  },
]
