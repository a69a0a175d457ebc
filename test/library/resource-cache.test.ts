import { describe, expect, test } from 'vitest'
import { any, createAdsServer, createResourceCache } from '../../src/library/index.ts'
import { encode } from '../../src/xds/proto.ts'

const cluster = (name: string, seconds = 1) => any('envoy.config.cluster.v3.Cluster', { name, type: 'EDS', connect_timeout: `${seconds}s`, eds_cluster_config: { service_name: `${name}-endpoints` } })
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
      any('envoy.config.route.v3.RouteConfiguration', { name: 'r', virtual_hosts: [{ name: 'v', domains: ['*'], routes: [{ match: { prefix: '/' }, route: {
        weighted_clusters: { clusters: [{ name: 'a', weight: 1 }, { name: 'b', weight: 1 }] }, request_mirror_policies: [{ cluster: 'c' }],
      } }] }] }),
      any('envoy.config.route.v3.VirtualHost', { name: 'r/w', domains: ['w'], routes: [{ match: { prefix: '/' }, route: { cluster: 'd' } }] }),
    ])
    expect(cache.get('edge', 'cluster').get('a')?.references).toEqual(['a-endpoints'])
    expect(cache.get('edge', 'route').get('r')?.references.toSorted()).toEqual(['a', 'b', 'c'])
    expect(cache.get('edge', 'virtual-host').get('r/w')).toMatchObject({ owner: 'r', references: ['d'] })
  })

  test.each([
    ['a type that is not served', { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' }, 'is no type that is served'],
    ['a field that is not there', { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: 'a', tyype: 'EDS' }, 'unknown field: "tyype"'],
    ['bytes that are no message', { type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster', value: Buffer.from([255, 255]) }, 'cannot be read'],
    ['no name', { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster' }, 'has no name'],
  ] as const)('%s is an error, and nothing changes', (_, input, says) => {
    const cache = createResourceCache()
    cache.set('edge', [cluster('a')])
    expect(() => { cache.set('edge', [cluster('b'), input]) }).toThrow(says)
    expect(Object.keys(versions(cache))).toEqual(['a'])
  })

  test('another cache is refused at once', () => {
    expect(() => createAdsServer({ cache: { set() {}, delete() {}, get: () => new Map() } })).toThrow('not one of createResourceCache')
  })
})
