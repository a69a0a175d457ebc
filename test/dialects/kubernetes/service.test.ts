import { describe, expect, test } from 'vitest'
import { protocolOf } from '../../../src/dialects/kubernetes/protocol.ts'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import type { Cluster, RouteConfiguration } from '../../support/configuration.ts'

function service(spec: string, metadata = 'name: a'): string {
  return `---\napiVersion: v1\nkind: Service\nmetadata: {${metadata}}\nspec: ${spec}\n`
}

function slice(body: string, metadata = 'name: a-1, labels: {kubernetes.io/service-name: a}'): string {
  return (
    `---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: ` +
    `{${metadata}}\naddressType: IPv4\n${body}\n`
  )
}

function addresses(text: string, cluster = 'outbound|80||a.default.svc.cluster.local'): readonly string[] {
  const found = configure(text).resources(sidecar(), 'endpoint').get(cluster)
  return [...JSON.stringify(found ?? null).matchAll(/"address":"([^"]+)","port_value":(\d+)/g)].map(
    ([, address, port]) => `${address}:${port}`,
  )
}

describe('the protocol of a port', () => {
  test.each([
    [{ name: 'http' }, 'http1'],
    [{ name: 'http-admin' }, 'http1'],
    [{ name: 'HTTP-admin' }, 'http1'],
    [{ name: 'httpx' }, 'detect'],
    [{ name: 'http2' }, 'http2'],
    [{ name: 'http2-x' }, 'http2'],
    [{ name: 'grpc' }, 'http2'],
    [{ name: 'grpc-x' }, 'http2'],
    [{ name: 'h2c' }, 'http2'],
    [{ name: 'grpc-web' }, 'http2'],
    [{ name: 'grpc-web-x' }, 'http2'],
    [{ name: 'https' }, 'tls'],
    [{ name: 'tls-x' }, 'tls'],
    [{ name: 'tcp' }, 'tcp'],
    [{ name: 'mongo-x' }, 'tcp'],
    [{}, 'detect'],
    [{ name: '' }, 'detect'],
    [{ name: 'web' }, 'detect'],
    [{ name: 'web', protocol: 'UDP' }, 'udp'],
    [{ name: 'http', protocol: 'udp' }, 'udp'],
    [{ name: 'http', protocol: 'TCP' }, 'http1'],
    [{ name: 'tcp', appProtocol: 'http' }, 'http1'],
    [{ appProtocol: 'HTTP2' }, 'http2'],
    [{ appProtocol: 'kubernetes.io/h2c' }, 'http2'],
    [{ appProtocol: 'kubernetes.io/ws' }, 'http1'],
    [{ appProtocol: 'kubernetes.io/wss' }, 'tls'],
    [{ name: 'http', appProtocol: 'example.com/own' }, 'detect'],
    [{ name: 'kubernetes.io/ws' }, 'detect'],
    [{ port: 3306 }, 'tcp'],
    [{ port: 25, name: 'mail' }, 'tcp'],
    [{ port: 27017, name: 'http' }, 'http1'],
    [{ port: 5432 }, 'detect'],
  ])('%j is %s', (port, protocol) => {
    expect(protocolOf(port)).toBe(protocol)
  })
})

describe('a Service', () => {
  const domains = (namespace: string): readonly string[] => {
    const configurations = [
      ...configure(service('{clusterIP: 10.9.0.1, ports: [{name: http, port: 80}]}'))
        .resources(sidecar(namespace), 'route')
        .values(),
    ] as readonly RouteConfiguration[]
    return configurations[0]?.virtual_hosts?.find((host) => host.name?.startsWith('a.'))?.domains ?? []
  }

  test('is found by its short name from its own namespace only', () => {
    const full = ['a.default.svc.cluster.local', 'a.default.svc.cluster.local.']
    expect(domains('default').toSorted()).toEqual(
      [...full, 'a', 'a.default', 'a.default.svc', '10.9.0.1'].toSorted(),
    )
    expect(domains('other').toSorted()).toEqual(
      [...full, 'a.default', 'a.default.svc', '10.9.0.1'].toSorted(),
    )
  })

  test('without a cluster address is reached by its endpoints, as nothing is intercepted', () => {
    const text = service('{clusterIP: None, selector: {app: a}, ports: [{name: http, port: 80}]}')
    for (const scope of [sidecar(), gateway]) {
      expect(
        (
          configure(text).resources(scope, 'cluster').get('outbound|80||a.default.svc.cluster.local') as
            Cluster | undefined
        )?.type,
      ).toBe('EDS')
    }
  })

  test('has clusters for its TCP ports too, and none for UDP', () => {
    const text = service(
      '{ports: [{name: http, port: 80}, {name: db, port: 3306, appProtocol: mysql}, {name: dns, port: 53, ' +
        'protocol: UDP}]}',
    )
    expect([...configure(text).resources(sidecar(), 'cluster').keys()]).toEqual([
      'outbound|3306||a.default.svc.cluster.local',
      'outbound|80||a.default.svc.cluster.local',
    ])
  })

  test.each([
    ['{ports: 80}', '5:15 field/wrong-type spec.ports is the number 80, must be a list'],
    [
      '{ports: [{port: "80"}]}',
      '5:23 field/wrong-type spec.ports[0].port is the string "80", must be a number',
    ],
    [
      '{ports: [{port: 70000}]}',
      '5:23 field/invalid-value spec.ports[0].port is 70000, must be at most 65535',
    ],
    ['{selector: {app: 1}}', '5:24 field/wrong-type spec.selector.app is the number 1, must be a string'],
  ])('with a mistake is refused: %s', (spec, found) => {
    const result = translateFirst(service(spec))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(true)
    expect(result.services).toEqual([])
  })
})

