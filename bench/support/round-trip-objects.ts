/**
 * Random configurations of each dialect, to be converted and translated again: few names, so that rules meet.
 */
import fc from 'fast-check'
import type { Json, JsonObject } from '../../src/manifest/manifest.ts'

export type SourceDialect = 'istio' | 'gateway-api' | 'gloo' | 'emissary'

const names = ['shop', 'cart', 'shadow', 'probe'] as const
const hosts = ['shop.test', 'cart.test', '*.test', '*'] as const
const versions = ['v1', 'v2'] as const
const name = fc.constantFrom(...names)
const paths = ['/', '/a', '/a/b', '/a/', '/b', '/v', '/a/b/c'] as const
const path = fc.constantFrom(...paths)
const share = fc.constantFrom(100, 50, 10, 1, 0.57, 33.3333, 0.0001, 29, 99.9999)

/** An object of a type such as `v1 Service`. */
function object(type: string, objectName: string, spec: JsonObject): JsonObject {
  const [apiVersion = '', kind = ''] = type.split(' ')
  return { apiVersion, kind, metadata: { name: objectName, namespace: 'default' }, spec }
}

function annotated(given: JsonObject, metadata: JsonObject): JsonObject {
  return { ...given, metadata: { ...(given['metadata'] as JsonObject), ...metadata } }
}

/**
 * Kubernetes Services `default/<name>` on ports 80 and 8080, and `other/far` on 80, each with two Pods of its
 * own, of version v1 and v2.
 */
export const services: readonly JsonObject[] = [...names, 'far'].flatMap(
  (each, index): readonly JsonObject[] => {
    const namespace = each === 'far' ? 'other' : 'default'
    const ports = [{ name: 'http', port: 80 }, ...(each === 'far' ? [] : [{ name: 'http-alt', port: 8080 }])]
    return [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: each, namespace },
        spec: { selector: { app: each }, ports },
      },
      ...versions.map((version) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `${each}-${version}`, namespace, labels: { app: each, version } },
      })),
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: `${each}-1`, namespace, labels: { 'kubernetes.io/service-name': each } },
        addressType: 'IPv4',
        ports: ports.map(({ name: port }, at) => ({ name: port, port: 8000 + at })),
        endpoints: versions.map((version, at) => ({
          addresses: [`10.0.${at}.${index + 1}`],
          targetRef: { kind: 'Pod', name: `${each}-${version}`, namespace },
        })),
      },
    ]
  },
)

/** An object with some of the fields. */
function some(fields: Readonly<Record<string, fc.Arbitrary<Json>>>): fc.Arbitrary<JsonObject> {
  const sparse = Object.entries(fields).map(([field, value]) =>
    fc
      .option(value, { nil: undefined, freq: 2 })
      .map((found) => (found === undefined ? [] : [[field, found] as const])),
  )
  return fc.tuple(...sparse).map((found) => Object.fromEntries(found.flat()))
}

/** Lists of one to three. */
function few<V>(value: fc.Arbitrary<V>): fc.Arbitrary<V[]> {
  return fc.array(value, { minLength: 1, maxLength: 3 })
}

const annotations = fc.constantFrom({}, {}, { annotations: { 'shadowplane.io/shadow-host': 'keep' } })

