import { describe, expect, test } from 'vitest'
import type { BackendPolicy } from '../../../src/model/backend.ts'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import type { Cluster } from '../../support/configuration.ts'
import { service, virtualService } from './text.ts'

function rule(spec: string, metadata = 'name: reviews'): string {
  return (
    `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: ` +
    `{${metadata}}\nspec:\n  ${spec.trim().replaceAll('\n', '\n  ')}\n`
  )
}

function policy(spec: string): BackendPolicy | undefined {
  const { policies, found } = translateFirst(rule(spec))
  expect(found).toEqual([])
  return policies[0]
}

function cluster(text: string, name: string, scope = sidecar()): Cluster | undefined {
  return configure(text).resources(scope, 'cluster').get(name) as Cluster | undefined
}

const outbound = 'outbound|80||reviews.default.svc.cluster.local'
const subsetV1 = 'outbound|80|v1|reviews.default.svc.cluster.local'
const requests = (count: number): string => `connectionPool: {http: {http2MaxRequests: ${count}}}`
const connections = (count: number): string => `connectionPool: {tcp: {maxConnections: ${count}}}`

describe('precedence among the settings of a DestinationRule', () => {
  const of = (spec: string, port: number, subset?: string) => {
    const found = policy(spec)
    const settings =
      subset === undefined ? found?.settings : found?.subsets.find(({ name }) => name === subset)?.settings
    return settings?.ports[port] ?? settings?.all
  }

  test.each<readonly [string, string, readonly [subset: string | undefined, settings: object]]>([
    [
      'the host’s count for every port',
      `host: a\ntrafficPolicy: {${requests(1)}}`,
      [undefined, { maxRequests: 1 }],
    ],
    [
      'a port’s replace the host’s whole',
      `host: a\ntrafficPolicy: {${requests(1)}, portLevelSettings: [{port: {number: 80}, ` +
        `outlierDetection: {consecutive5xxErrors: 3}}]}`,
      [undefined, { outlierDetection: { consecutive5xx: 3 } }],
    ],
    [
      'another port’s do not',
      `host: a\ntrafficPolicy: {${requests(1)}, portLevelSettings: [{port: {number: 81}, ${requests(2)}}]}`,
      [undefined, { maxRequests: 1 }],
    ],
    [
      'a subset without a policy has the host’s',
      `host: a\ntrafficPolicy: {${requests(1)}}\nsubsets: [{name: v1}]`,
      ['v1', { maxRequests: 1 }],
    ],
    [
      'a subset’s count over the host’s, block by block',
      `host: a\ntrafficPolicy: {${requests(1)}, loadBalancer: {simple: RANDOM}}\nsubsets: [{name: v1, ` +
        `trafficPolicy: {${connections(2)}}}]`,
      ['v1', { maxConnections: 2, loadBalancer: { kind: 'random' } }],
    ],
    [
      'a subset’s count over a port’s of the host, block by block',
      `host: a\ntrafficPolicy: {portLevelSettings: [{port: {number: 80}, ${requests(1)}, loadBalancer: ` +
        `{simple: RANDOM}}]}\nsubsets: [{name: v1, trafficPolicy: {${connections(2)}}}]`,
      ['v1', { maxConnections: 2, loadBalancer: { kind: 'random' } }],
    ],
    [
      'a port’s of the subset replace all, what they leave out too',
      `host: a\ntrafficPolicy: {${requests(1)}, loadBalancer: {simple: RANDOM}}\nsubsets: [{name: v1, ` +
        `trafficPolicy: {${connections(2)}, portLevelSettings: [{port: {number: 80}, outlierDetection: ` +
        `{consecutive5xxErrors: 3}}]}}]`,
      ['v1', { outlierDetection: { consecutive5xx: 3 } }],
    ],
  ])('%s', (_, spec, [subset, expected]) => {
    expect(of(spec, 80, subset)).toEqual(expected)
  })
})

