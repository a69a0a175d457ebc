import { describe, expect, test } from 'vitest'
import { configure, gateway } from '../../support/configuration.ts'
import type { Cluster } from '../../support/configuration.ts'
import { parseServiceName } from '../../../src/dialects/emissary/service-name.ts'
import { listener, mapping, service } from './text.ts'

const listening = listener('http', 8080)

/** The cluster that a Mapping's requests go to, and what was found. */
function upstream(fields: string, { namespace = 'default', more = '' } = {}) {
  const text =
    listening + mapping('m', `prefix: /\n${fields}`, { metadata: `, namespace: ${namespace}` }) + more
  const { found, routes, resources } = configure(text)
  const name = routes(gateway)[0]?.route?.cluster ?? ''
  const cluster = resources(gateway, 'cluster').get(name) as Cluster | undefined
  return {
    found,
    name,
    cluster,
    clusters: resources(gateway, 'cluster'),
    endpoints: resources(gateway, 'endpoint').get(name),
  }
}

describe('a service name is', () => {
  test.each([
    ['shop', { scheme: undefined, host: 'shop', port: undefined }],
    ['Shop:8080', { scheme: undefined, host: 'shop', port: 8080 }],
    ['http://shop.web', { scheme: 'http', host: 'shop.web', port: undefined }],
    ['HTTPS://shop.example.com:8443/', { scheme: 'https', host: 'shop.example.com', port: 8443 }],
    ['10.0.0.1:80', { scheme: undefined, host: '10.0.0.1', port: 80 }],
    ['http://[::1]:8080', { scheme: 'http', host: '::1', port: 8080 }],
    ['shop.', { scheme: undefined, host: 'shop', port: undefined }],
  ])('%s', (text, wanted) => {
    expect(parseServiceName(text)).toEqual(wanted)
  })

  test.each([
    '',
    'ftp://shop',
    'shop:0',
    'shop:70000',
    'shop:http',
    'http://',
    'a b',
    'shop/path',
    '[shop]',
    '-shop',
  ])('not %j', (text) => {
    expect(parseServiceName(text)).toBeUndefined()
  })
})

describe("the cluster of a Mapping has Emissary's name, and the endpoints of the Service", () => {
  test.each([
    ['service: shop', 'default', 'cluster_shop_default'],
    ['service: shop.web', 'default', 'cluster_shop_web_default'],
    ['service: http://shop', 'default', 'cluster_http___shop_default'],
    ['service: shop:80', 'default', 'cluster_shop_80_default'],
    ['service: shop', 'web', 'cluster_shop_web_web'],
    ['service: shop\ncluster_tag: blue', 'default', 'cluster_blue_shop_default'],
    [
      'service: shop\ncircuit_breakers: [{max_connections: 5, max_retries: 1}]',
      'default',
      'cluster_shop_default_cbnc5t1',
    ],
    [
      'service: shop\nload_balancer: {policy: ring_hash, header: x-user}',
      'default',
      'cluster_shop_default_er_ring_hash_hdr_x_user',
    ],
    ['service: shop.web.svc.cluster.local', 'default', 'cluster_shop_web_svc_cluster_local_default'],
  ])('%s of %s', (fields, namespace, name) => {
    const more = `${service('shop')}${service('shop', 80, 'web')}`
    const found = upstream(fields, { namespace, more })
    expect(found.found).toEqual([])
    expect([found.name, found.cluster?.type]).toEqual([name, 'EDS'])
  })

  test('a long one is cut, with a hash', () => {
    const name = 'a-very-long-service-name-that-goes-on-and-on-and-on-until-it-ends'
    expect(upstream(`service: ${name.slice(0, 60)}`, { more: service(name.slice(0, 60)) }).name).toMatch(
      /^cluster_a_very_long_service_name_that_go-[0-9A-F]{16}-0$/,
    )
  })

  test('https:// is TLS to port 443, without verification, as in Emissary', () => {
    const { name, cluster } = upstream('service: https://shop', { more: service('shop', 443) })
    expect(name).toBe('cluster_https___shop_otls_default')
    expect(cluster?.transport_socket?.name).toBe('envoy.transport_sockets.tls')
  })

  test('settings make it one of its own, and two Mappings may differ', () => {
    const other = mapping(
      'other',
      'prefix: /other/\nservice: shop\nconnect_timeout_ms: 500\nkeepalive: {idle_time: 10}',
    )
    const { clusters, found } = upstream('service: shop', { more: service('shop') + other })
    expect(found).toEqual([])
    const own = [...clusters]
      .filter(([name]) => name.startsWith('cluster_shop_default'))
      .map(([, each]) => (each as Cluster).connect_timeout)
    expect(own).toEqual(['3s', '0.500s'])
  })

  test('Mappings of one Service share it', () => {
    const { clusters } = upstream('service: shop', {
      more: service('shop') + mapping('other', 'prefix: /other/\nservice: shop'),
    })
    expect([...clusters.keys()].filter((name) => name.startsWith('cluster_'))).toEqual([
      'cluster_shop_default',
    ])
  })
})

describe('a name with dots', () => {
  test('is a Service where the namespace is known', () => {
    expect(upstream('service: shop.web', { more: service('cart', 80, 'web') }).found).toEqual([
      '13:12 route/unknown-host host shop.web.svc.cluster.local is not defined: requests for it are ' +
        'answered with 503',
    ])
  })

  test.each(['example.com', 'api.example.com', '10.1.2.3', 'localhost'])(
    'else, as %s, a name for DNS',
    (host) => {
      const { found, cluster } = upstream(`service: ${host}:8080`)
      expect(found).toEqual([])
      expect(cluster?.type).toBe('STRICT_DNS')
      expect(
        cluster?.load_assignment?.endpoints?.[0]?.lb_endpoints?.[0]?.endpoint?.address?.socket_address,
      ).toEqual({ address: host, port_value: 8080 })
    },
  )

  test('Mappings to one name do not add up its endpoints', () => {
    const { cluster } = upstream('service: example.com', {
      more: mapping('other', 'prefix: /o/\nservice: example.com'),
    })
    expect(cluster?.load_assignment?.endpoints?.flatMap(({ lb_endpoints: each }) => each)).toHaveLength(1)
  })
})

test('a Service that appears later is found', () => {
  expect(upstream('service: shop').found).toEqual([
    '13:12 route/unknown-host host shop.default.svc.cluster.local is not defined: requests for it are ' +
      'answered with 503',
  ])
  expect(upstream('service: shop', { more: service('shop') }).found).toEqual([])
})
