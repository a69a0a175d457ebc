import { describe, expect, test } from 'vitest'
import { defaultInstallation } from '../../../src/cli/install.ts'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { objectKey } from '../../../src/diagnostics/diagnostic.ts'
import { statusOf } from '../../../src/dialects/index.ts'
import type { StatusReport } from '../../../src/dialects/status.ts'
import { gatewayObjects } from '../../../src/install/gateway-objects.ts'
import type { Json, JsonObject } from '../../../src/manifest/manifest.ts'
import type { Settings } from '../../../src/model/settings.ts'
import { diagnosticsOf } from '../../../src/pipeline/pipeline.ts'
import { configure, parse } from '../../support/configuration.ts'
import type { Configuration } from '../../support/configuration.ts'
import { gatewayOf, routeOf } from './gateway-text.ts'

const http = '- {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}'
const group = 'gateway.networking.k8s.io'
const ours: Settings = {
  ...defaultSettings,
  gatewayControllers: ['example.com/controller', 'example.com/second'],
}
const now = '2026-02-03T04:05:06Z'
const earlier = '2020-01-01T00:00:00Z'

/** A Service that selects the proxies of the Gateway `edge`. */
function gatewayService(spec = 'clusterIP: 10.0.0.1', ofStatus = ''): string {
  return (
    `---\napiVersion: v1\nkind: Service\nmetadata: {name: edge-proxies}\nspec: {${spec}, selector: ` +
    `{gateway.networking.k8s.io/gateway-name: edge}, ports: [{port: 80}]}\nstatus: {${ofStatus}}\n---\n`
  )
}

interface ConditionSeen {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime: string
}

/** A status, as far as tests look at it. */
interface StatusSeen {
  readonly conditions?: readonly ConditionSeen[]
  readonly listeners?: readonly {
    readonly name: string
    readonly attachedRoutes: number
    readonly supportedKinds: Json
    readonly conditions: readonly ConditionSeen[]
  }[]
  readonly addresses?: Json
  readonly supportedFeatures?: readonly { readonly name: string }[]
  readonly parents?: readonly {
    readonly controllerName: string
    readonly parentRef: { readonly name: string }
    readonly conditions: readonly ConditionSeen[]
  }[]
}

function shown(conditions: readonly ConditionSeen[] = []): readonly string[] {
  return conditions.map(({ type, status: value, reason }) => `${type} ${value} ${reason}`)
}

function reportOf({ pipeline }: Configuration, name: string): StatusReport | undefined {
  return pipeline.read
    .entries(pipeline.statusReports)
    .map(([, report]) => report)
    .find(({ manifest }) => `${manifest.id.kind}/${manifest.id.name}` === name)
}

function status(
  configuration: Configuration,
  name: string,
  current: JsonObject = {},
): StatusSeen | undefined {
  const report = reportOf(configuration, name)
  if (report === undefined) return undefined
  const diagnostics = diagnosticsOf(configuration.pipeline).filter(
    ({ origin }) => origin !== undefined && objectKey(origin.object) === objectKey(report.manifest.id),
  )
  return statusOf(report, { current, diagnostics, now })
}

const condition = (type: string, value: string, more: JsonObject = {}): JsonObject => ({
  type,
  status: value,
  reason: type,
  message: '',
  lastTransitionTime: earlier,
  observedGeneration: 1,
  ...more,
})
const entry = (
  controllerName: string,
  name: string,
  conditions: readonly Json[] = [condition('Accepted', 'True')],
): JsonObject => ({
  parentRef: { group, kind: 'Gateway', namespace: 'default', name },
  controllerName,
  conditions,
})

