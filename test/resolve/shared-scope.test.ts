import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { configure, fingerprint, sidecar } from '../support/configuration.ts'

const gatewayOf = (labels: Scope['labels'], more: Partial<Scope> = {}): Scope => ({
  ...sidecar('shop', labels),
  role: 'gateway',
  ...more,
})

const istio = (kind: string, [namespace, name]: readonly [string, string], spec: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ` +
  `${namespace}}\nspec: ${spec}\n---\n`
const edgeService = (namespace: string, selector: string, targetPort: number): string =>
  serviceOf(
    'edge',
    namespace,
    `{selector: ${selector}, ports: [{port: 80, name: http, targetPort: ${targetPort}}]}`,
  )
const serviceOf = (name: string, namespace: string, spec: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}\n---\n`
const server = (host: string): string =>
  `servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [${host}]}]`

const configuration = [
  istio('Gateway', ['shop', 'edge'], `{selector: {istio: edge}, ${server('"*"')}}`),
  istio(
    'Gateway',
    ['bank', 'inner'],
    `{selector: {istio: edge, tier: inner}, ${server('inner.example.com')}}`,
  ),
  istio(
    'VirtualService',
    ['shop', 'web'],
    '{hosts: ["*"], gateways: [edge], http: [{match: [{sourceLabels: {color: blue}}], route: ' +
      '[{destination: {host: web, subset: blue}}]}, {route: [{destination: {host: web}}]}]}',
  ),
  istio(
    'VirtualService',
    ['bank', 'inner'],
    '{hosts: [inner.example.com], gateways: [inner], http: [{route: [{destination: {host: ' +
      'web.shop.svc.cluster.local}}]}]}',
  ),
  istio('DestinationRule', ['shop', 'web'], '{host: web, subsets: [{name: blue, labels: {color: blue}}]}'),
  serviceOf('web', 'shop', '{selector: {app: web}, ports: [{port: 80, name: http, targetPort: 8080}]}'),
  edgeService('shop', '{app: edge, istio: edge}', 8443),
  edgeService('bank', '{app: edge, tier: outer}', 9443),
].join('')

describe('gateways', () => {
  const { pipeline } = configure(configuration)
  const keyOf = (scope: Scope): string => scopeKey(pipeline.shared(scope))
  const edge = { istio: 'edge' }

  test('share a scope, whatever labels they have that no selector names', () => {
    const own = Array.from({ length: 200 }, (_, index) =>
      gatewayOf({
        ...edge,
        pod: `p${index}`,
        [`label-${index}`]: 'x',
        'app.kubernetes.io/instance': `${index}`,
      }),
    )
    expect(new Set(own.map(keyOf))).toEqual(new Set([scopeKey(gatewayOf(edge))]))
  })

  test.each<[string, Scope['labels'], Scope['labels']]>([
    ['a selector with another value', { istio: 'other' }, {}],
    ['a part of a selector', { ...edge, app: 'web', tier: 'outer' }, { ...edge, app: 'web' }],
    [
      'a selector of a Service of another namespace',
      { ...edge, app: 'edge', tier: 'outer' },
      { ...edge, app: 'edge' },
    ],
    ['two selectors', { ...edge, tier: 'inner', app: 'x' }, { ...edge, tier: 'inner' }],
    ['sourceLabels', { ...edge, color: 'blue' }, { ...edge, color: 'blue' }],
    ['sourceLabels with another value', { ...edge, color: 'red' }, edge],
    ['names of methods', { constructor: 'x', toString: 'y' }, {}],
  ])('keep the labels of whole selectors: %s', (_, labels, kept) => {
    expect(pipeline.shared(gatewayOf(labels)).labels).toEqual(kept)
  })

  test(
    'share a scope also where the address of their node id, or a locality that nothing is balanced by, ' +
      'differs',
    () => {
      const others = Array.from({ length: 20 }, (_, index) =>
        gatewayOf(edge, { address: `10.0.0.${index}`, locality: `region-${index}` }),
      )
      expect(new Set(others.map(keyOf)).size).toBe(1)
    },
  )

  test('a selector that comes and goes tells proxies apart while it is there', () => {
    const { pipeline: other } = configure('')
    const proxy = gatewayOf(edge)
    expect(other.shared(proxy).labels).toEqual({})
    const { pipeline: selecting } = configure(configuration)
    expect(selecting.shared(proxy).labels).toEqual(edge)
  })
})

const labels = fc.record(
  {
    istio: fc.constantFrom('edge', 'other'),
    app: fc.constantFrom('edge', 'web'),
    tier: fc.constantFrom('inner', 'outer'),
    color: fc.constantFrom('blue', 'red'),
    pod: fc.constantFrom('p1', 'p2'),
  },
  { requiredKeys: [] },
)

test('a proxy is sent the same by the scope that it shares as by its own', () => {
  fc.assert(
    fc.property(
      labels,
      fc.constantFrom('shop', 'bank'),
      fc.constantFrom('gateway', 'sidecar'),
      (own, namespace, role) => {
        const { pipeline } = configure(configuration)
        const scope: Scope = {
          ...sidecar(namespace, own),
          role,
          address: '10.0.0.9',
          locality: 'region/zone',
        }
        const shared = pipeline.shared(scope)
        for (const each of [scope, shared]) pipeline.connect(scopeKey(each), each)
        pipeline.flush()
        expect(fingerprint(pipeline, shared)).toEqual(fingerprint(pipeline, scope))
        expect(pipeline.shared(shared)).toEqual(shared)
      },
    ),
    { numRuns: 60 },
  )
})
