import { describe, expect, test } from 'vitest'
import { any, createAdsServer, createResourceCache } from '../../src/library/index.ts'
import type { AnyJson, EncodedAny, ResourceInput } from '../../src/library/index.ts'
import { decodeOpaquely, encode, encodeInput } from '../../src/xds/proto.ts'
import { field } from '../../src/xds/wire.ts'

const cluster = (name: string, seconds = 1) =>
  any('envoy.config.cluster.v3.Cluster', {
    name,
    type: 'EDS',
    connect_timeout: `${seconds}s`,
    eds_cluster_config: { service_name: `${name}-endpoints` },
  })
const versions = (cache: ReturnType<typeof createResourceCache>): Readonly<Record<string, string>> =>
  Object.fromEntries([...cache.get('edge', 'cluster')].map(([name, { version }]) => [name, version]))

describe('a resource cache', () => {
  test('versions are of the content, so that the same content is no change, in whatever form it comes', () => {
    const cache = createResourceCache()
    cache.set('edge', [cluster('a'), cluster('b')])
    const before = cache.get('edge', 'cluster')
    const { '@type': type_url, ...json } = cluster('a')
    cache.set('edge', [cluster('b'), { type_url, value: encode('envoy.config.cluster.v3.Cluster', json) }])
    expect(cache.get('edge', 'cluster')).toBe(before)
    cache.set('edge', [cluster('a', 2), cluster('b')])
    expect(cache.get('edge', 'cluster').get('b')).toBe(before.get('b'))
    expect(cache.get('edge', 'cluster').get('a')).not.toBe(before.get('a'))
  })

  test('takes versions of its user', () => {
    const cache = createResourceCache()
    cache.set('edge', [{ resource: cluster('a'), version: 'v7' }])
    expect(versions(cache)).toEqual({ a: 'v7' })
  })

  test('knows what refers to what, for make before break', () => {
    const cache = createResourceCache()
    cache.set('edge', [
      cluster('a'),
      any('envoy.config.route.v3.RouteConfiguration', {
        name: 'r',
        virtual_hosts: [
          {
            name: 'v',
            domains: ['*'],
            routes: [
              {
                match: { prefix: '/' },
                route: {
                  weighted_clusters: {
                    clusters: [
                      { name: 'a', weight: 1 },
                      { name: 'b', weight: 1 },
                    ],
                  },
                  request_mirror_policies: [{ cluster: 'c' }],
                },
              },
            ],
          },
        ],
      }),
      any('envoy.config.route.v3.VirtualHost', {
        name: 'r/w',
        domains: ['w'],
        routes: [{ match: { prefix: '/' }, route: { cluster: 'd' } }],
      }),
    ])
    expect(cache.get('edge', 'cluster').get('a')?.references).toEqual(['a-endpoints'])
    expect(cache.get('edge', 'route').get('r')?.references.toSorted()).toEqual(['a', 'b', 'c'])
    expect(cache.get('edge', 'virtual-host').get('r/w')).toMatchObject({ owner: 'r', references: ['d'] })
  })

  test('knows what a listener names itself, also in extensions that are not bundled', () => {
    const cache = createResourceCache()
    const sds = { name: 'certificate', sds_config: { ads: {} } } as const
    // common_config 1, grpc_service 2, envoy_grpc 1, cluster_name 1
    const accessLog = {
      type_url: 'type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig',
      value: field(1, field(2, field(1, field(1, 'logs')))),
    }
    const listener = any('envoy.config.listener.v3.Listener', {
      name: 'l',
      filter_chains: [
        {
          transport_socket: {
            name: 'tls',
            typed_config: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
              common_tls_context: { tls_certificate_sds_secret_configs: [sds] },
            }),
          },
          filters: [
            {
              name: 'tcp',
              typed_config: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
                stat_prefix: 's',
                weighted_clusters: { clusters: [{ name: 'heavy', weight: 1 }] },
              }),
            },
            {
              name: 'http',
              typed_config: any(
                'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                {
                  stat_prefix: 's',
                  rds: { route_config_name: 'routes', config_source: { ads: {} } },
                  access_log: [{ name: 'grpc', typed_config: accessLog }],
                },
              ),
            },
          ],
        },
      ],
    })
    cache.set('edge', [listener])
    expect(cache.get('edge', 'listener').get('l')?.references.toSorted()).toEqual(
      expect.arrayContaining(['certificate', 'heavy', 'logs', 'routes']),
    )
    const { '@type': type_url, ...json } = listener
    const before = cache.get('edge', 'listener').get('l')
    cache.set('edge', [{ type_url, value: encodeInput('envoy.config.listener.v3.Listener', json) }])
    expect(cache.get('edge', 'listener').get('l')).toBe(before)
    cache.set('other', [{ type_url, value: before?.bytes ?? Buffer.alloc(0) }])
    expect(cache.get('other', 'listener').get('l')?.references.toSorted()).toEqual(
      before?.references.toSorted(),
    )
  })

  test.each([
    [
      'a type that is not served',
      { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' },
      'is not a type that is served',
    ],
    [
      'a field that does not exist',
      { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: 'a', tyype: 'EDS' },
      'unknown field: "tyype"',
    ],
    [
      'bytes that are no message',
      { type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster', value: Buffer.from([255, 255]) },
      'cannot be read',
    ],
    [
      'an Any that says nothing',
      {
        '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
        name: 'a',
        transport_socket: { name: 'tls', typed_config: {} },
      },
      'an Any has neither "@type" nor "type_url" and "value" in bytes',
    ],
    [
      'an Any without its type',
      {
        '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
        name: 'a',
        transport_socket: { name: 'tls', typed_config: { sni: 'a' } },
      },
      'an Any has neither',
    ],
    [
      'an Any whose bytes are text',
      {
        '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
        name: 'a',
        transport_socket: { name: 'tls', typed_config: { type_url: 'x/y', value: 'AA==' } },
      },
      'an Any has neither',
    ],
    [
      'an Any of a type that is not bundled, in JSON',
      {
        '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
        name: 'a',
        transport_socket: { name: 'tls', typed_config: { '@type': 'type.googleapis.com/test.Unknown' } },
      },
      'no such type is known here: type.googleapis.com/test.Unknown: encode it, and write { type_url, ' +
        'value }',
    ],
    [
      'an encoded Any that is not of its type',
      {
        '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
        name: 'a',
        transport_socket: {
          name: 'tls',
          typed_config: {
            type_url: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
            value: Buffer.from([255, 255]),
          },
        },
      },
      'cannot be read',
    ],
    [
      'two of one name',
      { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: 'b' },
      'two resources of type cluster have the name "b": a group has one of each name',
    ],
    ['no name', { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster' }, 'has no name'],
  ] as const)('%s is an error, and nothing changes', (_, input, says) => {
    const cache = createResourceCache()
    cache.set('edge', [cluster('a')])
    expect(() => {
      cache.set('edge', [cluster('b'), input])
    }).toThrow(says)
    expect(Object.keys(versions(cache))).toEqual(['a'])
  })

  const tls = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'
  const secured = (typedConfig: AnyJson | EncodedAny): AnyJson =>
    any('envoy.config.cluster.v3.Cluster', {
      name: 'a',
      transport_socket: { name: 'tls', typed_config: typedConfig },
    })
  const bytesOf = (input: ResourceInput): Buffer | undefined => {
    const cache = createResourceCache()
    cache.set('edge', [input])
    return cache.get('edge', 'cluster').get('a')?.bytes
  }

  test('an Any within may be encoded: it is the same as in JSON', () => {
    const value = encode('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      sni: 'example.com',
    })
    expect(bytesOf(secured({ type_url: tls, value }))).toEqual(
      bytesOf(
        secured(any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', { sni: 'example.com' })),
      ),
    )
  })

  test('an Any of a type that is not bundled is kept byte for byte, however deep, and beside others', () => {
    const unknown = { type_url: 'type.googleapis.com/test.Unknown', value: Buffer.from([0xf8, 0x07, 0x01]) }
    const options = {
      ...secured(
        any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
          common_tls_context: {
            custom_handshaker: { name: 'h', typed_config: unknown },
            tls_certificate_provider_instance: { instance_name: 'i' },
          },
        }),
      ),
      typed_extension_protocol_options: {
        one: unknown,
        two: any('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {}),
        three: { ...unknown, value: Buffer.alloc(0) },
      },
    }
    const found = decodeOpaquely('envoy.config.cluster.v3.Cluster', bytesOf(options) ?? Buffer.alloc(0))
    expect(found).toMatchObject({
      transport_socket: {
        typed_config: {
          '@type': tls,
          common_tls_context: {
            custom_handshaker: { typed_config: { type_url: unknown.type_url, value: unknown.value } },
          },
        },
      },
      typed_extension_protocol_options: {
        one: { type_url: unknown.type_url, value: unknown.value },
        two: { '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions' },
        three: { type_url: unknown.type_url },
      },
    })
    const whole = bytesOf({
      type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
      value: bytesOf(options) ?? Buffer.alloc(0),
    })
    expect(whole).toEqual(bytesOf(options))
  })

  test.each([-1, Number.NaN, 2 ** 31])('a drain time of %d is refused', (drainTime) => {
    expect(() => createResourceCache({ drainTime })).toThrow('write milliseconds, from 0 to 2147483647')
  })

  test('another cache is refused at once', () => {
    expect(() => createAdsServer({ cache: { set() {}, delete() {}, get: () => new Map() } })).toThrow(
      'not one of createResourceCache',
    )
  })
})