describe('the status of a route', () => {
  const text = `${routeOf('{name: edge}').replace('name: shop, namespace: default}\nspec:\n  parentRefs', 'name: shop, namespace: default, generation: 7}\nspec:\n  parentRefs')}${gatewayOf(http)}`
  const parents = (current?: JsonObject) =>
    status(configure(text, ours), 'HTTPRoute/shop', current)?.parents ?? []

  test('has one entry of ours for each parent, of the generation that was read', () => {
    expect(parents()).toEqual([
      {
        parentRef: { group, kind: 'Gateway', namespace: 'default', name: 'edge' },
        controllerName: 'example.com/controller',
        conditions: [
          {
            type: 'Accepted',
            status: 'True',
            reason: 'Accepted',
            message: 'taken by Gateway default/edge',
            lastTransitionTime: now,
            observedGeneration: 7,
          },
          {
            type: 'ResolvedRefs',
            status: 'True',
            reason: 'ResolvedRefs',
            message: 'every reference is resolved',
            lastTransitionTime: now,
            observedGeneration: 7,
          },
        ],
      },
    ])
  })

  test('keeps the entries of others as they are, and before ours', () => {
    const others = [
      entry('other.example/a', 'edge'),
      { ...entry('other.example/b', 'gone'), unknown: [1, 2] },
    ]
    expect(parents({ parents: others }).slice(0, 2)).toEqual(others)
    expect(parents({ parents: others }).length).toBe(3)
  })

  test('loses entries of ours whose parent is gone', () => {
    expect(
      parents({
        parents: [entry('example.com/controller', 'gone'), entry('example.com/second', 'edge')],
      }).map(({ controllerName }) => controllerName),
    ).toEqual(['example.com/controller'])
  })

  test('keeps the time of a condition whose status is the same, and loses types that are said no more', () => {
    const before = [
      condition('Accepted', 'True'),
      condition('ResolvedRefs', 'False'),
      condition('PartiallyInvalid', 'True'),
    ]
    const [first] = parents({ parents: [entry('example.com/controller', 'edge', before)] })
    expect(first?.conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Accepted', earlier],
      ['ResolvedRefs', now],
    ])
  })

  test('is the same again once it is written', () => {
    const configuration = configure(text, ours)
    const written = status(configuration, 'HTTPRoute/shop') as JsonObject
    expect(status(configuration, 'HTTPRoute/shop', written)).toEqual(written)
  })
})

describe('a refused edit', () => {
  const good = `${routeOf('{name: edge}')}${gatewayOf(http)}${gatewayService()}`

  function edited(kind: string, from: string, to: string): Configuration {
    const configuration = configure(good, ours)
    expect(good).toContain(from)
    for (const { manifest } of parse(good.replace(from, to)))
      if (manifest.id.kind === kind) configuration.pipeline.setManifest(objectKey(manifest.id), manifest)
    configuration.pipeline.flush()
    return configuration
  }

  test('of a route is a fall back to the last good version, which stays accepted', () => {
    const conditions = status(
      edited('HTTPRoute', '{name: shop, port: 80}]}', '{name: shop, port: 80}], timeouts: {request: never}}'),
      'HTTPRoute/shop',
    )?.parents?.[0]?.conditions
    expect(shown(conditions)).toEqual([
      'Accepted True Accepted',
      'ResolvedRefs True ResolvedRefs',
      'PartiallyInvalid True UnsupportedValue',
    ])
    expect(conditions?.[2]?.message).toMatch(
      /^Fall Back: the last good version stays in force: HTTPRoute default\/shop: .*timeouts/,
    )
  })

  test('of a Gateway is not accepted, and what was programmed stays so', () => {
    const written = status(
      edited('Gateway', 'port: 80, protocol: HTTP', 'port: 99999, protocol: HTTP'),
      'Gateway/edge',
    )
    expect(shown(written?.conditions)).toEqual(['Accepted False Invalid', 'Programmed True Programmed'])
    expect(written?.addresses).toEqual([{ type: 'IPAddress', value: '10.0.0.1' }])
  })
})

describe('listeners', () => {
  const count = (
    routes: string,
    listeners = `${http}\n- {name: other, port: 81, hostname: a.example, protocol: HTTP}`,
  ): unknown =>
    status(configure(`${routes}${gatewayOf(listeners)}`, ours), 'Gateway/edge')?.listeners?.map(
      ({ name, attachedRoutes }) => `${name} ${attachedRoutes}`,
    )

  test.each([
    ['none', '', ['http 0', 'other 0']],
    ['one, at both', routeOf('{name: edge}'), ['http 1', 'other 1']],
    ['one that names a listener', routeOf('{name: edge, sectionName: other}'), ['http 0', 'other 1']],
    [
      'one that names both by themselves',
      routeOf('{name: edge, sectionName: http}, {name: edge, sectionName: other}'),
      ['http 1', 'other 1'],
    ],
    ['one with a host that one of them has not', routeOf('{name: edge}', 'b.example'), ['http 1', 'other 0']],
    [
      'one of each kind',
      `${routeOf('{name: edge}')}${routeOf('{name: edge}', '', { kind: 'GRPCRoute' })}`,
      ['http 2', 'other 2'],
    ],
    [
      'one of a namespace that one of them takes',
      routeOf('{name: edge, namespace: default}', '', { namespace: 'shop' }),
      ['http 1', 'other 0'],
    ],
    ['one of another Gateway', routeOf('{name: another}'), ['http 0', 'other 0']],
  ])('count the routes that they take: %s', (_, routes, expected) => {
    expect(count(routes)).toEqual(expected)
  })

  test('say which kinds they take of those that they ask for, and keep the time of what has not changed', () => {
    const configuration = configure(
      gatewayOf(
        '- {name: http, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: TCPRoute}, {kind: ' +
          'GRPCRoute}]}}',
      ),
      ours,
    )
    const listeners = status(configuration, 'Gateway/edge', {
      listeners: [{ name: 'http', conditions: [condition('Accepted', 'True')] }, { name: 'gone' }],
    })?.listeners
    expect(listeners?.map(({ name, supportedKinds }) => ({ name, supportedKinds }))).toEqual([
      { name: 'http', supportedKinds: [{ group, kind: 'GRPCRoute' }] },
    ])
    expect(listeners?.[0]?.conditions[0]).toMatchObject({ type: 'Accepted', lastTransitionTime: earlier })
  })

  test('conditions of a Gateway that are not ours stay', () => {
    const other = condition('example.com/Audited', 'True')
    expect(
      status(configure(gatewayOf(http) + gatewayService(), ours), 'Gateway/edge', {
        conditions: [condition('Accepted', 'Unknown'), other],
      })?.conditions,
    ).toEqual([
      other,
      expect.objectContaining({ type: 'Accepted', status: 'True', lastTransitionTime: now }),
      expect.objectContaining({ type: 'Programmed', status: 'True' }),
    ])
  })
})

