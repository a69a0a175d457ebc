import { describe, expect, test } from 'vitest'
import { converted } from '../../support/converted.ts'

const service = (name: string, namespace = 'default'): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {ports: ` +
  `[{name: http, port: 80}]}\n---\n`
const around =
  `${service('shop')}${service('shadow')}${service('far', 'other')}apiVersion: ` +
  `networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
  `hosts: ['*']}]}
---
`

function virtualService(http: string, more = 'gateways: [edge]', hosts = '[shop.test]'): string {
  return (
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: routes}\nspec: ` +
    `{hosts: ${hosts}, ${more}, http: [${http}]}\n`
  )
}

function rulesOf(http: string): unknown {
  return converted(around + virtualService(http), 'gateway-api').specs('HTTPRoute')[0]?.['rules']
}

function commentsOf(http: string): readonly string[] {
  return converted(around + virtualService(http), 'gateway-api').comments.filter((each) =>
    each.includes('not carried'),
  )
}

const route = 'route: [{destination: {host: shop}}], retries: {attempts: 0}'
const backendRefs = [{ name: 'shop', port: 80 }]

test('a Gateway whose proxies have the label of its name', () => {
  const { specs, comments } = converted(around + virtualService(`{${route}}`), 'gateway-api')
  expect(specs('Gateway')).toEqual([
    {
      gatewayClassName: 'shadowplane',
      listeners: [
        { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } },
      ],
    },
  ])
  expect(specs('HTTPRoute')).toEqual([
    {
      parentRefs: [{ name: 'edge', sectionName: 'http' }],
      hostnames: ['shop.test'],
      rules: [{ backendRefs }],
    },
  ])
  expect(comments).toEqual([
    'metadata: its proxies have the label gateway.networking.k8s.io/gateway-name: edge, in its namespace; ' +
      'those of Gateway default/edge had {"istio":"ingressgateway"}',
  ])
})

test('routes of the mesh belong to the Service', () => {
  const { specs } = converted(
    around + virtualService(`{${route}}`, 'gateways: [mesh]', '[shop]'),
    'gateway-api',
  )
  expect(specs('HTTPRoute')).toEqual([
    { parentRefs: [{ group: '', kind: 'Service', name: 'shop' }], rules: [{ backendRefs }] },
  ])
})

describe('the order of rules', () => {
  const canary =
    `{match: [{headers: {x-canary: {exact: "1"}}}], route: [{destination: {host: shadow}}], ` +
    `retries: {attempts: 0}}`

  test('a later rule that would be asked first leaves the earlier one what both take', () => {
    expect(rulesOf(`${canary}, {match: [{uri: {exact: /a}}], ${route}}`)).toEqual([
      {
        matches: [
          { headers: [{ name: 'x-canary', type: 'Exact', value: '1' }] },
          {
            path: { type: 'Exact', value: '/a' },
            headers: [{ name: 'x-canary', type: 'Exact', value: '1' }],
          },
        ],
        backendRefs: [{ name: 'shadow', port: 80 }],
      },
      { matches: [{ path: { type: 'Exact', value: '/a' } }], backendRefs },
    ])
  })

  test('it is left out where that cannot be said', () => {
    expect(
      commentsOf(
        `{match: [{uri: {regex: "/[ab]"}}], ${route}}, {match: [{uri: {regex: "/.*[bc]"}}], ${route}}`,
      ),
    ).toEqual([
      'spec.rules: not carried, a rule for regex /.*[bc]: an earlier rule takes some of its requests, and ' +
        'the Gateway API would ask this one first',
    ])
  })
})

describe('paths', () => {
  test('a prefix of characters is a regular expression', () => {
    expect(rulesOf(`{match: [{uri: {prefix: /a.b}}], ${route}}`)).toEqual([
      { matches: [{ path: { type: 'RegularExpression', value: '/a\\.b.*' } }], backendRefs },
    ])
  })

  test('a path and what is below it are a prefix of segments', () => {
    expect(rulesOf(`{match: [{uri: {prefix: /a/}}, {uri: {exact: /a}}], ${route}}`)).toEqual([
      { matches: [{ path: { type: 'PathPrefix', value: '/a' } }], backendRefs },
    ])
  })

  test('a prefix that is replaced is one of segments, except the path without the slash', () => {
    expect(
      rulesOf(
        `{match: [{uri: {prefix: /a/}}], rewrite: {uri: /}, ${route}}, {match: [{uri: {prefix: /}}], ` +
          `${route}}`,
      ),
    ).toEqual([
      {
        matches: [{ path: { type: 'PathPrefix', value: '/a' } }],
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
          },
        ],
        backendRefs,
      },
      { matches: [{ path: { type: 'Exact', value: '/a' } }, {}], backendRefs },
    ])
  })
})

describe('mirrors', () => {
  test.each([
    [100, {}],
    [25, { percent: 25 }],
    [0.57, { fraction: { numerator: 57, denominator: 10_000 } }],
    [33.3333, { fraction: { numerator: 333_333, denominator: 1_000_000 } }],
  ])('%s percent', (value, share) => {
    expect(rulesOf(`{${route}, mirror: {host: shadow}, mirrorPercentage: {value: ${value}}}`)).toEqual([
      {
        filters: [
          { type: 'RequestMirror', requestMirror: { backendRef: { name: 'shadow', port: 80 }, ...share } },
        ],
        backendRefs,
      },
    ])
  })

  test('in another namespace, with a grant', () => {
    const { specs } = converted(
      around + virtualService(`{${route}, mirror: {host: far.other.svc.cluster.local}}`),
      'gateway-api',
    )
    expect(specs('HTTPRoute')[0]?.['rules']).toMatchObject([
      { filters: [{ requestMirror: { backendRef: { name: 'far', namespace: 'other', port: 80 } } }] },
    ])
    expect(specs('ReferenceGrant')).toEqual([
      {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }],
        to: [{ group: '', kind: 'Service' }],
      },
    ])
  })
})

test.each([
  [
    'a subset',
    `{route: [{destination: {host: shop, subset: v1}}], retries: {attempts: 0}}`,
    [
      'spec.rules.0: not carried, a destination: subset v1 of shop.default.svc.cluster.local: the Gateway ' +
        'API has no subsets, and no Service can be written for it: no DestinationRule defines it',
      'spec.rules.0: not carried, its only destination: the requests are answered with 500',
    ],
  ],
  [
    'a fault',
    `{${route}, fault: {delay: {fixedDelay: 1s, percentage: {value: 1}}}}`,
    ['spec.rules.0: not carried, a fault: the Gateway API injects none'],
  ],
  [
    'a header that does not exist',
    `{match: [{withoutHeaders: {x-a: {}}}], ${route}}`,
    [
      'HTTPRoute default/routes: not carried, a rule for prefix /: the Gateway API cannot say that a ' +
        'header does not exist, or not so',
    ],
  ],
  [
    'labels of clients',
    `{match: [{sourceLabels: {app: a}}], ${route}}`,
    [
      'HTTPRoute default/routes: not carried, a rule for prefix /: the Gateway API cannot say which ' +
        'labels its clients have',
    ],
  ],
  [
    'a status',
    '{directResponse: {status: 404}}',
    ['spec.rules.0: not carried, an answer of its own with status 404: the requests are answered with 500'],
  ],
  [
    'conditions of retries',
    '{route: [{destination: {host: shop}}], retries: {attempts: 2, retryOn: "5xx,503"}}',
    ['spec.rules.0.retry: not carried, retries on 5xx'],
  ],
])('%s has a comment', (_, http, comments) => {
  expect(commentsOf(http)).toEqual(comments)
})

test('the hosts of an Emissary installation are hostnames', () => {
  const mapping = (name: string, hostname: string): string =>
    `apiVersion: getambassador.io/v3alpha1\nkind: Mapping\nmetadata: {name: ${name}}\nspec: {prefix: /, ` +
    `hostname: '${hostname}', rewrite: "", service: shop, timeout_ms: 1000}\n---\n`
  const { specs } = converted(around + mapping('one', 'one.test') + mapping('all', '*'), 'gateway-api')
  expect(specs('HTTPRoute').map(({ hostnames = [] }) => hostnames)).toEqual([['one.test'], []])
})

test('an HTTPRoute that a RouteOption gives a mirror is written anew, with its own Gateway kept', () => {
  const { specs, conversion } = converted(
    `${service('shop')}${service('shadow')}apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: own}
spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec: {parentRefs: [{name: own}], rules: [{filters: [{type: ExtensionRef, extensionRef: {group: ` +
      `gateway.solo.io, kind: RouteOption, name: copies}}], backendRefs: [{name: shop, port: 80}]}]}
---
apiVersion: gateway.solo.io/v1
kind: RouteOption
metadata: {name: copies}
spec: {options: {shadowing: {upstream: {name: shadow}, percentage: 5}}}
---
apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: shadow}
spec: {kube: {serviceName: shadow, serviceNamespace: default, servicePort: 80}}
`,
    'gateway-api',
  )
  expect(conversion.kept.map(({ name }) => name)).toEqual(['own'])
  expect(conversion.replaced.map(({ name }) => name)).toEqual(['shop'])
  expect(specs('HTTPRoute')).toEqual([
    {
      parentRefs: [{ name: 'own', sectionName: 'http' }],
      rules: [
        {
          filters: [
            {
              type: 'RequestMirror',
              requestMirror: { backendRef: { name: 'shadow', port: 80 }, percent: 5 },
            },
          ],
          backendRefs: [{ name: 'shop', port: 80 }],
        },
      ],
    },
  ])
})

describe('a subset is a Service of its own', () => {
  const rule =
    `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shop}\nspec: ` +
    `{host: shop, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}\n---\n`
  const spec =
    '{selector: {app: shop}, ports: [{name: http, port: 80, targetPort: web, nodePort: 30080}], type: ' +
    'NodePort}'
  const shop = (text = spec): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: ${text}\n---\n`
  const pod = (version: string): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: shop-${version}, labels: {app: shop, version: ` +
    `${version}}}\n---\n`
  const slice =
    `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: shop-abc, labels: {kubernetes.io/service-name: shop}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.1], targetRef: {kind: Pod, name: shop-v1}}, {addresses: [10.0.0.2], ` +
    `targetRef: {kind: Pod, name: shop-v2}}]
