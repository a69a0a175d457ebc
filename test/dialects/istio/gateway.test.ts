import { describe, expect, test } from 'vitest'
import { configure, gateway, translateFirst } from '../../support/configuration.ts'
import type { RouteConfiguration } from '../../support/configuration.ts'
import { scopeKey } from '../../../src/xds/scope.ts'
import type { Scope } from '../../../src/xds/scope.ts'
import { service, virtualService } from './text.ts'

function server(spec: string, metadata = 'name: edge'): string {
  return (
    `---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {${metadata}}\nspec:\n  ` +
    `${spec.trim().replaceAll('\n', '\n  ')}\n`
  )
}

const http = (hosts: string, port = 80, more = ''): string =>
  `{port: {number: ${port}, name: http-${port}, protocol: HTTP}, hosts: ${hosts}${more}}`

function attached(
  hosts: string,
  fields: string,
  { gateways = '[edge]', metadata = 'name: reviews' } = {},
): string {
  return `---\n${virtualService(fields)
    .replace('hosts: [reviews]', `hosts: ${hosts}\n  gateways: ${gateways}`)
    .replace('name: reviews', metadata)}`
}

const labelled: Scope = { ...gateway, anyGateway: false, labels: { istio: 'ingressgateway' } }
const forward = 'route: [{destination: {host: reviews}}]'

function hostsOf(
  text: string,
  scope: Scope = gateway,
): readonly (readonly [string | undefined, readonly string[] | undefined])[] {
  const configurations = [
    ...configure(text).resources(scope, 'route').values(),
  ] as readonly RouteConfiguration[]
  return configurations.flatMap((each) =>
    (each.virtual_hosts ?? []).map((host) => [host.name, host.domains] as const),
  )
}

