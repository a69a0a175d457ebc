import { describe, expect, test } from 'vitest'
import { configure, gateway } from '../../support/configuration.ts'
import type { Cluster } from '../../support/configuration.ts'
import { indented, oneRoute, upstream } from './text.ts'

function ofUpstream(spec: string, more = '') {
  const configuration = configure(`apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: shop, namespace: gloo-system}
spec:
${indented(spec, 2)}
---
${oneRoute('name: a')}${more}`)
  return {
    cluster: configuration.resources(gateway, 'cluster').get('shop_gloo-system') as Cluster | undefined,
    endpoints: configuration.resources(gateway, 'endpoint').get('shop_gloo-system'),
    route: configuration.routes(gateway)[0]?.route,
    found: configuration.found.filter((each) => !each.includes(' gateway/assumed ')),
  }
}

const around = upstream('shop')
  .split('---\n')
  .slice(2)
  .map((each) => `---\n${each}`)
  .join('')

function addressesIn(assignment: unknown): readonly unknown[] {
  const { endpoints = [] } = assignment as {
    readonly endpoints?: readonly {
      readonly lb_endpoints?: readonly {
        readonly endpoint?: { readonly address?: { readonly socket_address?: object } }
      }[]
    }[]
  }
  return endpoints.flatMap(({ lb_endpoints: members = [] }) =>
    members.map(({ endpoint }) => endpoint?.address?.socket_address),
  )
}

describe('an Upstream of type kube', () => {
  const kube = 'kube: {serviceName: shop, serviceNamespace: default, servicePort: 80}'

  test('has the endpoints of its Service, under its own name', () => {
    const { cluster, endpoints, route, found } = ofUpstream(kube, around)
    expect(cluster).toMatchObject({
      type: 'EDS',
      connect_timeout: '5s',
      eds_cluster_config: { service_name: 'shop_gloo-system' },
    })
    expect(addressesIn(endpoints)).toEqual([{ address: '10.0.0.4', port_value: 8080 }])
    expect(route?.cluster).toBe('shop_gloo-system')
    expect(found).toEqual([])
  })

  test('with a selector has those of Pods with the labels only', () => {
    const pods = ['a', 'b']
      .map(
        (name, index) => `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {version: ${name}}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, labels: {kubernetes.io/service-name: shop}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.1.0.${index}], targetRef: {kind: Pod, name: ${name}}}]
`,
      )
      .join('')
    const { endpoints } = ofUpstream(
      'kube: {serviceName: shop, serviceNamespace: default, servicePort: 80, selector: {version: b}}',
      `${around}${pods}`,
    )
    expect(addressesIn(endpoints)).toEqual([{ address: '10.1.0.1', port_value: 8080 }])
  })

  test('without its Service, or with a port that it has not, is said to have no endpoints', () => {
    expect(ofUpstream(kube).found).toEqual([
      '5:23 upstream/unknown-service there is no Service default/shop, so it has no endpoints',
    ])
    expect(ofUpstream(kube.replace('80', '81'), around).found).toEqual([
      '5:69 upstream/unknown-service Service default/shop has no port 81, so it has no endpoints',
      '14:30 route/no-endpoints shop.default.svc.cluster.local has no ready endpoint on port 81: requests ' +
        'for it are answered with 503',
    ])
  })

  test('says how it is connected to', () => {
    const { cluster } = ofUpstream(
      `${kube}
useHttp2: true
connectionConfig: {connectTimeout: 2s, tcpKeepalive: {keepaliveTime: 10s}}
circuitBreakers: {maxConnections: 3}
loadBalancerConfig: {leastRequest: {}}`,
      around,
    )
    expect(cluster).toMatchObject({
      connect_timeout: '2s',
      lb_policy: 'LEAST_REQUEST',
      circuit_breakers: { thresholds: [{ max_connections: 3 }] },
      upstream_connection_options: { tcp_keepalive: { keepalive_time: 10 } },
    })
    expect(JSON.stringify(cluster?.typed_extension_protocol_options)).toContain('http2_protocol_options')
  })
})