describe('a setting in Envoy’s cluster', () => {
  const of = (trafficPolicy: string): Cluster | undefined =>
    cluster(service('reviews') + rule(`host: reviews\ntrafficPolicy: {${trafficPolicy}}`), outbound)
  const http = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

  test('by default', () => {
    expect(cluster(service('reviews'), outbound)).toEqual({
      '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
      name: outbound,
      type: 'EDS',
      eds_cluster_config: {
        eds_config: { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' },
        service_name: outbound,
      },
      connect_timeout: '10s',
      lb_policy: 'LEAST_REQUEST',
      circuit_breakers: {
        thresholds: [
          {
            max_connections: 4294967295,
            max_pending_requests: 4294967295,
            max_requests: 4294967295,
            max_retries: 4294967295,
          },
        ],
      },
      common_lb_config: { healthy_panic_threshold: {} },
    })
  })

  test.each([
    [
      'connectionPool: {tcp: {maxConnections: 3, connectTimeout: 2s}, http: {http1MaxPendingRequests: 4, ' +
        'http2MaxRequests: 5, maxRetries: 6}}',
      {
        connect_timeout: '2s',
        circuit_breakers: {
          thresholds: [{ max_connections: 3, max_pending_requests: 4, max_requests: 5, max_retries: 6 }],
        },
      },
    ],
    [
      'connectionPool: {tcp: {maxConnections: 0}, http: {http1MaxPendingRequests: 0, http2MaxRequests: 0, ' +
        'maxRetries: 0}}',
      {
        circuit_breakers: {
          thresholds: [
            {
              max_connections: 4294967295,
              max_pending_requests: 4294967295,
              max_requests: 4294967295,
              max_retries: 4294967295,
            },
          ],
        },
      },
    ],
    [
      'connectionPool: {http: {maxRequestsPerConnection: 7, idleTimeout: 3s}}',
      {
        typed_extension_protocol_options: {
          [http]: {
            common_http_protocol_options: { idle_timeout: '3s', max_requests_per_connection: 7 },
            explicit_http_config: { http_protocol_options: {} },
          },
        },
      },
    ],
    [
      'connectionPool: {tcp: {maxConnectionDuration: 9s, idleTimeout: 4s}}',
      {
        typed_extension_protocol_options: {
          [http]: { common_http_protocol_options: { idle_timeout: '4s', max_connection_duration: '9s' } },
        },
      },
    ],
    [
      'connectionPool: {http: {h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 8}}',
      {
        typed_extension_protocol_options: {
          [http]: { explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 8 } } },
        },
      },
    ],
    [
      'connectionPool: {http: {useClientProtocol: true}}',
      { typed_extension_protocol_options: { [http]: { use_downstream_protocol_config: {} } } },
    ],
    [
      'connectionPool: {tcp: {tcpKeepalive: {probes: 3, time: 7200s, interval: 75s}}}',
      {
        upstream_connection_options: {
          tcp_keepalive: { keepalive_probes: 3, keepalive_time: 7200, keepalive_interval: 75 },
        },
      },
    ],
    [
      'outlierDetection: {consecutive5xxErrors: 7, interval: 5s, baseEjectionTime: 15m, ' +
        'maxEjectionPercent: 50, minHealthPercent: 20}',
      {
        outlier_detection: {
          consecutive_5xx: 7,
          enforcing_consecutive_5xx: 100,
          enforcing_success_rate: 0,
          interval: '5s',
          base_ejection_time: '900s',
          max_ejection_percent: 50,
        },
        common_lb_config: { healthy_panic_threshold: { value: 20 } },
      },
    ],
    [
      'outlierDetection: {consecutive5xxErrors: 0, consecutiveGatewayErrors: 3}',
      {
        outlier_detection: {
          enforcing_consecutive_5xx: 0,
          consecutive_gateway_failure: 3,
          enforcing_consecutive_gateway_failure: 100,
        },
      },
    ],
    ['loadBalancer: {simple: RANDOM}', { lb_policy: 'RANDOM' }],
    ['loadBalancer: {simple: ROUND_ROBIN}', {}],
    ['loadBalancer: {simple: LEAST_CONN}', { lb_policy: 'LEAST_REQUEST' }],
    ['loadBalancer: {simple: PASSTHROUGH}', { type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' }],
    [
      'loadBalancer: {consistentHash: {httpHeaderName: x}}',
      { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: '1024' } },
    ],
    [
      'loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 101}}}',
      { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: '101' } },
    ],
  ])('%s', (trafficPolicy, expected) => {
    expect(of(trafficPolicy)).toMatchObject(expected)
  })

  test('round robin is Envoy’s default, so it is not printed', () => {
    expect(of('loadBalancer: {simple: ROUND_ROBIN}')).not.toHaveProperty('lb_policy')
  })

  test('ports that say so speak HTTP/2', () => {
    const ports =
      '[{name: grpc-x, port: 80}, {name: http2, port: 81}, {name: http, port: 82}, {name: x, port: 83, ' +
      'appProtocol: kubernetes.io/h2c}, {name: grpc-web, port: 84}]'
    const clusters = configure(
      `apiVersion: v1\nkind: Service\nmetadata: {name: reviews}\nspec: {ports: ${ports}}\n`,
    ).resources(sidecar(), 'cluster')
    const http2 = [...clusters]
      .filter(([, each]) => JSON.stringify(each).includes('http2_protocol_options'))
      .map(([name]) => name.split('|')[1])
    expect(http2).toEqual(['80', '81', '83', '84'])
  })
})