describe('the servers of a Gateway', () => {
  test.each([
    ['HTTP', []],
    ['HTTP2', []],
    ['GRPC', []],
    ['http', []],
    ['HTTPS', ['5:13 field/required tls is required: protocol is HTTPS']],
    ['TCP', ['5:52 gateway/unsupported-protocol protocol TCP is not supported yet: port 80 is not served']],
    [
      'HTPP',
      [
        '5:52 field/invalid-value protocol is HTPP, must be one of HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, ' +
          'TLS, TCP, MONGO, MYSQL, REDIS, UDP',
      ],
    ],
  ])('protocol %s', (protocol, found) => {
    const result = translateFirst(
      server(`servers: [{port: {number: 80, name: x, protocol: ${protocol}}, hosts: ["*"]}]`).slice(4),
    )
    expect(result.found).toEqual(found)
    expect(result.rejected).toBe(protocol === 'HTPP' || protocol === 'HTTPS')
    expect(result.listeners).toHaveLength(found.length === 0 ? 1 : 0)
  })

  test.each([
    ['hosts: []', '5:59 field/invalid-value spec.servers[0].hosts is empty, must name a host'],
    ['host: [a]', '5:59 field/unknown spec.servers[0].host is not a known field'],
    ['hosts: a', '5:66 field/wrong-type spec.servers[0].hosts is the string "a", must be a list'],
  ])('a mistake costs that server: %s', (field, found) => {
    const result = translateFirst(
      server(
        `servers: [{port: {number: 80, name: x, protocol: HTTP}, ${field}}, ${http('["*"]', 81)}]`,
      ).slice(4),
    )
    expect(result.found).toContain(found)
    expect(result.listeners.map(({ port }) => port)).toEqual([81])
    expect(result.rejected).toBe(true)
  })

  test('redirect to HTTPS the hosts that say so, also those without routes', () => {
    const redirected = http('[a.example, b.example]', 80, ', tls: {httpsRedirect: true}')
    const text =
      server(`servers: [${redirected}, ${http('[c.example]')}]`) +
      attached('[a.example, c.example]', forward) +
      service('reviews')
    const [configuration] = [
      ...configure(text).resources(gateway, 'route').values(),
    ] as readonly RouteConfiguration[]
    expect(
      configuration?.virtual_hosts?.map((host) => [host.domains, host.require_tls, host.routes?.length ?? 0]),
    ).toEqual([
      [['a.example'], 'ALL', 1],
      [['b.example'], 'ALL', 0],
      [['c.example'], undefined, 1],
    ])
  })

  test('are for the proxies that the selector names, and for a plain Envoy', () => {
    const text = server(`selector: {istio: ingressgateway}\nservers: [${http('["*"]')}]`)
    const listeners = (scope: Scope) => [...configure(text).resources(scope, 'listener').keys()]
    expect(listeners(labelled)).toEqual(['0.0.0.0_80'])
    expect(listeners({ ...labelled, labels: { istio: 'egressgateway' } })).toEqual([])
    expect(listeners(gateway)).toEqual(['0.0.0.0_80'])
  })

  test('listen on the target port of the gateway’s own Service', () => {
    const own =
      '---\napiVersion: v1\nkind: Service\nmetadata: {name: own}\nspec: {selector: {istio: ' +
      'ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}]}\n'
    const configuration = configure(
      server(`selector: {istio: ingressgateway}\nservers: [${http('["*"]')}]`) + own,
    )
    expect([...configuration.resources(labelled, 'listener').keys()]).toEqual(['0.0.0.0_8080'])
    expect([...configuration.resources(labelled, 'route').keys()]).toEqual(['http.8080'])
  })

  const slice = (own: string, port: number, ...addresses: readonly string[]) => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${own}, labels: {kubernetes.io/service-name: ${own}}}
addressType: IPv4
ports: [{name: http, port: ${port}}]
endpoints: [${addresses.map((address) => `{addresses: [${address}]}`).join(', ')}]
`
  const ownService = (spec: string, namespace = 'default') =>
    `---\napiVersion: v1\nkind: Service\nmetadata: {name: own, namespace: ${namespace}}\nspec: {${spec}}\n`
  const listening = (text: string, scope: Scope) => {
    const configuration = configure(
      server(`selector: {istio: ingressgateway}\nservers: [${http('["*"]')}]`) + text,
    )
    return [...configuration.resources(configuration.pipeline.shared(scope), 'route').keys()]
  }

  test('listen on a target port that is a name, as the endpoints have it', () => {
    const text =
      ownService('selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: web}]') +
      slice('own', 8080, '10.0.0.1')
    expect(listening(text, labelled)).toEqual(['http.8080'])
  })

  test.each([
    ['a Service without a selector', 'ports: [{name: http, port: 80}]', '10.0.0.1', ['http.8080']],
    [
      'a Service that selects gateways, of a proxy that says no labels',
      'selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}]',
      '10.0.0.1',
      ['http.8080'],
    ],
    [
      'a Service of other workloads',
      'selector: {app: shop}, ports: [{name: http, port: 80, targetPort: 8080}]',
      '10.0.0.1',
      ['http.80'],
    ],
    ['a Service that leads elsewhere', 'ports: [{name: http, port: 80}]', '10.0.0.9', ['http.80']],
  ])('listen on the target port of %s at their address', (_, ...[spec, address, expected]) => {
    expect(
      listening(ownService(spec) + slice('own', 8080, '10.0.0.1', '10.0.0.2'), { ...gateway, address }),
    ).toEqual(expected)
  })

  test('are not moved by a Service of another namespace', () => {
    const text = ownService('ports: [{name: http, port: 80}]') + slice('own', 8080, '10.0.0.1')
    expect(listening(text, { ...gateway, namespace: 'other', address: '10.0.0.1' })).toEqual(['http.80'])
  })

  test('are shared by replicas, whatever their addresses, and follow the Service', () => {
    const text =
      server(`servers: [${http('["*"]')}]`) +
      ownService('ports: [{name: http, port: 80}]') +
      slice('own', 8080, '10.0.0.1', '10.0.0.2')
    const { pipeline } = configure(text)
    const sharedBy = (address: string) => scopeKey(pipeline.shared({ ...gateway, address }))
    expect(sharedBy('10.0.0.1')).toBe(sharedBy('10.0.0.2'))
    expect(sharedBy('10.0.0.3')).toBe(scopeKey(gateway))
    expect(sharedBy('10.0.0.1')).not.toBe(scopeKey(gateway))
    pipeline.deleteManifest('/Service/default/own')
    pipeline.flush()
    expect(sharedBy('10.0.0.1')).toBe(scopeKey(gateway))
  })

  test('with bind have a listener and a route configuration of their own', () => {
    const configuration = configure(server(`servers: [${http('["*"]', 80, ', bind: 127.0.0.2')}]`))
    expect([...configuration.resources(gateway, 'listener').keys()]).toEqual(['127.0.0.2_80'])
    expect([...configuration.resources(gateway, 'route').keys()]).toEqual(['http.80.127.0.0.2'])
  })

  test('without any route answer 404', () => {
    expect(hostsOf(server(`servers: [${http('["*"]')}]`))).toEqual([['blackhole:80', ['*']]])
  })
})

describe('hosts of a server and of a VirtualService', () => {
  test.each([
    ['["*"]', '[a.example]', [['a.example:80', ['a.example']]]],
    ['["*.example"]', '[a.example]', [['a.example:80', ['a.example']]]],
    ['[a.example]', '["*.example"]', [['a.example:80', ['a.example']]]],
    ['["*.example"]', '["*"]', [['*.example:80', ['*.example']]]],
    ['[b.example]', '[a.example]', [['blackhole:80', ['*']]]],
    ['["*"]', '[b.example, a.example]', [['a.example:80', ['a.example', 'b.example']]]],
    ['["*/*.example"]', '[a.example]', [['a.example:80', ['a.example']]]],
    ['["./a.example"]', '[a.example]', [['a.example:80', ['a.example']]]],
    ['["default/*"]', '[a.example]', [['a.example:80', ['a.example']]]],
    ['["other/*"]', '[a.example]', [['blackhole:80', ['*']]]],
    ['[A.Example]', '[a.EXAMPLE]', [['a.example:80', ['a.example']]]],
  ])('%s and %s', (servers, hosts, expected) => {
    expect(
      hostsOf(server(`servers: [${http(servers)}]`) + attached(hosts, forward) + service('reviews')),
    ).toEqual(expected)
  })

  test('several VirtualServices of a host are joined, the catch-alls last', () => {
    const first = attached('[a.example]', 'name: all-of-first\nroute: [{destination: {host: reviews}}]', {
      metadata: 'name: first',
    })
    const second = attached(
      '[a.example]',
      'name: x-of-second\nmatch: [{uri: {prefix: /x}}]\nroute: [{destination: {host: reviews}}]',
      { metadata: 'name: second' },
    )
    const configuration = configure(
      server(`servers: [${http('["*"]')}]`) + first + second + service('reviews'),
    )
    expect(configuration.routes(gateway).map((route) => route.name)).toEqual(['x-of-second', 'all-of-first'])
  })

  test('a VirtualService of the mesh is not on the gateway, and the reverse', () => {
    const text =
      server(`servers: [${http('["*"]')}]`) +
      attached('[reviews]', 'name: mesh\nroute: [{destination: {host: reviews}}]', { gateways: '[mesh]' }) +
      service('reviews')
    expect(hostsOf(text)).toEqual([['blackhole:80', ['*']]])
  })
})