describe('an Upstream of type static', () => {
  test('with addresses has them as endpoints, each with its port', () => {
    const { cluster, endpoints } = ofUpstream(
      'static: {hosts: [{addr: 10.0.0.1, port: 8080}, {addr: 10.0.0.2, port: 8081}]}',
    )
    expect(cluster).toMatchObject({ type: 'EDS', connect_timeout: '5s' })
    // Round robin, the first of the enumeration.
    expect(cluster).not.toHaveProperty('lb_policy')
    expect(addressesIn(endpoints)).toEqual([
      { address: '10.0.0.1', port_value: 8080 },
      { address: '10.0.0.2', port_value: 8081 },
    ])
    expect(cluster).not.toHaveProperty('transport_socket')
  })

  test('with a name resolves it', () => {
    const { cluster } = ofUpstream('static: {hosts: [{addr: shop.example.com, port: 8080}]}')
    expect(cluster?.type).toBe('STRICT_DNS')
    expect(addressesIn(cluster?.load_assignment)).toEqual([{ address: 'shop.example.com', port_value: 8080 }])
  })

  test.each([
    ['port: 443', true],
    ['port: 8443', false],
  ])('takes %s for TLS or not', (port, uses) => {
    expect(
      ofUpstream(`static: {hosts: [{addr: shop.example.com, ${port}}]}`).cluster?.transport_socket !==
        undefined,
    ).toBe(uses)
  })

  test('says itself whether it is TLS', () => {
    expect(
      ofUpstream('static: {useTls: false, hosts: [{addr: shop.example.com, port: 443}]}').cluster,
    ).not.toHaveProperty('transport_socket')
    expect(
      JSON.stringify(
        ofUpstream('static: {useTls: true, hosts: [{addr: shop.example.com, port: 80}]}').cluster
          ?.transport_socket,
      ),
    ).toContain('"sni":"shop.example.com"')
  })

  test('with a mistake in one host keeps the others', () => {
    const { endpoints, found } = ofUpstream(
      'static: {hosts: [{addr: 10.0.0.1, port: 8080}, {addr: 10.0.0.2}]}',
    )
    expect(addressesIn(endpoints)).toEqual([{ address: '10.0.0.1', port_value: 8080 }])
    expect(found).toEqual([expect.stringContaining('field/required spec.static.hosts[1].port is required')])
  })
})

describe('sslConfig of an Upstream', () => {
  const secret = (keys: string): string =>
    `---\napiVersion: v1\nkind: Secret\nmetadata: {name: ca, namespace: default}\nstringData: {${keys}}\n`
  const kube = 'kube: {serviceName: shop, serviceNamespace: default, servicePort: 80}'

  test('verifies the server where the Secret has an authority', () => {
    const verified = JSON.stringify(
      ofUpstream(
        `${kube}\nsslConfig: {secretRef: {name: ca, namespace: default}, sni: shop.example.com}`,
        `${around}${secret('ca.crt: x')}`,
      ).cluster?.transport_socket,
    )
    expect(verified).toContain('"sni":"shop.example.com"')
    expect(verified).toContain('-cacert')
    expect(verified).not.toContain('tls_certificate_sds_secret_configs')
  })

  test('does not with oneWayTls', () => {
    expect(
      JSON.stringify(
        ofUpstream(
          `${kube}\nsslConfig: {secretRef: {name: ca, namespace: default}, oneWayTls: true}`,
          `${around}${secret('ca.crt: x')}`,
        ).cluster?.transport_socket,
      ),
    ).not.toContain('-cacert')
  })
})

describe('an Upstream of another type', () => {
  test('has no cluster, and says so', () => {
    const { cluster, found } = ofUpstream('aws: {region: eu-1}')
    expect(cluster).toBeUndefined()
    expect(found[0]).toBe(
      '5:3 field/unsupported Upstreams of type aws are not supported: routes to it are answered with 503, ' +
        'and nothing is mirrored to it',
    )
  })

  test('must be of some type, and of one only', () => {
    expect(ofUpstream('useHttp2: true').found[0]).toContain(
      'field/required it does not say where its endpoints are',
    )
    expect(
      ofUpstream('static: {hosts: [{addr: 10.0.0.1, port: 80}]}\naws: {region: eu-1}').found[0],
    ).toContain('field/invalid-value it is static and aws, must be one of them')
  })

  test('as a Unix socket is an endpoint with a path', () => {
    expect(JSON.stringify(ofUpstream('pipe: {path: /run/shop.sock}').endpoints)).toContain(
      '"pipe":{"path":"/run/shop.sock"}',
    )
  })
})