const istioDestination = fc.oneof(
  name.map((host) => ({ host, port: { number: 80 } })),
  name.map((host) => ({ host, port: { number: 8080 } })),
  fc.constant({ host: 'far.other.svc.cluster.local' }),
  fc
    .tuple(fc.constantFrom('shop', 'shadow', 'far.other.svc.cluster.local'), fc.constantFrom(...versions))
    .map(([host, subset]) => ({ host, subset, port: { number: 80 } })),
)
const subsets = versions.map((version) => ({ name: version, labels: { version } }))
const destinationRules = ['shop', 'shadow', 'far'].map((each): JsonObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: each, namespace: each === 'far' ? 'other' : 'default' },
  spec: { host: each, subsets },
}))
const stringMatch = fc.constantFrom({ exact: 'jason' }, { prefix: 'ja' }, { regex: 'ja.*' }, {})
const istioMatch = some({
  uri: fc.oneof(
    path.map((exact) => ({ exact })),
    path.map((prefix) => ({ prefix })),
    fc.constantFrom({ regex: '/a.*' }, { regex: '/[ab]' }),
  ),
  headers: stringMatch.map((match) => ({ 'x-user': match })),
  method: fc.constantFrom({ exact: 'GET' }, { exact: 'POST' }),
  queryParams: fc.constantFrom({ q: { exact: '1' } }, { q: {} }),
})
const istioMirror = fc.oneof(
  fc.tuple(istioDestination, share).map(([mirror, value]) => ({ mirror, mirrorPercentage: { value } })),
  istioDestination.map((mirror) => ({ mirror })),
  few(fc.tuple(istioDestination, share)).map((list) => ({
    mirrors: list.map(([destination, value]) => ({ destination, percentage: { value } })),
  })),
  fc.constant({}),
)
const istioForward = fc
  .tuple(
    fc.oneof(
      istioDestination.map((destination) => [{ destination }]),
      fc.tuple(istioDestination, istioDestination).map(([a, b]) => [
        { destination: a, weight: 90 },
        { destination: b, weight: 10 },
      ]),
    ),
    istioMirror,
    some({
      timeout: fc.constantFrom('2s', '0s', '1.5s'),
      retries: fc.constantFrom({ attempts: 0 }, { attempts: 3, retryOn: '5xx,503', perTryTimeout: '1s' }),
      rewrite: fc.constant({ authority: 'other.test' }),
      headers: fc.constant({ request: { set: { 'x-a': '1' } } }),
    }),
  )
  .map(([route, mirror, more]): JsonObject => ({ route, ...mirror, ...more }))
const istioAction = fc.oneof(
  { weight: 8, arbitrary: istioForward },
  { weight: 1, arbitrary: fc.constant({ redirect: { authority: 'other.test', redirectCode: 302 } }) },
)
const istioRule = fc
  .tuple(fc.option(few(istioMatch), { nil: undefined, freq: 5 }), istioAction)
  .map(([match, action]): JsonObject => ({ ...(match === undefined ? {} : { match }), ...action }))
const virtualService = (index: number) =>
  fc
    .tuple(fc.subarray([...hosts], { minLength: 1, maxLength: 2 }), few(istioRule), annotations)
    .map(([chosen, http, metadata]) =>
      annotated(
        object('networking.istio.io/v1 VirtualService', `routes-${index}`, {
          hosts: chosen,
          gateways: ['edge'],
          http,
        }),
        metadata,
      ),
    )
const meshVirtualService = fc
  .tuple(fc.constantFrom('shop', 'cart'), few(istioRule), annotations)
  .map(([host, http, metadata]) =>
    annotated(
      object('networking.istio.io/v1 VirtualService', `mesh-${host}`, { hosts: [host], http }),
      metadata,
    ),
  )