describe('an ExternalName Service', () => {
  const external = service('{type: ExternalName, externalName: zzz.default.svc.cluster.local}', 'name: aaa')
  const real =
    service('{ports: [{name: http, port: 80}]}', 'name: zzz') +
    slice(
      'ports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.1]}]',
      'name: z-1, labels: {kubernetes.io/service-name: zzz}',
    )
  const zzz = 'outbound|80||zzz.default.svc.cluster.local'

  test('leaves the host that it stands for its endpoints', () => {
    expect(addresses(external + real, zzz)).toEqual(['10.0.0.1:8080'])
    expect([
      ...configure(external + real)
        .resources(sidecar(), 'cluster')
        .keys(),
    ]).toEqual([zzz])
  })

  test('is followed by a mirror, to the cluster of the other', () => {
    const text =
      `${external}${real}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v}
spec: {hosts: [zzz], http: [{redirect: {uri: /x}, match: [{uri: {exact: /y}}]}, {route: [{destination: ` +
      `{host: zzz}}], mirror: {host: aaa}}]}
`
    expect(
      configure(text)
        .routes(sidecar())
        .flatMap((route) => (route.route?.request_mirror_policies ?? []).map(({ cluster }) => cluster)),
    ).toEqual([zzz.replace('outbound', 'mirror')])
  })

  test('makes the other a destination: a mirror there has its own cluster on a gateway, too', () => {
    const edge =
      `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
      `hosts: ['*']}]}
`
    const routeTo = (host: string): string =>
      `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v}
spec: {hosts: [shop.example], gateways: [edge], http: [{route: [{destination: {host: ${host}}}], mirror: ` +
      `{host: zzz}}]}
`
    const shop = service('{ports: [{name: http, port: 80}]}', 'name: shop')
    const mirrors = (host: string) =>
      configure(external + real + shop + edge + routeTo(host))
        .routes(gateway)
        .flatMap((route) => (route.route?.request_mirror_policies ?? []).map(({ cluster }) => cluster))
    expect(mirrors('shop')).toEqual([zzz])
    expect(mirrors('aaa')).toEqual([zzz.replace('outbound', 'mirror')])
  })

  test('to a host that nothing defines, or in a circle, is a mirror to nothing', () => {
    const circle =
      service('{type: ExternalName, externalName: b.default.svc.cluster.local}') +
      service('{type: ExternalName, externalName: a.default.svc.cluster.local}', 'name: b')
    const text = `${circle}${service('{ports: [{name: http, port: 80}]}', 'name: c')}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v}
spec: {hosts: [c], http: [{route: [{destination: {host: c}}], mirror: {host: a}}]}
`
    expect(configure(text).found.filter((each) => each.includes('mirror/unknown-host'))).toHaveLength(1)
  })
})

describe('an EndpointSlice', () => {
  const named = service('{ports: [{name: http, port: 80, targetPort: web}, {name: grpc, port: 90}]}')

  test.each([
    [
      'ports are joined by name',
      'ports: [{name: grpc, port: 9090}, {name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.1]}]',
      ['10.0.0.1:8080'],
    ],
    [
      'a port that the slice lacks has no endpoints',
      'ports: [{name: grpc, port: 9090}]\nendpoints: [{addresses: [10.0.0.1]}]',
      [],
    ],
    [
      'endpoints that are not ready are left out',
      'ports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.1], conditions: {ready: ' +
        'false}}, {addresses: [10.0.0.2], conditions: {ready: null}}, {addresses: [10.0.0.3], conditions: ' +
        '{ready: true}}]',
      ['10.0.0.2:8080', '10.0.0.3:8080'],
    ],
    ['none at all', 'ports: [{name: http, port: 8080}]\nendpoints: []', []],
    ['null is none', 'ports: null\nendpoints: null', []],
  ])('%s', (_, body, expected) => {
    expect(addresses(named + slice(body))).toEqual(expected)
  })

  test('several of a Service are joined', () => {
    const more = slice(
      'ports: [{name: http, port: 8081}]\nendpoints: [{addresses: [10.0.0.2]}]',
      'name: a-2, labels: {kubernetes.io/service-name: a}',
    )
    expect(
      addresses(
        named + slice('ports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.1]}]') + more,
      ),
    ).toEqual(['10.0.0.1:8080', '10.0.0.2:8081'])
  })

  test('of another namespace, or of no Service, counts for nothing', () => {
    const body = 'ports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.1]}]'
    expect(
      addresses(
        named +
          slice(body, 'name: a-1, namespace: other, labels: {kubernetes.io/service-name: a}') +
          slice(body, 'name: a-1'),
      ),
    ).toEqual([])
  })

  test('zones are localities', () => {
    const text =
      named +
      slice(
        'ports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.2], zone: b}, {addresses: ' +
          '[10.0.0.1], zone: a}]',
      )
    expect(
      configure(text).resources(sidecar(), 'endpoint').get('outbound|80||a.default.svc.cluster.local'),
    ).toMatchObject({ endpoints: [{ locality: { zone: 'a' } }, { locality: { zone: 'b' } }] })
  })
})