describe('which DestinationRule a proxy gets', () => {
  const max = (text: string, scope = sidecar()): number | undefined =>
    cluster(service('reviews') + text, outbound, scope)?.circuit_breakers?.thresholds?.[0]?.max_requests
  const full = 'host: reviews.default.svc.cluster.local'
  const own = rule(`${full}\ntrafficPolicy: {${requests(1)}}`, 'name: own, namespace: client')
  const theirs = rule(`${full}\ntrafficPolicy: {${requests(2)}}`, 'name: theirs, namespace: default')
  const root = rule(`${full}\ntrafficPolicy: {${requests(3)}}`, 'name: root, namespace: istio-system')
  const elsewhere = rule(`${full}\ntrafficPolicy: {${requests(4)}}`, 'name: elsewhere, namespace: other')
  const wild = rule(`host: "*.default.svc.cluster.local"\ntrafficPolicy: {${requests(5)}}`, 'name: wild')

  test.each([
    ['its own namespace’s first', root + theirs + own + elsewhere, 1],
    ['then the service’s', root + theirs + elsewhere, 2],
    ['then the root namespace’s', root + elsewhere, 3],
    ['never another’s', elsewhere, 4294967295],
    ['an exact host before a wildcard', wild + theirs, 2],
    ['a wildcard where there is no exact host', wild, 5],
    [
      'one that is not exported to it does not exist',
      theirs.replace('spec:', 'spec:\n  exportTo: ["."]'),
      4294967295,
    ],
  ])('%s', (_, text, expected) => {
    expect(max(text, sidecar('client'))).toBe(expected)
    expect(max(text, { ...gateway, namespace: 'client' })).toBe(expected)
  })

  const byOthers = (text: string, exportTo: string): string =>
    text.replace('spec:', `spec:\n  exportTo: [${exportTo}]`)

  test.each([
    [
      'those beside the service before those for the whole mesh',
      rule(`host: "*.local"\ntrafficPolicy: {${requests(6)}}`, 'name: mesh, namespace: istio-system') +
        theirs,
      2,
    ],
    ['those for the whole mesh where no other is', root, 3],
    ['private ones of its own before all others', byOthers(root, '"."') + theirs, 3],
  ])('a gateway in the root namespace gets %s', (_, text, expected) => {
    expect(max(text, { ...gateway, namespace: 'istio-system' })).toBe(expected)
  })

  test.each([
    ['a private one does not hide a wildcard from others', byOthers(theirs, '"."') + wild, 5],
    ['one for others than the client hides it', byOthers(theirs, 'other') + wild, 4294967295],
  ])('%s', (_, text, expected) => {
    expect(max(text, sidecar('client'))).toBe(expected)
  })

  describe('for a wildcard host', () => {
    const entry = (host: string): string =>
      `---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: wild}\nspec: {hosts: ` +
      `["${host}"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}\n`
    const of = (host: string, count: number): string =>
      rule(`host: "${host}"\ntrafficPolicy: {${requests(count)}}`, `name: r${count}`)
    const limit = (text: string): number | undefined =>
      cluster(entry('*.wild.example') + text, 'outbound|80||*.wild.example')?.circuit_breakers
        ?.thresholds?.[0]?.max_requests

    test.each([
      ['its own', of('*.wild.example', 1), 1],
      ['its own before wider ones', of('*', 3) + of('*.example', 2) + of('*.wild.example', 1), 1],
      ['else the narrowest that covers it', of('*', 3) + of('*.example', 2), 2],
      [
        'none of another wildcard host, nor of a host within it',
        of('*.other.example', 1) + of('a.wild.example', 2) + of('*.a.wild.example', 3),
        4294967295,
      ],
    ])('%s', (_, text, expected) => {
      expect(limit(text)).toBe(expected)
    })
  })

  test('of several for one host the oldest, with the new subsets of the others', () => {
    const first = rule(
      `host: reviews\ntrafficPolicy: {${requests(1)}}\nsubsets: [{name: v1, labels: {version: v1}}]`,
      'name: z, creationTimestamp: "2025-01-01T00:00:00Z"',
    )
    const second = rule(
      `host: reviews\ntrafficPolicy: {${requests(2)}}\nsubsets: [{name: v1, trafficPolicy: ` +
        `{${requests(9)}}}, {name: v2}]`,
      'name: a, creationTimestamp: "2025-01-02T00:00:00Z"',
    )
    const clusters = configure(service('reviews') + second + first).resources(sidecar(), 'cluster')
    const limits = [...clusters].map(([name, each]) => [
      name,
      (each as Cluster).circuit_breakers?.thresholds?.[0]?.max_requests,
    ])
    expect(limits).toEqual([
      [subsetV1, 1],
      [subsetV1.replace('v1', 'v2'), 2],
      [outbound, 1],
    ])
  })
})