const istioGateway = fc
  .constantFrom<Json>(
    [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    [
      { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*.test'] },
      { port: { number: 8080, name: 'alt', protocol: 'HTTP' }, hosts: ['*'] },
    ],
  )
  .map((servers) =>
    object('networking.istio.io/v1 Gateway', 'edge', { selector: { istio: 'ingressgateway' }, servers }),
  )
const istio = fc
  .tuple(istioGateway, virtualService(1), virtualService(2), meshVirtualService)
  .map((objects) => [...objects, ...destinationRules])

const reference = fc.oneof(
  fc.tuple(name, fc.constantFrom(80, 8080)).map(([each, port]): JsonObject => ({ name: each, port })),
  fc.constant<JsonObject>({ name: 'far', namespace: 'other', port: 80 }),
)
const requestMirror = fc
  .tuple(
    reference,
    fc.oneof(
      fc.constant({}),
      fc.constantFrom(1, 25, 100).map((percent) => ({ percent })),
      fc
        .tuple(fc.constantFrom(1, 57, 999), fc.constantFrom(1000, 10_000, 1024))
        .map(([numerator, denominator]) => ({ fraction: { numerator, denominator } })),
    ),
  )
  .map(([backendRef, part]): JsonObject => ({
    type: 'RequestMirror',
    requestMirror: { backendRef, ...part },
  }))
const otherFilter = fc.constantFrom<JsonObject[]>(
  [],
  [],
  [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-a', value: '1' }] } }],
  [{ type: 'URLRewrite', urlRewrite: { hostname: 'other.test' } }],
  [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/full' } } }],
)
const httpMatch = some({
  path: fc.oneof(
    path.map((value) => ({ type: 'Exact', value })),
    path.map((value) => ({ type: 'PathPrefix', value })),
    fc.constant({ type: 'RegularExpression', value: '/a.*' }),
  ),
  headers: fc.constantFrom<Json>(
    [{ name: 'x-user', value: 'jason' }],
    [{ name: 'x-user', type: 'RegularExpression', value: 'ja.*' }],
  ),
  method: fc.constantFrom('GET', 'POST'),
  queryParams: fc.constant<Json>([{ name: 'q', value: '1' }]),
})
const httpForward = fc
  .tuple(
    fc.oneof(
      reference.map((each) => [each]),
      fc.tuple(reference, reference).map(([a, b]) => [
        { ...a, weight: 3 },
        { ...b, weight: 1 },
      ]),
    ),
    otherFilter,
    fc.array(requestMirror, { maxLength: 3 }),
    some({ timeouts: fc.constant({ request: '2s' }), retry: fc.constant({ attempts: 3, codes: [503] }) }),
  )
  .map(([backendRefs, filters, mirrors, more]): JsonObject => ({
    ...more,
    filters: [...filters, ...mirrors],
    backendRefs,
  }))
const prefixRule = fc
  .tuple(path, reference, requestMirror, fc.constantFrom('/', '/new'))
  .map(([value, backend, mirror, replacePrefixMatch]): JsonObject => ({
    matches: [{ path: { type: 'PathPrefix', value } }],
    filters: [
      { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch } } },
      mirror,
    ],
    backendRefs: [backend],
  }))
const httpRule = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(few(httpMatch), httpForward)
      .map(([matches, rule]): JsonObject => ({ matches, ...rule })),
  },
  { weight: 1, arbitrary: prefixRule },
  { weight: 1, arbitrary: httpForward },
)
const httpRoute = (index: number, parents: fc.Arbitrary<Json>) =>
  fc
    .tuple(fc.subarray(hosts.slice(0, 3), { maxLength: 2 }), few(httpRule), annotations, parents)
    .map(([hostnames, rules, metadata, parentRefs]) =>
      annotated(
        object('gateway.networking.k8s.io/v1 HTTPRoute', `routes-${index}`, {
          parentRefs,
          ...(hostnames.length === 0 ? {} : { hostnames }),
          rules,
        }),
        metadata,
      ),
    )
const onGateway = fc.constantFrom<Json>([{ name: 'edge' }], [{ name: 'edge', sectionName: 'http' }])
const onService = fc.constantFrom<Json>(
  [{ group: '', kind: 'Service', name: 'shop' }],
  [{ group: '', kind: 'Service', name: 'cart', port: 8080 }],
)
const meshRoute = fc
  .tuple(few(httpRule), onService)
  .map(([rules, parentRefs]) =>
    object('gateway.networking.k8s.io/v1 HTTPRoute', 'routes-of-mesh', { parentRefs, rules }),
  )
const httpGateway = fc
  .constantFrom<Json>(
    [{ name: 'http', port: 80, protocol: 'HTTP' }],
    [
      { name: 'http', port: 80, protocol: 'HTTP', hostname: '*.test' },
      { name: 'alt', port: 8080, protocol: 'HTTP' },
    ],
  )
  .map((listeners) =>
    object('gateway.networking.k8s.io/v1 Gateway', 'edge', { gatewayClassName: 'any', listeners }),
  )