---
`
  const edge = around.slice(around.indexOf('apiVersion: networking.istio.io'))
  const routes = virtualService(
    '{route: [{destination: {host: shop, subset: v1}}], mirror: {host: shop, subset: v2}, retries: ' +
      '{attempts: 0}}',
  )
  const subsets = (objects: string) => converted(`${objects}${edge}${routes}`, 'gateway-api')
  const reasons = (objects: string): readonly string[] =>
    subsets(objects).comments.filter((each) => each.includes('not carried, a destination'))

  test('of primaries and of mirrors', () => {
    const { specs, comments } = subsets(shop() + rule)
    const ports = [{ name: 'http', port: 80, targetPort: 'web' }]
    expect(specs('Service')).toEqual([
      { selector: { app: 'shop', version: 'v1' }, ports },
      { selector: { app: 'shop', version: 'v2' }, ports },
    ])
    expect(specs('HTTPRoute')[0]?.['rules']).toEqual([
      {
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'shop-v2', port: 80 } } }],
        backendRefs: [{ name: 'shop-v1', port: 80 }],
      },
    ])
    expect(comments.filter((each) => each.includes('not carried'))).toEqual([])
  })

  test('with the endpoints of its Pods, where the input has endpoints', () => {
    const slices = subsets(shop() + rule + slice + pod('v1') + pod('v2')).conversion.objects.filter(
      ({ object }) => object['kind'] === 'EndpointSlice',
    )
    expect(slices.map(({ object }) => object)).toMatchObject([
      {
        metadata: { name: 'shop-v1', labels: { 'kubernetes.io/service-name': 'shop-v1' } },
        ports: [{ name: 'http', port: 8080 }],
        endpoints: [{ addresses: ['10.0.0.1'] }],
      },
      {
        metadata: { name: 'shop-v2', labels: { 'kubernetes.io/service-name': 'shop-v2' } },
        ports: [{ name: 'http', port: 8080 }],
        endpoints: [{ addresses: ['10.0.0.2'] }],
      },
    ])
  })

  test('whose name is free, and has at most 63 characters', () => {
    const named = (name: string, objects = ''): unknown =>
      converted(
        `${objects}${shop() + rule.replace('name: v1', `name: ${name}`)}${edge}${routes.replace('subset: v1', `subset: ${name}`)}`,
        'gateway-api',
      ).conversion.objects.find(({ object }) => object['kind'] === 'Service')?.object['metadata']
    expect(named('v1', service('shop-v1'))).toMatchObject({ name: 'shop-v1-2' })
    expect(named('v'.repeat(60), service(`shop-${'v'.repeat(58)}`))).toMatchObject({
      name: `shop-${'v'.repeat(56)}-2`,
    })
  })

  test.each([
    [
      'without a selector',
      shop('{ports: [{name: http, port: 80}]}') + rule,
      'Service default/shop selects no pods',
    ],
    [
      'with another value of the label',
      shop('{selector: {version: v3}, ports: [{name: http, port: 80}]}') + rule,
      'Service default/shop selects no pods with its labels',
    ],
    [
      'without Pods',
      shop() + rule + slice,
      'EndpointSlice default/shop-abc has endpoints whose Pods are not among the files, so that their ' +
        'labels are not known',
    ],
    [
      'with TLS',
      shop() + rule.replace('host: shop,', 'host: shop, trafficPolicy: {tls: {mode: SIMPLE}},'),
      'DestinationRule default/shop demands TLS to it',
    ],
    [
      'that only some proxies know',
      shop() + rule.replace('host: shop,', 'host: shop, exportTo: ["."],'),
      'its DestinationRule is not for all proxies',
    ],
    [
      'that another namespace has otherwise',
      shop() +
        rule +
        rule
          .replace('{name: shop}', '{name: own, namespace: clients}')
          .replace('host: shop', 'host: shop.default.svc.cluster.local')
          .replace('version: v1', 'version: v9'),
      'there are several DestinationRules for its host, which differ in it',
    ],
  ])('%s there is none, and a comment says why', (_, objects, why) => {
    expect(reasons(objects)).toEqual([
      expect.stringContaining(
        `subset v1 of shop.default.svc.cluster.local: the Gateway API has no subsets, and no Service can ` +
          `be written for it: ${why}`,
      ),
    ])
    expect(subsets(objects).specs('Service')).toEqual([])
  })
})