describe('a mistake in a DestinationRule', () => {
  test('in a subset costs that subset', () => {
    const result = translateFirst(
      rule(
        'host: reviews\nsubsets:\n- {name: v1, labels: {version: 1}}\n- {name: v2, labels: {version: v2}}',
      ).slice(4),
    )
    expect(result.found).toEqual([
      '7:34 field/wrong-type spec.subsets[0].labels.version is the number 1, must be a string',
    ])
    expect(result.policies[0]?.subsets.map(({ name }) => name)).toEqual(['v2'])
    expect(result.rejected).toBe(true)
  })

  test('in a block of the traffic policy costs that block, and the subsets stay', () => {
    const result = translateFirst(
      rule(
        'host: reviews\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: -1}}, retryBudget: ' +
          '{percent: 5}}\nsubsets: [{name: v1}]',
      ).slice(4),
    )
    expect(result.found).toEqual([
      '6:58 field/invalid-value spec.trafficPolicy.connectionPool.tcp.maxConnections is -1, must be at ' +
        'least 0',
    ])
    expect(result.policies[0]).toMatchObject({
      settings: { all: { retryBudget: { percent: 5, minimum: 3 } } },
      subsets: [{ name: 'v1' }],
    })
    expect(result.policies[0]?.settings.all).not.toHaveProperty('maxConnections')
  })

  test.each([
    [
      'distribute: [{from: a, to: {b: 99}}, {from: c, to: {d: 100}}]',
      'distribute[0].to has shares that do not add up to 100',
      { distribute: [{ from: 'c', shares: { d: 100 } }] },
    ],
    [
      'failover: [{from: a, to: a}, {from: c, to: d}]',
      'failover[0].to is the region that fails itself',
      { failover: [{ from: 'c', to: 'd' }] },
    ],
    [
      'failoverPriority: [a], distribute: [{from: a, to: {b: 100}}]',
      'distribute excludes failover and failoverPriority',
      undefined,
    ],
    ['enabled: 1', 'enabled is the number 1, must be true or false', undefined],
  ])('in the locality settings costs the smallest part of them: %s', (setting, says, locality) => {
    const balanced = `loadBalancer: {simple: RANDOM, localityLbSetting: {${setting}}}`
    const result = translateFirst(
      rule(
        `host: reviews\ntrafficPolicy: {${balanced}, portLevelSettings: [{port: {number: 80}, ` +
          `${balanced}}]}\nsubsets: [{name: v1, trafficPolicy: {${balanced}}}]`,
      ).slice(4),
    )
    expect(
      result.diagnostics.map(({ message }) => message.slice(message.indexOf('localityLbSetting.'))),
    ).toEqual(Array.from({ length: 3 }, () => `localityLbSetting.${says}`))
    const [found] = result.policies
    for (const settings of [
      found?.settings.all,
      found?.settings.ports[80],
      found?.subsets[0]?.settings.all,
    ]) {
      expect(settings?.loadBalancer).toEqual({ kind: 'random' })
      if (locality === undefined) expect(settings).not.toHaveProperty('locality')
      else expect(settings?.locality).toMatchObject(locality)
    }
  })

  test('in exportTo costs that', () => {
    const result = translateFirst(rule('host: reviews\nexportTo: [Not.One]').slice(4))
    expect(result.found).toEqual([
      '6:14 field/invalid-value spec.exportTo[0] is "Not.One", must be the name of a namespace, or one of ' +
        '".", "*" and "~"',
    ])
    expect(result.policies[0]?.visibility).toBe('everywhere')
  })

  test('a misspelt block is said with what was meant', () => {
    const result = translateFirst(rule('host: reviews\ntrafficPolicy: {outlierDetecton: {}}').slice(4))
    expect(result.found).toEqual([
      '6:19 field/unknown spec.trafficPolicy.outlierDetecton is not a known field',
    ])
    expect(result.diagnostics[0]?.hint).toBe('did you mean `outlierDetection`?')
  })

  test('an unknown load balancer', () => {
    expect(
      translateFirst(rule('host: reviews\ntrafficPolicy: {loadBalancer: {simple: LEAST_REQEST}}').slice(4))
        .found,
    ).toEqual([
      '6:42 field/invalid-value spec.trafficPolicy.loadBalancer.simple is "LEAST_REQEST", must be one of ' +
        'UNSPECIFIED, LEAST_CONN, RANDOM, PASSTHROUGH, ROUND_ROBIN, LEAST_REQUEST',
    ])
  })

  test.each([
    [
      'trafficPolicy: {loadBalancer: {zoneAwareLbSetting: {enabled: true}}}',
      '6:34',
      'trafficPolicy.loadBalancer.zoneAwareLbSetting',
    ],
    ['workloadSelector: {matchLabels: {a: b}}', '6:3', 'workloadSelector'],
    ['trafficPolicy: {tunnel: {protocol: CONNECT}}', '6:19', 'trafficPolicy.tunnel'],
    ['trafficPolicy: {proxyProtocol: {version: V2}}', '6:19', 'trafficPolicy.proxyProtocol'],
  ])('not supported yet is said: %s', (field, place, name) => {
    const result = translateFirst(rule(`host: reviews\n${field}`).slice(4))
    expect(result.found).toEqual([
      `${place} field/unsupported ${name} is not supported yet, it has no effect`,
    ])
    expect(result.rejected).toBe(false)
    expect(result.policies).toHaveLength(1)
  })
})

