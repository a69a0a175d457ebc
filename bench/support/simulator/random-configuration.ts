/**
 * Random Istio objects whose routes are easy to confuse, for comparing the simulator's answers with those of
 * a real Envoy.
 */
import fc from 'fast-check'

/**
 * One configuration: a gateway with a port of its own and its VirtualServices, or services on such a port
 * with theirs for the mesh.
 */
export interface RandomConfiguration {
  readonly role: 'gateway' | 'sidecar'
  /** Listener port, different in each configuration. */
  readonly port: number
  readonly virtualServices: readonly RandomVirtualService[]
}

export interface RandomVirtualService {
  readonly hosts: readonly string[]
  readonly rules: readonly RandomRule[]
}

export type StringMatch =
  { readonly exact: string } | { readonly prefix: string } | { readonly regex: string }

export interface RandomMatch {
  readonly uri?: StringMatch
  readonly ignoreUriCase?: boolean
  readonly method?: StringMatch
  readonly authority?: StringMatch
  readonly scheme?: StringMatch
  readonly headers?: Readonly<Record<string, StringMatch | Record<string, never>>>
  readonly withoutHeaders?: Readonly<Record<string, StringMatch | Record<string, never>>>
  readonly queryParams?: Readonly<Record<string, StringMatch | Record<string, never>>>
}

/** An HTTPRoute, as written in YAML. */
export interface RandomRule {
  readonly match?: readonly RandomMatch[]
  readonly [field: string]: unknown
}

export const words = ['a', 'ab', 'abc', 'b', 'v1', 'v22', 'x', 'Cased', 'index.html']
const path = fc
  .array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 })
  .map((segments) => `/${segments.join('/')}`)

const atom = fc.constantFrom('a', 'b', 'c', '/', '.', '[ab]', '[^/]', '\\w', '\\d')
/** Regular expressions in which alternatives overlap, so that a wrong idea of a full match shows. */
const tinyRegex = fc
  .array(
    fc.tuple(atom, fc.constantFrom('', '', '', '*', '+', '?', '{1,2}', '*?')).map((parts) => parts.join('')),
    { minLength: 1, maxLength: 4 },
  )
  .map((atoms) => atoms.join(''))
const grown = fc.tuple(tinyRegex, tinyRegex).map(([a, b]) => `/(${a}|${b})`)
const knownRegex = fc.constantFrom(
  '/a/.*',
  '/[a-z]+/b',
  '/(a|ab)(c|bc)?',
  '/v\\d+(/.*)?',
  '(?i)/cased.*',
  '.*\\.html',
  '/x/(?P<word>[^/]+)',
  '/\\pL+/?',
  '.*',
  '/(?:a|b){2,3}',
  '^/a$',
  '/a\\b.*',
)
const regex = fc.oneof(grown, knownRegex)
const uri: fc.Arbitrary<StringMatch> = fc.oneof(
  path.map((exact) => ({ exact })),
  fc.tuple(path, fc.boolean()).map(([prefix, open]) => ({ prefix: open ? prefix : `${prefix}/` })),
  fc.constantFrom('/', '/a', '/v').map((prefix) => ({ prefix })),
  regex.map((each) => ({ regex: each })),
)

export const values = ['1', 'a', 'ab', 'A', 'a,b', 'x y', 'jason']
const value: fc.Arbitrary<StringMatch | Record<string, never>> = fc.oneof(
  fc.constantFrom(...values).map((exact) => ({ exact })),
  fc.constantFrom('a', 'j', '1').map((prefix) => ({ prefix })),
  fc.constantFrom('a|ab', '[a-z]+', '.*', '.+', 'j.*n', '(?i)a', '\\d').map((each) => ({ regex: each })),
  fc.constant({}),
)
/** The last ones are those that Envoy itself adds or takes away. */
export const headerNames = [
  'x-a',
  'x-b',
  'X-Mixed',
  'cookie',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'te',
  'x-envoy-max-retries',
  'x-envoy-original-path',
  'host',
]
export const parameters = ['q', 'm', 'flag', 'n%61me']
const headerName = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...headerNames.slice(0, 4)) },
  { weight: 1, arbitrary: fc.constantFrom(...headerNames) },
)
const few = <T>(keys: fc.Arbitrary<string>, of: fc.Arbitrary<T>): fc.Arbitrary<Readonly<Record<string, T>>> =>
  fc.dictionary(keys, of, { minKeys: 1, maxKeys: 2 })

/**
 * Envoy makes the values of these by itself, a random one among them, so only their presence can be foretold.
 */
const madeByEnvoy = ['x-request-id', 'x-forwarded-for']
const headerMatches = few(headerName, value).map((matches) =>
  Object.fromEntries(
    Object.entries(matches).map(([name, each]) => [name, madeByEnvoy.includes(name) ? {} : each]),
  ),
)

/** There in `weight` of `weight + 4` cases. */
const maybe = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight, arbitrary })
const match: fc.Arbitrary<RandomMatch> = fc
  .record({
    uri: maybe(12, uri),
    ignoreUriCase: maybe(2, fc.boolean()),
    method: maybe(
      1,
      fc.oneof(
        fc.constantFrom('GET', 'POST').map((exact) => ({ exact })),
        fc.constant({ regex: 'GET|PUT' }),
      ),
    ),
    authority: maybe(
      1,
      fc.oneof(
        fc.constantFrom('a.test', 'b.test').map((exact) => ({ exact })),
        fc.constant({ regex: '.*:\\d+' }),
        fc.constant({ prefix: 'a' }),
      ),
    ),
    scheme: maybe(1, fc.constantFrom({ exact: 'http' }, { exact: 'https' })),
    headers: maybe(2, headerMatches),
    withoutHeaders: maybe(1, headerMatches),
    queryParams: maybe(2, few(fc.constantFrom(...parameters), value)),
  })
  .map(defined)