describe('the addresses of a Gateway', () => {
  const pod =
    '---\napiVersion: v1\nkind: Pod\nmetadata: {name: edge-1, labels: {app: edge, ' +
    'gateway.networking.k8s.io/gateway-name: edge}}\n'
  const lb = 'type: LoadBalancer, clusterIP: 10.0.0.1'
  const assigned = ['Accepted True Accepted', 'Programmed True Programmed']
  const unassigned = ['Accepted True Accepted', 'Programmed False AddressNotAssigned']
  const seen = (
    text: string,
    current: JsonObject = {},
    owned: JsonObject = {},
  ): readonly [unknown, readonly string[]] => {
    const configuration = configure(gatewayOf(http) + text, ours)
    const report = reportOf(configuration, 'Gateway/edge')
    const written: StatusSeen | undefined =
      report === undefined ? undefined : statusOf(report, { current, diagnostics: [], now, owned })
    return [written?.addresses, shown(written?.conditions)]
  }
  const ip = (value: string): Json => ({ type: 'IPAddress', value })

  test.each([
    [
      'its load balancer',
      gatewayService(lb, 'loadBalancer: {ingress: [{ip: 192.0.2.1}, {hostname: lb.example}]}'),
      [ip('192.0.2.1'), { type: 'Hostname', value: 'lb.example' }],
    ],
    [
      'external addresses',
      gatewayService('externalIPs: [192.0.2.2], clusterIP: 10.0.0.1'),
      [ip('192.0.2.2')],
    ],
    [
      'cluster addresses',
      gatewayService('clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, "fd00::1"]'),
      [ip('10.0.0.1'), ip('fd00::1')],
    ],
    [
      'a Service by other labels of its pods',
      gatewayService('clusterIP: 10.0.0.1').replace(
        'gateway.networking.k8s.io/gateway-name: edge',
        'app: edge',
      ) + pod,
      [ip('10.0.0.1')],
    ],
  ])('are those of %s', (_, text, expected) => {
    expect(seen(text)).toEqual([expected, assigned])
  })

  test.each([
    ['no Service', ''],
    ['a headless Service', gatewayService('clusterIP: None')],
    [
      'a Service of other pods',
      gatewayService().replace('gateway.networking.k8s.io/gateway-name: edge', 'app: edge'),
    ],
    [
      'a Service in another namespace',
      gatewayService().replace('name: edge-proxies', 'name: edge-proxies, namespace: other'),
    ],
  ])('with %s there are none: the Gateway is not programmed', (_, text) => {
    expect(seen(text)).toEqual([undefined, unassigned])
  })

  test('are those of the example of deploy/, for the Gateway with its name', () => {
    const objects = gatewayObjects(defaultInstallation)
    const deployment = JSON.parse(JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'))) as {
      readonly spec: { readonly template: { readonly metadata: object } }
    }
    const service = objects.find(({ kind }) => kind === 'Service')
    const { namespace, name } = { namespace: 'shadowplane-gateway', name: 'shadowplane-gateway' }
    const configuration = configure(
      [
        JSON.stringify({
          apiVersion: `${group}/v1`,
          kind: 'GatewayClass',
          metadata: { name: 'example' },
          spec: { controllerName: 'example.com/controller' },
        }),
        JSON.stringify({
          apiVersion: `${group}/v1`,
          kind: 'Gateway',
          metadata: { name, namespace },
          spec: { gatewayClassName: 'example', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
        }),
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'one', namespace, ...deployment.spec.template.metadata },
        }),
        JSON.stringify({ ...service, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } }),
      ].join('\n---\n'),
      ours,
    )
    const written = status(configuration, `Gateway/${name}`)
    expect([written?.addresses, shown(written?.conditions)]).toEqual([[ip('192.0.2.1')], assigned])
  })

  test(
    'that another controller wrote stay where no Service selects its proxies, and those that we wrote ' +
      'do not',
    () => {
      const current = { addresses: [ip('192.0.2.9')] }
      expect(seen('', current)).toEqual([[ip('192.0.2.9')], assigned])
      expect(seen('', current, { 'f:addresses': {} })).toEqual([undefined, unassigned])
      expect(seen(gatewayService(), current)).toEqual([[ip('10.0.0.1')], assigned])
    },
  )
})