describe('a subset', () => {
  test('has the endpoints whose Pods have its labels', () => {
    const pods = ['v1', 'v2']
      .map(
        (version) =>
          `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${version}, labels: {version: ${version}}}\n`,
      )
      .join('')
    const slice =
      `---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: reviews-1, ` +
      `labels: {kubernetes.io/service-name: reviews}}
addressType: IPv4\nports: [{name: http-80, port: 8080}]\nendpoints:
- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: v1}}\n- {addresses: [10.0.0.2], targetRef: {kind: ` +
      `Pod, name: v2}}\n- {addresses: [10.0.0.3], conditions: {ready: false}}\n`
    const text =
      service('reviews') +
      pods +
      slice +
      rule('host: reviews\nsubsets: [{name: v1, labels: {version: v1}}, {name: v3, labels: {version: v3}}]')
    const endpoints = configure(text).resources(sidecar(), 'endpoint')
    const addresses = (name: string): readonly string[] =>
      [...JSON.stringify(endpoints.get(name)).matchAll(/"address":"([\d.]+)","port_value":(\d+)/g)].map(
        ([, address, port]) => `${address}:${port}`,
      )
    expect(addresses(outbound)).toEqual(['10.0.0.1:8080', '10.0.0.2:8080'])
    expect(addresses(subsetV1)).toEqual(['10.0.0.1:8080'])
    expect(endpoints.has(subsetV1.replace('v1', 'v3'))).toBe(true)
    expect(addresses(subsetV1.replace('v1', 'v3'))).toEqual([])
  })

  test('of a consistent hash gives its route a hash policy, a mirror does not', () => {
    const text =
      virtualService('route: [{destination: {host: reviews}}]\nmirror: {host: other}') +
      service('reviews') +
      service('other') +
      rule(
        'host: reviews\ntrafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: c, ttl: 60s}}}}',
      ) +
      rule('host: other\ntrafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x}}}', 'name: other')
    const [route] = configure(text)
      .routes(sidecar())
      .filter((each) => each.metadata !== undefined)
    expect(route?.route?.hash_policy).toEqual([{ cookie: { name: 'c', ttl: '60s' } }])
    expect(route?.route?.retry_policy).not.toHaveProperty('retry_host_predicate')
  })
})