/** `down` has no endpoint; `nowhere` is not defined. */
export const destinationHosts = [
  'd0.dest',
  'd1.dest',
  'd2.dest',
  'd3.dest',
  'down.default.svc.cluster.local',
  'nowhere.dest',
]
const destination = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .constantFrom(...destinationHosts.slice(0, 4))
      .map((host) => ({ host, port: { number: 80 } })),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('v1', 'v2')
      .map((subset) => ({ host: 'd0.dest', port: { number: 80 }, subset })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...destinationHosts.slice(4)).map((host) => ({ host, port: { number: 80 } })),
  },
)
const requestHeaders = fc.record({
  request: fc
    .record({
      set: maybe(
        8,
        fc.dictionary(fc.constantFrom('x-set', 'x-a', 'host'), fc.constantFrom('s1', 's2.test', 's3'), {
          maxKeys: 3,
        }),
      ),
      add: maybe(
        2,
        fc.dictionary(fc.constantFrom('x-add', 'x-a'), fc.constantFrom('n1', 'n2'), { maxKeys: 2 }),
      ),
      remove: maybe(2, fc.constant(['x-b'])),
    })
    .map(defined),
})
const weighted = fc
  .tuple(destination, fc.integer({ min: 0, max: 3 }), maybe(4, requestHeaders))
  .map(([to, weight, headers]) => defined({ destination: to, weight, headers }))
const routes = fc.oneof(
  fc
    .tuple(destination, maybe(2, requestHeaders))
    .map(([to, headers]) => [defined({ destination: to, headers })]),
  fc
    .array(weighted, { minLength: 2, maxLength: 3 })
    .filter((all) => all.some((each) => (each.weight ?? 0) > 0)),
)
const percentage = fc.constantFrom(
  undefined,
  { value: 100 },
  { value: 0 },
  { value: 50 },
  { value: 12.5 },
  { value: 0.5 },
)
const mirrors = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(destination, percentage)
      .map(([mirror, mirrorPercentage]) => defined({ mirror, mirrorPercentage })),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc
          .tuple(destination, percentage)
          .map(([to, share]) => defined({ destination: to, percentage: share })),
        { minLength: 1, maxLength: 3 },
      )
      .map((all) => ({ mirrors: all })),
  },
)
const rewrite = fc.oneof(
  fc.constantFrom('/', '/new', '/new/').map((to) => ({ uri: to })),
  fc
    .constantFrom(
      { match: '^/([^/]+)/(.*)$', rewrite: '/\\2/\\1' },
      { match: 'a*', rewrite: '/-' },
      { match: '/(a|ab)', rewrite: '/<\\0>' },
    )
    .map((uriRegexRewrite) => ({ uriRegexRewrite })),
  fc.constantFrom('other.test', 'other.test:8080').map((authority) => ({ authority })),
  fc.constant({ uri: '/both', authority: 'both.test' }),
)
const forward = fc
  .tuple(routes, mirrors, maybe(3, rewrite), maybe(4, requestHeaders))
  .map(([route, mirrored, rewritten, headers]) =>
    defined({ route, ...mirrored, rewrite: rewritten, headers }),
  )
const redirect = fc
  .record({
    uri: maybe(2, fc.constantFrom('/moved', '/moved?z=1')),
    authority: maybe(2, fc.constantFrom('moved.test')),
    scheme: maybe(1, fc.constantFrom('http', 'https')),
    port: maybe(1, fc.constantFrom(8443, 80)),
    redirectCode: maybe(1, fc.constantFrom(301, 302, 303, 307, 308)),
  })
  .map((each) => ({ redirect: defined(each) }))
const directResponse = fc
  .constantFrom(200, 418, 503)
  .map((status) => ({ directResponse: { status, body: { string: `direct ${status}` } } }))
const action = fc.oneof(
  { weight: 8, arbitrary: forward },
  { weight: 1, arbitrary: redirect },
  { weight: 1, arbitrary: directResponse },
)

const rule: fc.Arbitrary<RandomRule> = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.array(match, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    action,
  )
  .map(([matches, does]) => defined({ match: matches, ...does }))

const gatewayHosts = fc.uniqueArray(fc.constantFrom('a.test', 'b.test', '*.test', '*.b.test', 'plain', '*'), {
  minLength: 1,
  maxLength: 3,
})

/** The names of the hosts in a mesh configuration: services with an endpoint, on the configuration's port. */
export function meshHosts(port: number): readonly string[] {
  return ['a', 'b', 'c.b'].map((name) => `${name}.p${port}.test`)
}

function meshHostPatterns(port: number): fc.Arbitrary<readonly string[]> {
  return fc.uniqueArray(fc.constantFrom(...meshHosts(port), `*.p${port}.test`), {
    minLength: 1,
    maxLength: 2,
  })
}

/** A configuration for this port; every second one is for the mesh. */
export function randomConfiguration(port: number): fc.Arbitrary<RandomConfiguration> {
  const role = port % 2 === 0 ? 'gateway' : 'sidecar'
  const virtualService = fc.record({
    hosts: role === 'gateway' ? gatewayHosts : meshHostPatterns(port),
    rules: fc.array(rule, { minLength: 1, maxLength: 6 }),
  })
  return fc
    .array(virtualService, { minLength: 1, maxLength: 3 })
    .map((virtualServices) => ({ role, port, virtualServices }))
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)) as Defined<T>
}