const grant: JsonObject = {
  apiVersion: 'gateway.networking.k8s.io/v1beta1',
  kind: 'ReferenceGrant',
  metadata: { name: 'grant', namespace: 'other' },
  spec: {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }],
    to: [{ group: '', kind: 'Service' }],
  },
}
const gatewayApi = fc
  .tuple(httpGateway, httpRoute(1, onGateway), httpRoute(2, onGateway), meshRoute)
  .map((objects) => [...objects, grant])

const upstreams: readonly JsonObject[] = [
  ...names.map((each) =>
    object('gloo.solo.io/v1 Upstream', each, {
      kube: { serviceName: each, serviceNamespace: 'default', servicePort: 80 },
    }),
  ),
  object('gloo.solo.io/v1 Upstream', 'static', { static: { hosts: [{ addr: '192.0.2.1', port: 8080 }] } }),
  object('gloo.solo.io/v1 Upstream', 'named', { static: { hosts: [{ addr: 'far.example', port: 443 }] } }),
]
const upstream = fc
  .constantFrom(...names, ...names, 'static', 'named')
  .map((each) => ({ name: each, namespace: 'default' }))
const shadowing = fc
  .tuple(upstream, share, some({ disableShadowHostSuffixAppend: fc.boolean() }))
  .map(([to, percentage, more]): JsonObject => ({ shadowing: { upstream: to, percentage, ...more } }))
const matcher = some({
  headers: fc.constantFrom<Json>(
    [{ name: 'x-user', value: 'jason' }],
    [{ name: 'x-user', value: 'ja.*', regex: true }],
    [{ name: 'x-user' }],
  ),
  methods: fc.constantFrom<Json>(['GET'], ['GET', 'POST']),
  queryParameters: fc.constant<Json>([{ name: 'q', value: '1' }]),
}).chain((rest) =>
  fc.oneof(
    path.map((prefix) => ({ prefix, ...rest })),
    path.map((exact) => ({ exact, ...rest })),
    fc.constant({ regex: '/a.*', ...rest }),
  ),
)
const glooRoute = fc
  .tuple(
    few(matcher),
    upstream,
    fc.option(shadowing, { nil: {}, freq: 4 }),
    some({ timeout: fc.constant('2s'), prefixRewrite: fc.constant('/new/') }),
  )
  .map(([matchers, to, mirror, more]): JsonObject => ({
    matchers,
    routeAction: { single: { upstream: to } },
    options: { ...mirror, ...more },
  }))
const glooService = (index: number) =>
  fc
    .tuple(fc.subarray([...hosts], { minLength: 1, maxLength: 2 }), few(glooRoute))
    .map(([domains, routes]) =>
      object('gateway.solo.io/v1 VirtualService', `routes-${index}`, { virtualHost: { domains, routes } }),
    )
const glooGateway = object('gateway.solo.io/v1 Gateway', 'proxy', {
  bindAddress: '::',
  bindPort: 8080,
  httpGateway: {},
})
const routeOption = shadowing.map((options) =>
  object('gateway.solo.io/v1 RouteOption', 'copies', { options }),
)
const optioned = fc
  .tuple(httpGateway, few(httpMatch), reference, routeOption, fc.boolean())
  .map(([gateway, matches, backend, option, byTarget]) => {
    const filters = byTarget
      ? []
      : [
          {
            type: 'ExtensionRef',
            extensionRef: { group: 'gateway.solo.io', kind: 'RouteOption', name: 'copies' },
          },
        ]
    const targeted = byTarget
      ? {
          ...option,
          spec: {
            ...(option['spec'] as JsonObject),
            targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'routes' }],
          },
        }
      : option
    return [
      gateway,
      object('gateway.networking.k8s.io/v1 HTTPRoute', 'routes', {
        parentRefs: [{ name: 'edge' }],
        rules: [{ matches, filters, backendRefs: [backend] }],
      }),
      targeted,
      grant,
    ]
  })
