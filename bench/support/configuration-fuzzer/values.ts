import fc from 'fast-check'

/** Fields by name; `undefined` for an arbitrary value is a field that is absent. */
type Shape = Readonly<Record<string, fc.Arbitrary<unknown>>>
type Fields = Readonly<Record<string, unknown>>

/** An object with all of `required`, and about a third of `optional`. */
export function fields(required: Shape, optional: Shape = {}): fc.Arbitrary<Fields> {
  const sparse = Object.fromEntries(
    Object.entries(optional).map(([name, value]) => [
      name,
      fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value }),
    ]),
  )
  return fc
    .record({ ...required, ...sparse })
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)))
}

/** One of several shapes of a message in which fields exclude each other. */
export function either(...shapes: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> {
  return fc.oneof(...shapes)
}

/** A map with some of these keys. */
export function mapOf(keys: readonly string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<Fields> {
  return fc
    .uniqueArray(fc.tuple(fc.constantFrom(...keys), value), {
      minLength: 1,
      maxLength: 3,
      selector: ([key]) => key,
    })
    .map((entries) => Object.fromEntries(entries))
}

/**
 * Hosts end in localhost, which Envoy's resolver knows by itself (RFC 6761): nothing is looked up outside of
 * the machine. `{id}`, `{ns}`, `{ip4}` (the last two numbers of an address) and `{ip6}` become the
 * configuration's own; see `placed`.
 */
export const own = {
  reviews: 'reviews-{id}',
  ratings: 'ratings-{id}',
  external: 'ext.{id}.localhost',
  wild: '*.wild.{id}.localhost',
  shop: 'shop.{id}.localhost',
  namespace: '{ns}',
} as const

/** Stands for a port that no other configuration of the batch has; `k` from 1 to 8. */
export function ownPort(k: number): number {
  return firstOwnPort + k
}

export const firstOwnPort = 900_000
export const ownPorts = 9

export const duration = fc.constantFrom('1s', '2.5s', '100ms', '1h', '1m30s', '0.5s', '1.000000001s', '24h')
export const percentage = fields({
  value: fc.constantFrom(0, 0.0001, 0.57, 1, 10, 33.3333, 50, 99.9999, 100),
})
export const count = fc.constantFrom(0, 1, 7, 100, 1024, 2_147_483_647)
export const portNumber = fc.constantFrom(80, 8080, 9000)
export const label = fc.constantFrom('v1', 'v2', 'a.b', 'x_y', '')
export const labels = mapOf(['app', 'version', 'example.com/team'], label)
export const exportTo = fc.constantFrom(['*'], ['.'], ['{ns}'], ['*', 'other'], ['.', 'clients'], ['~'])

const regexes = fc.constantFrom(
  '.*',
  '/a/.*',
  '(?i)abc',
  '[a-z]+[0-9]{2,5}',
  '^/x/(\\d+)$',
  '\\p{Greek}+',
  '(a|b)*c',
  'é+',
  '(?P<id>[^/]+)',
  '/v[12]/.*',
  'a{0,20}',
  '\\Qx.y\\E',
  '(?s).+',
)
const text = fc.constantFrom(
  'a',
  'x-y',
  'GET',
  'a b',
  'é',
  'shop.localhost',
  '%41',
  '/x',
  'a,b',
  '"quoted"',
  '漢字',
)
const paths = fc.constantFrom(
  '/',
  '/a',
  '/a/b',
  '/é',
  '/a b',
  '/%41',
  '/a?b=c',
  '/a/',
  '/very/long'.repeat(30),
  'no-slash',
)

/** Istio's StringMatch over a value of a header, an authority and so on. */
export const stringMatch = either(
  fields({ exact: text }),
  fields({ prefix: text }),
  fields({ regex: regexes }),
)
export const pathMatch = either(
  fields({ exact: paths }),
  fields({ prefix: paths }),
  fields({ regex: regexes }),
)
export const valueMatch = either(stringMatch, fc.constant({}))
export const path = paths
export const regex = regexes

const headerNames = [
  'x-user',
  'X-Upper',
  'x_underscore',
  'x-1',
  'cookie',
  'content-type',
  '!odd~name',
  'user-agent',
]
export const matchHeaders = mapOf([...headerNames, ':path'], valueMatch)

const headerValue = fc.constantFrom(
  'a',
  '',
  'two words',
  'é',
  '%REQ(x-user)%',
  '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
  '100%%',
  '%START_TIME(%Y/%m/%d)%',
  '%RESPONSE_CODE%',
  '%PROTOCOL%',
  '%REQ(x-a?x-b):10%',
  'tab\tinside',
  '"q"',
  '{"json": true}',
  '%UPSTREAM_HOST%',
  '%ENVIRONMENT(HOME)%',
  '%UPSTREAM_METADATA(["a", "b"])%',
)
const operations = fields(
  {},
  {
    set: mapOf(headerNames, headerValue),
    add: mapOf(headerNames, headerValue),
    remove: fc.subarray(['x-gone', 'X-Gone-Too', 'cookie', 'server']),
  },
)

export const headers = fields({}, { request: operations, response: operations })
