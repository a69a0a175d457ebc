import fc from 'fast-check'
import type { Json, JsonObject } from '../../src/manifest/manifest.ts'

/**
 * Texts that somebody may write anywhere: sound ones, and those that Envoy would refuse where they do not
 * belong.
 */
const odd = fc.constantFrom<Json>(
  '',
  '/',
  '//',
  '/a',
  '/a/',
  '/a/b',
  '/a?b',
  '/a%',
  '/a%20',
  '/.',
  'a',
  'A-b',
  'a b',
  '*',
  '%',
  '%%',
  '100%',
  '%REQ(x)%',
  '%NO%',
  ':path',
  'host',
  'Host',
  'x-a',
  'x\n',
  'é',
  '(',
  '[a-z]+',
  '\\1',
  '.*',
  'https://*.example',
  'a.example',
  '*.example',
  'GET',
  '1s',
  '0s',
  '10',
  '-1s',
  'Exact',
  'PathPrefix',
  'RegularExpression',
  'shop',
  'shadow',
  'nobody',
  'Service',
  null,
  true,
  0,
  1,
  -1,
  80,
  65536,
  500,
  1.5,
  1e9,
)

/** A sound value most of the time. */
function mostly(sound: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.oneof(
    { weight: 80, arbitrary: sound },
    { weight: 1, arbitrary: odd },
    { weight: 1, arbitrary: fc.oneof(fc.constant<Json>([]), fc.constant<Json>({})) },
  )
}

function texts(...values: readonly Json[]): fc.Arbitrary<Json> {
  return mostly(fc.constantFrom(...values))
}

function object(
  fields: Readonly<Record<string, fc.Arbitrary<Json>>>,
  required: readonly string[] = [],
): fc.Arbitrary<Json> {
  return mostly(fc.record(fields, { requiredKeys: [...required] }))
}

function list(element: fc.Arbitrary<Json>, maxLength = 3): fc.Arbitrary<Json> {
  return mostly(fc.array(element, { maxLength }))
}

const headerName = texts('x-a', 'X-A', 'X-B', 'Host', 'content-type')
const path = object({
  type: texts('Exact', 'PathPrefix', 'RegularExpression'),
  value: texts('/', '/a', '/a/', '/a/b', '/a%20b', '/a.b', '/(a|b)', '.*'),
})
const valueMatch = object(
  { name: headerName, type: texts('Exact', 'RegularExpression'), value: texts('a', '[a-z]+', 'a b', '100%') },
  ['name', 'value'],
)
const match = object({
  path,
  headers: list(valueMatch),
  queryParams: list(valueMatch),
  method: texts('GET', 'POST', 'CONNECT'),
})
const header = object({ name: headerName, value: texts('a', '100%', '%REQ(x-a)%', 'a\tb') }, [
  'name',
  'value',
])
const modifier = object({ set: list(header), add: list(header), remove: list(headerName) })
const reference = {
  name: texts('shop', 'shop', 'shadow', 'shadow', 'nobody'),
  port: texts(80),
  namespace: texts('default', 'default', 'default', 'other'),
  kind: texts('Service'),
}
const pathModifier = fc.oneof(
  object({ type: texts('ReplaceFullPath'), replaceFullPath: texts('/', '/x', '/x\\1', '/x?y') }, [
    'type',
    'replaceFullPath',
  ]),
  object({ type: texts('ReplacePrefixMatch'), replacePrefixMatch: texts('', '/', '/x', '/x/', '/x?y') }, [
    'type',
    'replacePrefixMatch',
  ]),
)
const fraction = object({ numerator: texts(0, 1, 7), denominator: texts(7, 100, 2_147_483_647) }, [
  'numerator',
])
const required = { backendRef: object({ ...reference, name: texts('shadow') }, ['name', 'port']) }
const share = fc.oneof(
  ...[{}, { percent: texts(0, 1, 100) }, { fraction }].map((fields) =>
    object({ ...required, ...fields }, ['backendRef', ...Object.keys(fields)]),
  ),
)

function filter(type: string, field: string, value: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return object({ type: texts(type), [field]: value }, ['type', field])
}

const backendFilters = [
  filter('RequestHeaderModifier', 'requestHeaderModifier', modifier),
  filter('ResponseHeaderModifier', 'responseHeaderModifier', modifier),
  filter('RequestMirror', 'requestMirror', share),
]
const filters = list(
  fc.oneof(
    ...backendFilters,
    filter('RequestMirror', 'requestMirror', share),
    filter(
      'RequestRedirect',
      'requestRedirect',
      object({
        scheme: texts('http', 'https'),
        hostname: texts('a.example'),
        path: pathModifier,
        port: texts(80, 443, 8080),
        statusCode: texts(301, 302, 303, 307, 308),
      }),
    ),
    filter('URLRewrite', 'urlRewrite', object({ hostname: texts('a.example'), path: pathModifier })),
    filter(
      'CORS',
      'cors',
      object({
        allowOrigins: list(texts('https://a.example', 'https://*.example:8443', '*')),
        allowMethods: list(texts('GET', '*')),
        allowHeaders: list(headerName),
        exposeHeaders: list(headerName),
        maxAge: texts(1, 86_400),
        allowCredentials: texts(true, false),
      }),
    ),
    filter(
      'ExtensionRef',
      'extensionRef',
      object({ group: texts(''), kind: texts('Service'), name: texts('shop', 'shop', 'nobody') }, [
        'group',
        'kind',
        'name',
      ]),
    ),
  ),
  4,
)

const rule = object({
  name: texts('a', 'b', 'c.d'),
  matches: list(match),
  filters,
  timeouts: object({ request: texts('10s', '0s', '1m30s'), backendRequest: texts('1s', '0s') }),
  retry: object({
    codes: list(texts(500, 503, 429)),
    attempts: texts(1, 3),
    backoff: texts('0s', '1ms', '25ms'),
  }),
  backendRefs: list(
    object({ ...reference, weight: texts(0, 1, 1_000_000), filters: list(fc.oneof(...backendFilters)) }, [
      'name',
      'port',
    ]),
  ),
})

/** The rules of an HTTPRoute, sound for the most part. */
export const anyRules: fc.Arbitrary<readonly Json[]> = fc.array(rule, { minLength: 1, maxLength: 4 })

/** An HTTPRoute for a Gateway `edge`, with a host name of its own. */
export function httpRouteWith(rules: readonly Json[], name: string): JsonObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: { parentRefs: [{ name: 'edge' }], hostnames: [`${name}.example`], rules },
  }
}