test('a listener of an unknown protocol supports no kind of route', () => {
  const listeners = status(
    configure(
      gatewayOf('- {name: a, port: 9, protocol: INVALID}\n- {name: b, port: 80, protocol: HTTP}'),
      ours,
    ),
    'Gateway/edge',
  )?.listeners
  expect(
    listeners?.map(({ name, supportedKinds }) => [
      name,
      Array.isArray(supportedKinds) ? supportedKinds.length : undefined,
    ]),
  ).toEqual([
    ['a', 0],
    ['b', 2],
  ])
})

test('a GatewayClass lists the supported features in ascending order', () => {
  const names =
    status(configure(gatewayOf(http), ours), 'GatewayClass/mesh')?.supportedFeatures?.map(
      ({ name }) => name,
    ) ?? []
  expect(names).toEqual([...new Set(names)].toSorted())
  expect(names).toEqual(
    expect.arrayContaining([
      'Gateway',
      'HTTPRoute',
      'GRPCRoute',
      'ReferenceGrant',
      'HTTPRouteRequestMirror',
      'HTTPRouteRequestPercentageMirror',
      'HTTPRouteCORS',
    ]),
  )
})

describe('of the Gateways of another controller', () => {
  const foreign: Settings = { ...defaultSettings, gatewayControllers: ['mine.example/controller'] }
  const bad =
    '- {name: tcp, port: 80, protocol: TCP}\n- {name: http, port: 81, protocol: HTTP, tls: ' +
    '{certificateRefs: [{name: nothing}]}}'

  test('nothing is served, found, or written', () => {
    const configuration = configure(
      `${routeOf('{name: edge}').replace('{name: shop, port: 80}', '{name: nothing, port: 80}')}${gatewayOf(bad)}`,
      foreign,
    )
    expect(configuration.found).toEqual([])
    expect(configuration.pipeline.read.entries(configuration.pipeline.model.listeners)).toEqual([])
    expect(['Gateway/edge', 'GatewayClass/mesh'].map((name) => status(configuration, name))).toEqual([
      undefined,
      undefined,
    ])
    expect(status(configuration, 'HTTPRoute/shop')).toEqual({})
  })

  test("a class that does not exist is nobody's", () => {
    const configuration = configure(gatewayOf(http).replace('name: mesh', 'name: elsewhere'), foreign)
    expect(configuration.found).toEqual([
      '7:21 gateway/unknown-class there is no GatewayClass mesh here; the Gateway is not served, ' +
        'because its controller is unknown',
    ])
    expect(status(configuration, 'Gateway/edge')).toBeUndefined()
  })

  test('a route says nothing, and of a parent of ours besides it does', () => {
    const second = gatewayOf(http, { name: 'mine' })
      .replaceAll('mesh', 'own')
      .replace('example.com/controller', 'mine.example/controller')
    const written = status(
      configure(`${routeOf('{name: edge}, {name: mine}')}${gatewayOf(http)}${second}`, foreign),
      'HTTPRoute/shop',
      { parents: [entry('example.com/controller', 'edge')] },
    )
    expect(
      written?.parents?.map(({ controllerName, parentRef }) => [controllerName, parentRef.name]),
    ).toEqual([
      ['example.com/controller', 'edge'],
      ['mine.example/controller', 'mine'],
    ])
  })

  test("a Gateway that does not exist is nobody's: the route is told in no status, and a diagnostic says it", () => {
    const configuration = configure(routeOf('{name: edge}'), foreign)
    expect(status(configuration, 'HTTPRoute/shop')).toEqual({})
    expect(configuration.found).toEqual([
      expect.stringContaining('parent/unknown there is no Gateway default/edge'),
    ])
  })

  test('routes of Services are served all the same, in our name', () => {
    const configuration = configure(routeOf('{group: "", kind: Service, name: shop, port: 80}'), foreign)
    expect(
      status(configuration, 'HTTPRoute/shop')?.parents?.map(({ controllerName }) => controllerName),
    ).toEqual(['mine.example/controller'])
  })
})
