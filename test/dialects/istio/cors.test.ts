import { describe, expect, test } from 'vitest'
import type { AnyJson } from '../../../src/xds/proto.ts'
import { configure, sidecar, translateFirst } from '../../support/configuration.ts'
import { service, virtualService } from './text.ts'

const forward = 'route: [{destination: {host: reviews}}]'

/** The settings of the CORS filter on the route, without those that are always there. */
function policyOf(policy: string): unknown {
  const [route] = configure(virtualService(`${forward}\ncorsPolicy: ${policy}`) + service('reviews'))
    .routes(sidecar())
    .filter((each) => each.metadata !== undefined)
  const {
    '@type': type,
    filter_enabled: enabled,
    ...rest
  }: AnyJson = route?.typed_per_filter_config?.['envoy.filters.http.cors'] ?? {
    '@type': 'type.googleapis.com/none',
  }
  expect([type, enabled]).toEqual([
    'type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy',
    { default_value: { numerator: 100 } },
  ])
  return rest
}

describe('a CORS policy', () => {
  test.each([
    ['{}', { forward_not_matching_preflights: true }],
    [
      '{allowOrigins: [{exact: "https://a.example"}, {prefix: "https://b."}, {regex: ".*[.]c[.]example"}]}',
      {
        allow_origin_string_match: [
          { exact: 'https://a.example' },
          { prefix: 'https://b.' },
          { safe_regex: { regex: '.*[.]c[.]example' } },
        ],
        forward_not_matching_preflights: true,
      },
    ],
    [
      '{allowOrigin: ["*"]}',
      { allow_origin_string_match: [{ exact: '*' }], forward_not_matching_preflights: true },
    ],
    [
      '{allowOrigin: ["*"], allowOrigins: [{exact: a}]}',
      { allow_origin_string_match: [{ exact: 'a' }], forward_not_matching_preflights: true },
    ],
    [
      '{allowMethods: [GET, POST], allowHeaders: [x-1, x-2], exposeHeaders: ["*"], maxAge: 24h, ' +
        'allowCredentials: true}',
      {
        allow_methods: 'GET,POST',
        allow_headers: 'x-1,x-2',
        expose_headers: '*',
        max_age: '86400',
        allow_credentials: true,
        forward_not_matching_preflights: true,
      },
    ],
    ['{allowCredentials: false}', { allow_credentials: false, forward_not_matching_preflights: true }],
    ['{unmatchedPreflights: FORWARD}', { forward_not_matching_preflights: true }],
    ['{unmatchedPreflights: UNSPECIFIED}', { forward_not_matching_preflights: true }],
    ['{unmatched_preflights: IGNORE}', { forward_not_matching_preflights: false }],
  ])('%s', (policy, expected) => {
    expect(policyOf(policy)).toEqual(expected)
  })

  test.each([
    ['{allowOrigin: [a]}', '8:18 field/deprecated corsPolicy.allowOrigin is deprecated'],
    [
      '{allowOrigin: [a], allowOrigins: [{exact: a}]}',
      '8:18 field/deprecated corsPolicy.allowOrigin is deprecated, and has no effect beside allowOrigins',
    ],
  ])('%s', (policy, found) => {
    expect(translateFirst(virtualService(`${forward}\ncorsPolicy: ${policy}`)).found).toEqual([found])
  })

  test.each([
    [
      '{allowOrigins: ["https://a"]}',
      '8:33 field/wrong-type spec.http[0].corsPolicy.allowOrigins[0] is the string "https://a", must be ' +
        'an object',
    ],
    [
      '{allowOrigins: [{}]}',
      '8:33 field/invalid-value spec.http[0].corsPolicy.allowOrigins[0] is an object, must say which ' +
        'origins: exact, prefix or regex',
    ],
    [
      '{allowOrigins: [{regex: "a("}]}',
      /^8:41 field\/invalid-value spec\.http\[0\]\.corsPolicy\.allowOrigins\[0\]\.regex is "a\(", must be a regular expression in RE2 syntax/,
    ],
    [
      '{allowMethods: [get]}',
      /^8:33 field\/invalid-value spec\.http\[0\]\.corsPolicy\.allowMethods\[0\] is "get", must be one of GET, HEAD/,
    ],
    [
      '{allowHeaders: ["x y"]}',
      '8:33 field/invalid-value spec.http[0].corsPolicy.allowHeaders[0] is "x y", must be the name of a ' +
        'header, or *',
    ],
    [
      '{maxAge: 1500ms}',
      '8:26 field/invalid-value spec.http[0].corsPolicy.maxAge is "1500ms", must be whole seconds, at ' +
        'least 1s',
    ],
    [
      '{unmatchedPreflights: DROP}',
      '8:39 field/invalid-value spec.http[0].corsPolicy.unmatchedPreflights is "DROP", must be one of ' +
        'UNSPECIFIED, FORWARD, IGNORE',
    ],
    [
      '{allowOrgins: [{exact: a}]}',
      '8:18 field/unknown spec.http[0].corsPolicy.allowOrgins is not a known field',
    ],
  ])('%s is refused, and costs the policy alone', (policy, found) => {
    const result = translateFirst(virtualService(`${forward}\ncorsPolicy: ${policy}`))
    expect(result.found).toEqual([typeof found === 'string' ? found : expect.stringMatching(found)])
    expect(result.rejected).toBe(true)
    expect(result.routeTables[0]?.routes.map((route) => route.cors)).toEqual([undefined])
  })
})
