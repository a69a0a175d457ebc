import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scopeKey, scopeOf } from '../../src/xds/scope.ts'
import type { Node, Scope } from '../../src/xds/scope.ts'

const plain: Scope = {
  role: 'gateway',
  namespace: 'default',
  labels: {},
  anyGateway: true,
  bindAddress: '',
  portMap: {},
  virtualHosts: 'inline',
}
const pairsOfPorts = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${index + 1}=${index + 1}`).join(',')
const sidecarId = 'sidecar~10.0.0.1~reviews-v1.books~books.svc.cluster.local'

describe('scopeOf', () => {
  const cases: readonly (readonly [what: string, node: Node, scope: Partial<Scope>])[] = [
    ['an Envoy with id and cluster only', { id: 'envoy-1', cluster: 'edge' }, {}],
    ['an Envoy with nothing at all', {}, {}],
    ['a plain id with a ~ in it', { id: 'a~b' }, {}],
    [
      'an Istio sidecar',
      { id: sidecarId, metadata: { LABELS: { app: 'reviews' } } },
      { role: 'sidecar', namespace: 'books', labels: { app: 'reviews' }, anyGateway: false },
    ],
    [
      'an Istio gateway',
      {
        id: 'router~10.0.0.1~ingress-0.istio-system~istio-system.svc.example.org',
        metadata: { LABELS: { istio: 'ingressgateway' } },
      },
      {
        namespace: 'istio-system',
        address: '10.0.0.1',
        labels: { istio: 'ingressgateway' },
        anyGateway: false,
      },
    ],
    [
      'a pod with dots in its name',
      { id: 'sidecar~10.0.0.1~a.b.books~books.svc.cluster.local', metadata: {} },
      { role: 'sidecar', namespace: 'books', anyGateway: false },
    ],
    [
      'NAMESPACE before the id',
      { id: sidecarId, metadata: { NAMESPACE: 'other' } },
      { role: 'sidecar', namespace: 'other', anyGateway: false },
    ],
    ['NAMESPACE alone', { id: 'x', metadata: { NAMESPACE: 'other' } }, { namespace: 'other' }],
    [
      'a gateway that has labels',
      { id: 'x', metadata: { LABELS: { app: 'edge' } } },
      { labels: { app: 'edge' }, anyGateway: false },
    ],
    [
      'a gateway that has no labels, and says so',
      { id: 'x', metadata: { LABELS: {} } },
      { anyGateway: false },
    ],
    ['ROLE', { id: 'x', metadata: { ROLE: 'sidecar' } }, { role: 'sidecar', anyGateway: false }],
    [
      'labels of single pods',
      {
        metadata: {
          LABELS: {
            app: 'a',
            'pod-template-hash': '1',
            'controller-revision-hash': '2',
            'statefulset.kubernetes.io/pod-name': 'a-0',
            'apps.kubernetes.io/pod-index': '0',
            'batch.kubernetes.io/job-name': 'j',
            'batch.kubernetes.io/controller-uid': 'u',
          },
        },
      },
      { labels: { app: 'a' }, anyGateway: false },
    ],
    ['BIND_ADDRESS', { metadata: { BIND_ADDRESS: '::1' } }, { bindAddress: '::1' }],
    [
      'PORT_MAP as text',
      { metadata: { PORT_MAP: '80=8080, 443=8443' } },
      { portMap: { 80: 8080, 443: 8443 } },
    ],
    [
      'PORT_MAP as an object',
      { metadata: { PORT_MAP: { 80: 8080, 443: '8443' } } },
      { portMap: { 80: 8080, 443: 8443 } },
    ],
    [
      'as many pairs of ports as are allowed',
      { metadata: { PORT_MAP: pairsOfPorts(256) } },
      { portMap: Object.fromEntries(Array.from({ length: 256 }, (_, index) => [index + 1, index + 1])) },
    ],
    ['a locality with empty parts', { locality: { region: 'r', zone: '', sub_zone: '' } }, { locality: 'r' }],
    [
      'INTERCEPTION_MODE',
      { id: sidecarId, metadata: { INTERCEPTION_MODE: 'REDIRECT', LABELS: {} } },
      { role: 'sidecar', namespace: 'books', anyGateway: false, interception: 'redirect' },
    ],
    [
      'INTERCEPTION_MODE NONE',
      { metadata: { ROLE: 'sidecar', INTERCEPTION_MODE: 'NONE' } },
      { role: 'sidecar', anyGateway: false },
    ],
    [
      'INTERCEPTION_MODE of a gateway, as Istio writes it there too',
      { metadata: { INTERCEPTION_MODE: 'REDIRECT' } },
      {},
    ],
    ['metadata of others', { metadata: { ISTIO_VERSION: '1.30', CLUSTER_ID: 'Kubernetes' } }, {}],
  ]
  test.each(cases)('%s', (_, node, scope) => {
    expect(scopeOf(node)).toEqual({ scope: { ...plain, ...scope } })
  })

  const mistakes: readonly (readonly [node: Node, error: string])[] = [
    [
      { id: 'sidecar~10.0.0.1' },
      'node id "sidecar~10.0.0.1": write sidecar~<ip>~<pod>.<namespace>~<namespace>.svc.<domain>',
    ],
    [
      { id: 'router~1.1.1.1~pod~x.svc' },
      'node id "router~1.1.1.1~pod~x.svc": write router~<ip>~<pod>.<namespace>~<namespace>.svc.<domain>',
    ],
    [
      { id: 'sidecar~1.1.1.1~pod.ns~' },
      'node id "sidecar~1.1.1.1~pod.ns~": write sidecar~<ip>~<pod>.<namespace>~<namespace>.svc.<domain>',
    ],
    [
      { id: 'ztunnel~1.1.1.1~pod.ns~x' },
      'node id "ztunnel~1.1.1.1~pod.ns~x": a ztunnel is not served; write sidecar~… or router~…',
    ],
    [{ metadata: { ROLE: 'edge' } }, 'metadata.ROLE is "edge": write "gateway" or "sidecar"'],
    [
      { id: sidecarId, metadata: { ROLE: 'gateway' } },
      'metadata.ROLE is "gateway", but the node id says sidecar: leave ROLE out, or change the id',
    ],
    [
      { metadata: { ROLE: 'sidecar', INTERCEPTION_MODE: 'TPROXY' } },
      'metadata.INTERCEPTION_MODE is "TPROXY": write "REDIRECT" or "NONE"',
    ],
    [{ metadata: { NAMESPACE: 5 } }, 'metadata.NAMESPACE is 5: write a string'],
    [
      { metadata: { LABELS: 'app=a' } },
      'metadata.LABELS is "app=a": write an object, such as {"app": "reviews"}',
    ],
    [{ metadata: { LABELS: { app: 1 } } }, 'metadata.LABELS: app is 1: write a string'],
    [
      { metadata: { BIND_ADDRESS: 'localhost' } },
      'metadata.BIND_ADDRESS is "localhost": write an IP address, such as "127.0.0.1"',
    ],
    ...['80', '80=', '80=8080=1', '0=1', '80=65536', 'http=80', '80=-1', '80=8080,'].map(
      (map) =>
        [
          { metadata: { PORT_MAP: map } },
          `metadata.PORT_MAP is "${map}": write pairs of ports from 1 to 65535, such as "80=8080,443=8443"`,
        ] as const,
    ),
    [
      { metadata: { PORT_MAP: [80] } },
      'metadata.PORT_MAP is [80]: write pairs of ports from 1 to 65535, such as "80=8080,443=8443"',
    ],
    [
      { metadata: { PORT_MAP: '80=1,80=2' } },
      'metadata.PORT_MAP is "80=1,80=2": port 80 is written twice; write it once',
    ],
    [
      { metadata: { PORT_MAP: '80=1,81=1' } },
      'metadata.PORT_MAP is "80=1,81=1": two ports become 1; give each its own',
    ],
  ]
  const tooMany: readonly (readonly [what: string, map: unknown, error: string])[] = [
    [
      'text',
      pairsOfPorts(257),
      `metadata.PORT_MAP is ${JSON.stringify(pairsOfPorts(257)).slice(0, 100)}…: there are 257 pairs; ` +
        `write at most 256`,
    ],
    [
      'text with every port',
      pairsOfPorts(65_535),
      `metadata.PORT_MAP is ${JSON.stringify(pairsOfPorts(65_535)).slice(0, 100)}…: there are 65535 ` +
        `pairs; write at most 256`,
    ],
    [
      'an object',
      Object.fromEntries(Array.from({ length: 300 }, (_, index) => [index + 1, index + 1])),
      'there are 300 pairs; write at most 256',
    ],
  ]
  test.each(tooMany)(
    'a PORT_MAP of more pairs than a proxy has listeners is an error, %s',
    (_, map, error) => {
      expect(scopeOf({ metadata: { PORT_MAP: map } })).toEqual({ error: expect.stringContaining(error) })
    },
  )

  test.each(mistakes)('%j', (node, error) => {
    expect(scopeOf(node)).toEqual({ error })
  })

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(
          fc.constantFrom('LABELS', 'NAMESPACE', 'ROLE', 'BIND_ADDRESS', 'PORT_MAP'),
          fc.jsonValue(),
        ),
        (id, metadata) => {
          const found = scopeOf({ id, metadata })
          expect('scope' in found || found.error.length > 0).toBe(true)
        },
      ),
    )
  })
})

describe('the address of a gateway', () => {
  const addressOf = (id: string) => {
    const read = scopeOf({ id })
    return 'scope' in read ? read.scope.address : read.error
  }

  test.each([
    ['router~10.0.0.1~pod.ns~ns.svc.cluster.local', '10.0.0.1'],
    ['router~FD00::1~pod.ns~ns.svc.cluster.local', 'fd00::1'],
    ['router~127.0.0.1~pod.ns~ns.svc.cluster.local', undefined],
    ['router~::1~pod.ns~ns.svc.cluster.local', undefined],
    ['router~0.0.0.0~pod.ns~ns.svc.cluster.local', undefined],
    ['router~here~pod.ns~ns.svc.cluster.local', undefined],
    ['sidecar~10.0.0.1~pod.ns~ns.svc.cluster.local', undefined],
    ['envoy', undefined],
  ])('%s', (id, expected) => {
    expect(addressOf(id)).toBe(expected)
  })
})

describe('scopeKey', () => {
  test('is one for one scope, in whatever order it was given', () => {
    const one = { ...plain, labels: { a: '1', b: '2' }, portMap: { 80: 1, 443: 2 } }
    expect(scopeKey({ ...plain, portMap: { 443: 2, 80: 1 }, labels: { b: '2', a: '1' } })).toBe(scopeKey(one))
  })

  test('differs where any part does', () => {
    const others: readonly Partial<Scope>[] = [
      { role: 'sidecar' },
      { namespace: 'x' },
      { labels: { a: '1' } },
      { anyGateway: false },
      { address: '10.0.0.1' },
      { targetPorts: { 80: 8080 } },
      { bindAddress: '::1' },
      { portMap: { 80: 1 } },
    ]
    expect(new Set([{}, ...others].map((part) => scopeKey({ ...plain, ...part }))).size).toBe(
      others.length + 1,
    )
  })
})
