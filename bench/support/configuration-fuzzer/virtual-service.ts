import fc from 'fast-check'
import {
  duration,
  either,
  exportTo,
  fields,
  headers,
  labels,
  mapOf,
  matchHeaders,
  own,
  ownPort,
  path,
  pathMatch,
  percentage,
  portNumber,
  regex,
  stringMatch,
  valueMatch,
} from './values.ts'

const service = fc.constantFrom(
  own.reviews,
  own.reviews,
  own.ratings,
  own.external,
  `${own.reviews}.${own.namespace}.svc.cluster.local`,
)
const httpPort = fields({ number: fc.constant(80) })

/** Istio's Destination; a subset is one that the configuration's DestinationRule has. */
const destination = either(
  fields({ host: service, port: httpPort }),
  fields({ host: service }),
  fields({ host: fc.constant(own.reviews), subset: fc.constantFrom('v1', 'v2'), port: httpPort }),
  fields({ host: fc.constant(own.reviews), port: fields({ number: fc.constant(8080) }) }),
)

const routes = fc.oneof(
  fields({ destination }, { headers }).map((each) => [each]),
  fc
    .tuple(
      destination,
      destination,
      headers,
      fc.constantFrom([90, 10], [1, 0], [0, 100], [4_294_967_294, 1], [50, 50], [1, 4_000_000_000]),
    )
    .map(([a, b, changes, [first, second]]) => [
      { destination: a, weight: first, headers: changes },
      { destination: b, weight: second },
    ]),
  fc
    .tuple(destination, destination, destination)
    .map((each) => each.map((one, index) => ({ destination: one, weight: [34, 33, 33][index] }))),
)

const match = fields(
  {},
  {
    name: fc.constantFrom('m', 'm.x', 'odd name'),
    uri: pathMatch,
    scheme: stringMatch,
    method: stringMatch,
    authority: stringMatch,
    headers: matchHeaders,
    withoutHeaders: matchHeaders,
    queryParams: mapOf(['q', 'a b', 'é'], valueMatch),
    ignoreUriCase: fc.boolean(),
    port: portNumber,
    sourceLabels: labels,
    sourceNamespace: fc.constantFrom('{ns}', 'clients', 'other'),
    gateways: fc.constantFrom(['mesh'], ['edge-{id}'], ['{ns}/edge-{id}', 'mesh']),
    statPrefix: fc.constantFrom('stat', 'with space', 'a.b'),
  },
)

const retries = fields(
  { attempts: fc.constantFrom(1, 3, 100) },
  {
    perTryTimeout: duration,
    retryOn: fc.constantFrom('5xx', 'gateway-error,503', 'reset, connect-failure', '504'),
    backoff: duration,
    retryRemoteLocalities: fc.boolean(),
    retryIgnorePreviousHosts: fc.boolean(),
  },
)
const delay = fields({ fixedDelay: duration, percentage }, {})
const abort = either(
  fields({ httpStatus: fc.constantFrom(400, 503, 200, 599), percentage }),
  fields({ grpcStatus: fc.constantFrom('UNAVAILABLE', 'CANCELLED'), percentage }),
)
const fault = either(fields({ delay }), fields({ abort }), fields({ delay, abort }))

const origins = fc.array(
  either(
    fields({ exact: fc.constantFrom('https://a.localhost', '*') }),
    fields({ prefix: fc.constant('https://') }),
    fields({ regex }),
  ),
  { minLength: 1, maxLength: 2 },
)
const corsPolicy = either(
  fields(
    { allowOrigins: origins },
    {
      allowMethods: fc.subarray(['GET', 'POST', 'PATCH']),
      allowHeaders: fc.constantFrom(['x-a'], ['*'], ['x-a', 'X-B']),
      exposeHeaders: fc.constantFrom(['x-a'], ['*']),
      maxAge: fc.constantFrom('1s', '24h', '10m'),
      allowCredentials: fc.boolean(),
      unmatchedPreflights: fc.constantFrom('UNSPECIFIED', 'FORWARD', 'IGNORE'),
    },
  ),
  fields({ allowOrigin: fc.constant(['https://a.localhost']) }),
)

const rewrite = either(
  fields({ uri: path }),
  fields({ authority: fc.constantFrom('other.localhost', 'é.localhost', 'a:80') }),
  fields({ uriRegexRewrite: fields({ match: regex, rewrite: fc.constantFrom('/x', '/é', '\\\\') }) }),
  fields({
    uriRegexRewrite: fc.constant({ match: '/(a)/(b)', rewrite: '/\\2/\\1' }),
    authority: fc.constant('other.localhost'),
  }),
)