const gloo = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(glooService(1), glooService(2))
      .map((objects) => [glooGateway, ...objects, ...upstreams]),
  },
  { weight: 1, arbitrary: optioned.map((objects) => [...objects, ...upstreams]) },
)

const mappingBase = fc.tuple(
  fc.constantFrom('/', '/a/', '/b/', '/a/b/'),
  fc.constantFrom('*', 'shop.test', 'cart.test'),
  some({
    method: fc.constant('GET'),
    headers: fc.constant({ 'x-user': 'jason' }),
    timeout_ms: fc.constant(2000),
    rewrite: fc.constantFrom('', '/new/'),
  }),
)
const mappingGroup = (index: number) =>
  fc
    .tuple(
      mappingBase,
      name,
      fc.option(fc.tuple(name, fc.constantFrom(1, 25, 50)), { nil: undefined }),
      fc.option(
        fc.tuple(
          fc.constantFrom(...names, '192.0.2.7:8080', 'far.example'),
          fc.constantFrom(undefined, 1, 10, 50),
        ),
        { nil: undefined, freq: 4 },
      ),
    )
    .map(([[prefix, hostname, rest], service, canary, shadow]) => {
      const mapping = (suffix: string, spec: JsonObject) =>
        object('getambassador.io/v3alpha1 Mapping', `m${index}${suffix}`, {
          prefix,
          hostname,
          ...rest,
          ...spec,
        })
      return [
        mapping('', { service }),
        ...(canary === undefined ? [] : [mapping('-canary', { service: canary[0], weight: canary[1] })]),
        ...(shadow === undefined
          ? []
          : [
              mapping('-shadow', {
                service: shadow[0],
                shadow: true,
                ...(shadow[1] === undefined ? {} : { weight: shadow[1] }),
              }),
            ]),
      ]
    })
const emissaryAround = fc.constantFrom<readonly JsonObject[]>(
  [],
  [
    object('getambassador.io/v3alpha1 Listener', 'http', {
      port: 80,
      protocol: 'HTTP',
      securityModel: 'XFP',
      hostBinding: { namespace: { from: 'ALL' } },
    }),
  ],
)
const emissary = fc
  .tuple(emissaryAround, mappingGroup(1), mappingGroup(2), mappingGroup(3))
  .map((parts) => parts.flat())

/** Objects of a dialect; the Services that they name are `services`. */
export const configurationOf: Readonly<Record<SourceDialect, fc.Arbitrary<readonly JsonObject[]>>> = {
  istio,
  'gateway-api': gatewayApi,
  gloo,
  emissary,
}

export interface AskedRequest {
  readonly mesh: boolean
  readonly port: number
  readonly authority: string
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
}

/** Requests to gateways, and of the mesh, for the same few names. */
export const request: fc.Arbitrary<AskedRequest> = fc
  .tuple(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          mesh: fc.constant(false),
          port: fc.constantFrom(80, 80, 8080),
          authority: fc.constantFrom('shop.test', 'cart.test', 'other.test', 'elsewhere'),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          mesh: fc.constant(true),
          port: fc.constantFrom(80, 8080),
          authority: fc.constantFrom('shop', 'cart'),
        }),
      },
    ),
    fc.record({
      method: fc.constantFrom('GET', 'GET', 'POST'),
      path: fc
        .tuple(
          fc.constantFrom(...paths, '/ab', '/a/bc', '/vv', '/none', '/b/x'),
          fc.constantFrom('', '', '?q=1', '?q=2'),
        )
        .map((parts) => parts.join('')),
      headers: fc.constantFrom([], [], [['x-user', 'jason'] as const], [['x-user', 'jane'] as const]),
    }),
  )
  .map(([where, what]) => ({ ...where, ...what }))
