import { describe, expect, test } from 'vitest'
import { noHeaderChanges } from '../../src/model/route.ts'
import type { ResolvedRoute, ResolvedVirtualHost } from '../../src/resolve/resolved.ts'
import { listeners } from '../../src/translate/listener.ts'
import { pathOptions } from '../../src/translate/path-options.ts'
import {
  encodedVirtualHost,
  routeConfigurationResource,
  virtualHostResource,
} from '../../src/translate/resource.ts'
import { encodeRouteConfiguration, encodeVirtualHost } from '../../src/translate/route.ts'
import { secret } from '../../src/translate/secret.ts'
import { decode } from '../../src/xds/proto.ts'
import { bareScope, scopeKey } from '../../src/xds/scope.ts'
import { originAt, prefix, resolvedForward } from '../support/model-values.ts'

const listener = {
  kind: 'socket',
  side: 'gateway',
  name: '0.0.0.0_80',
  address: '0.0.0.0',
  port: 8080,
} as const
const origin = originAt('shop/cert')
const uses = [{ by: 'primary', cluster: 'web' }] as const
const paths = pathOptions('base')

function routeTo(cluster: string, more: Partial<ResolvedRoute> = {}): ResolvedRoute {
  return {
    name: 'rule',
    match: prefix('/'),
    headers: noHeaderChanges,
    statPrefix: undefined,
    operation: undefined,
    metadata: undefined,
    origin: undefined,
    action: resolvedForward(cluster),
    ...more,
  }
}

function virtualHost(more: Partial<ResolvedVirtualHost> = {}): ResolvedVirtualHost {
  return {
    scope: scopeKey(bareScope('gateway', 'shop')),
    routeConfiguration: '80',
    name: 'shop.example:80',
    domains: ['shop.example', 'shop.example:80'],
    routes: [routeTo('web')],
    uses: [],
    diagnostics: [],
    missing: [],
    origins: [],
    ...more,
  }
}

describe('a virtual host', () => {
  test('is decoded from its parts as one message', () => {
    const bytes = Buffer.concat(encodeVirtualHost(virtualHost({ requireTls: true })))
    expect(decode('envoy.config.route.v3.VirtualHost', bytes)).toMatchObject({
      name: 'shop.example:80',
      domains: ['shop.example', 'shop.example:80'],
      require_tls: 'ALL',
      routes: [{ name: 'rule', match: { prefix: '/' }, route: { cluster: 'web' } }],
    })
  })

  test('has the same version for the same content, and another for other routes', () => {
    const versionOf = (host: ResolvedVirtualHost): string =>
      virtualHostResource(encodedVirtualHost(host)).version
    expect(versionOf(virtualHost())).toBe(versionOf(virtualHost()))
    expect(versionOf(virtualHost())).not.toBe(versionOf(virtualHost({ routes: [routeTo('other')] })))
  })

  test('is named after its route configuration when it is separate', () => {
    expect(virtualHostResource(encodedVirtualHost(virtualHost())).name).toBe('80/shop.example:80')
  })
})

describe('a route configuration', () => {
  test('concatenates encoded virtual hosts', () => {
    const hosts = ['a', 'b'].map((name) => encodeVirtualHost(virtualHost({ name, domains: [name] })))
    expect(
      decode('envoy.config.route.v3.RouteConfiguration', encodeRouteConfiguration('80', hosts)),
    ).toMatchObject({ name: '80', virtual_hosts: [{ name: 'a' }, { name: 'b' }] })
  })

  test('has vhds, and no virtual hosts, when these are separate', () => {
    const made = decode(
      'envoy.config.route.v3.RouteConfiguration',
      encodeRouteConfiguration('80', 'separate'),
    )
    expect(made).toMatchObject({ vhds: { config_source: { ads: {} } } })
    expect(made).not.toHaveProperty('virtual_hosts')
  })

  test('refers to the clusters of its routes, each once', () => {
    const scope = scopeKey(bareScope('gateway', 'shop'))
    const plan = {
      scope,
      name: '80',
      port: 80,
      virtualHosts: [],
      origins: [],
      diagnostics: [],
      listener,
    } as const
    const hosts = ['a', 'b'].map((name) => encodedVirtualHost(virtualHost({ name, uses })))
    expect(routeConfigurationResource(plan, hosts)).toMatchObject({
      type: 'route',
      name: '80',
      references: ['web'],
    })
  })
})

describe('a listener', () => {
  test('on a socket takes its routes over ADS', () => {
    expect(listeners(listener, '80', paths)).toMatchObject([
      {
        name: '0.0.0.0_80',
        address: { socket_address: { address: '0.0.0.0', port_value: 8080 } },
        traffic_direction: 'OUTBOUND',
      },
    ])
  })

  test('that another stage makes is none', () => {
    expect(listeners({ kind: 'shared', name: 'x' }, '80', paths)).toEqual([])
  })

  test('of gRPC clients is one for each name, without an address', () => {
    const made = listeners({ kind: 'api', names: ['a:80', 'b:80'] }, '80', paths)
    expect(made.map(({ name }) => name)).toEqual(['a:80', 'b:80'])
    expect(made.every((each) => !('address' in each))).toBe(true)
  })
})

describe('a secret', () => {
  test.each([
    [
      'a certificate has its bytes inline',
      { kind: 'certificate', chain: 'C', privateKey: 'K', origin },
      {
        tls_certificate: {
          certificate_chain: { inline_bytes: 'Qw==' },
          private_key: { inline_bytes: 'Sw==' },
        },
      },
    ],
    [
      'authorities are a validation context',
      { kind: 'trust', authorities: 'A', origin },
      { validation_context: { trusted_ca: { inline_bytes: 'QQ==' } } },
    ],
    [
      'files are named',
      { kind: 'certificate-files', certificate: '/c', privateKey: '/k' },
      { tls_certificate: { certificate_chain: { filename: '/c' }, private_key: { filename: '/k' } } },
    ],
    [
      'a file of authorities is named',
      { kind: 'trust-file', path: '/a' },
      { validation_context: { trusted_ca: { filename: '/a' } } },
    ],
  ] as const)('%s', (_, value, expected) => {
    expect(secret('s', value)).toEqual({ name: 's', ...expected })
  })
})