const redirect = either(
  fields(
    { uri: path },
    {
      redirectCode: fc.constantFrom(301, 302, 303, 307, 308),
      port: fc.constantFrom(1, 443, 65_535),
      scheme: fc.constantFrom('http', 'https'),
    },
  ),
  fields(
    { authority: fc.constantFrom('other.localhost', 'é') },
    { derivePort: fc.constantFrom('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT') },
  ),
  fields({ prefixRewrite: path }),
)

const directResponse = fields(
  { status: fc.constantFrom(200, 204, 404, 503, 599) },
  {
    body: either(
      fields({ string: fc.constantFrom('hello', '', '{"é": 1}', 'x'.repeat(5000)) }),
      fields({ bytes: fc.constantFrom('aGVsbG8=', '') }),
    ),
  },
)

const mirrors = either(
  fields({ mirror: destination }, { mirrorPercentage: percentage }),
  fields({ mirror: destination, mirrorPercent: fc.constantFrom(0, 5, 100) }),
  fields({ mirrors: fc.array(fields({ destination }, { percentage }), { minLength: 1, maxLength: 3 }) }),
  fc.constant({}),
)

const aside = { timeout: fc.oneof(duration, fc.constant('0s')), retries, fault, corsPolicy, headers, rewrite }
const { fault: _, rewrite: __, retries: ___, timeout: ____, ...asideAnswer } = aside
const several = { match: fc.array(match, { minLength: 1, maxLength: 3 }) }

const forward = fc
  .tuple(fields({ route: routes }, { ...aside, ...several }), mirrors)
  .map(([rule, copies]) => ({ ...rule, ...(copies as object) }))
const answer = either(
  fields({ redirect }, { ...asideAnswer, ...several }),
  fields({ directResponse }, { ...asideAnswer, ...several }),
)
const delegated = fields(
  { delegate: fc.constantFrom({ name: 'leaf-{id}' }, { name: 'leaf-{id}', namespace: '{ns}' }) },
  {
    match: fc.constant([{ uri: { prefix: '/leaf' } }]),
    timeout: duration,
    retries,
    headers,
    mirror: destination,
  },
)

/** Rules are named after their place, so that a route shows which rule it came from. */
function named(rules: readonly unknown[]): readonly unknown[] {
  return rules.map((rule, index) => ({ name: `r${index}`, ...(rule as object) }))
}

/** So that most rules are reached: a rule without a match ends the list. */
function matched(rules: readonly unknown[]): readonly unknown[] {
  return rules.map((rule, index) =>
    index === rules.length - 1 || 'match' in (rule as object)
      ? rule
      : { match: [{ uri: { prefix: `/${index}` } }], ...(rule as object) },
  )
}

const rule = fc.oneof({ weight: 6, arbitrary: forward }, { weight: 2, arbitrary: answer })
const rules = fc
  .array(fc.oneof({ weight: 8, arbitrary: rule }, { weight: 1, arbitrary: delegated }), {
    minLength: 1,
    maxLength: 4,
  })
  .map(matched)
  .map(named)

const tls = fc.constantFrom(
  [
    {
      match: [{ sniHosts: ['tls.{id}.localhost'], port: ownPort(4) }],
      route: [{ destination: { host: own.reviews, port: { number: 80 } } }],
    },
  ],
  [
    {
      match: [{ sniHosts: ['tls.{id}.localhost', '*.tls.{id}.localhost'] }],
      route: [
        { destination: { host: own.reviews, port: { number: 80 } }, weight: 1 },
        { destination: { host: own.ratings, port: { number: 80 } }, weight: 0 },
      ],
    },
  ],
)
const tcp = fc.constant([
  { match: [{ port: 9090 }], route: [{ destination: { host: own.reviews, port: { number: 9090 } } }] },
])

/**
 * The `spec` of the VirtualService that the gateway has, of the one of the mesh, and of the delegate that
 * both may name.
 */
export const virtualServices = {
  edge: fields(
    {
      hosts: fc.constantFrom(
        [own.shop],
        [own.shop, `*.${own.shop}`],
        ['*.{id}.localhost'],
        ['tls.{id}.localhost', own.shop],
      ),
      gateways: fc.constantFrom(['edge-{id}'], ['{ns}/edge-{id}', 'mesh']),
      http: rules,
    },
    { tls, tcp, exportTo },
  ),
  mesh: fields(
    {
      hosts: fc.constantFrom(
        [own.reviews],
        [own.reviews, own.ratings],
        [own.external],
        [own.wild],
        [`*.${own.external}`],
      ),
      http: rules,
    },
    { exportTo, gateways: fc.constant(['mesh']) },
  ),
  leaf: fields({ http: fc.array(rule, { minLength: 1, maxLength: 2 }).map(named) }, {}),
}
