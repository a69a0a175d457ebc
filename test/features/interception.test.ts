import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import type { Message } from '../../src/xds/proto.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { configure, sidecar } from '../support/configuration.ts'
import type { Configuration } from '../support/configuration.ts'

type Listener = Message<'envoy.config.listener.v3.Listener'>

const intercepting: Scope = { ...sidecar('default', { app: 'client' }), interception: 'redirect' }

const service = (name: string, address: string, ports: string): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {clusterIP: ${address}, selector: {app: ${name}}, ports: [${ports}]}
---
`

const entry = (host: string, port: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: x${host.replaceAll(/[.*]/g, '-')}}
spec: {hosts: ["${host}"], resolution: DNS, ports: [${port}]}
---
`

const mirrored = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}], mirror: {host: shadow}}]}
---
`

const http =
  service('reviews', '10.96.0.1', '{name: http, port: 80}') +
  service('shadow', '10.96.0.2', '{name: http, port: 80}') +
  mirrored

function listeners(configuration: Configuration, scope = intercepting): ReadonlyMap<string, Listener> {
  return new Map(
    [...configuration.resources(scope, 'listener')].map(([name, each]) => [name, each as Listener]),
  )
}

/**
 * For each chain what it matches and the cluster, or the route configuration, that it leads to; the default
 * chain last.
 */
function chains(listener: Listener | undefined): readonly string[] {
  return [
    ...(listener?.filter_chains ?? []),
    { ...listener?.default_filter_chain, filter_chain_match: undefined },
  ].map(({ filter_chain_match: match, filters }) => {
    const what = [
      match?.destination_port ?? [],
      match?.server_names ?? [],
      match?.application_protocols === undefined ? [] : 'http',
    ]
      .flat(2)
      .join(' ')
    const leads = filters?.[0]?.typed_config as
      { readonly cluster?: string; readonly rds?: { readonly route_config_name: string } } | undefined
    return `${what || 'else'} → ${leads?.cluster ?? leads?.rds?.route_config_name ?? 'a route of its own'}`
  })
}

test('HTTP services of a port share a listener without a socket, and what is no HTTP passes through', () => {
  const configuration = configure(http)
  const listener = listeners(configuration).get('0.0.0.0_80')
  expect(listener?.bind_to_port).toBe(false)
  expect(chains(listener)).toEqual(['http → 80', 'else → PassthroughCluster'])
  expect(listeners(configuration).get('virtualOutbound')?.use_original_dst).toBe(true)
  expect(chains(listeners(configuration).get('virtualOutbound'))).toEqual([
    '15001 → BlackHoleCluster',
    'else → PassthroughCluster',
  ])
  expect(
    configuration
      .routes(intercepting)
      .flatMap(({ route }) => route?.request_mirror_policies ?? [])
      .map(({ cluster }) => cluster),
  ).toEqual(['mirror|80||shadow.default.svc.cluster.local'])
})

test('the same mirrors are on bound listeners', () => {
  const configuration = configure(http)
  const mirrors = (scope: Scope) =>
    configuration.routes(scope).filter(({ metadata }) => metadata !== undefined)
  expect(mirrors(intercepting)).toEqual(mirrors(sidecar()))
  expect([...listeners(configuration, sidecar()).keys()]).toEqual(['127.0.0.1_80'])
})

test('unknown hosts pass through, or are refused where the mesh says so', () => {
  const catchAll = (scope: Scope, outsideTraffic: 'allow' | 'refuse') =>
    configure(http, { ...defaultSettings, outsideTraffic })
      .routes(scope)
      .at(-1)
  expect(catchAll(intercepting, 'allow')).toMatchObject({
    name: 'allow_any',
    route: { cluster: 'PassthroughCluster' },
  })
  expect(catchAll(intercepting, 'refuse')).toMatchObject({
    name: 'block_all',
    direct_response: { status: 502 },
  })
  expect(catchAll(sidecar(), 'allow')).toMatchObject({ name: 'block_all', direct_response: { status: 502 } })
  const refusing = listeners(configure(http, { ...defaultSettings, outsideTraffic: 'refuse' }))
  expect([chains(refusing.get('virtualOutbound')).at(-1), chains(refusing.get('0.0.0.0_80')).at(-1)]).toEqual(
    ['else → BlackHoleCluster', 'else → BlackHoleCluster'],
  )
})

describe('what is not HTTP', () => {
  test('is told apart by its virtual address, and no bytes are waited for', () => {
    const listener = listeners(configure(service('db', '10.96.0.3', '{name: tcp-db, port: 80}') + http)).get(
      '10.96.0.3_80',
    )
    expect(chains(listener)).toEqual(['else → outbound|80||db.default.svc.cluster.local'])
    expect(listener?.listener_filters).toBeUndefined()
  })

  test('of two services on one address and port the first has the listener', () => {
    const configuration = configure(
      service('b', '10.96.0.3', '{name: tcp, port: 1}') + service('a', '10.96.0.3', '{name: web, port: 1}'),
    )
    expect(chains(listeners(configuration).get('10.96.0.3_1'))).toEqual([
      'http → a.default.svc.cluster.local:1',
      'else → outbound|1||a.default.svc.cluster.local',
    ])
    expect([...configuration.resources(intercepting, 'route').keys()]).toEqual([
      'a.default.svc.cluster.local:1',
    ])
  })

  test('TLS without an address is told apart by its server name', () => {
    const listener = listeners(
      configure(
        entry('a.example.com', '{number: 443, name: tls, protocol: TLS}') +
          entry('*.example.org', '{number: 443, name: https, protocol: HTTPS}').replace('DNS', 'NONE'),
      ),
    ).get('0.0.0.0_443')
    expect(chains(listener)).toEqual([
      '*.example.org *.example.org. → outbound|443||*.example.org',
      'a.example.com a.example.com. → outbound|443||a.example.com',
      'else → PassthroughCluster',
    ])
    expect(listener?.listener_filters?.map(({ name }) => name)).toEqual([
      'envoy.filters.listener.tls_inspector',
    ])
  })

  test('TCP without an address has the port if it is alone there; else it goes where the client was going', () => {
    const one = entry('a.example.com', '{number: 5432, name: tcp, protocol: TCP}')
    expect(chains(listeners(configure(one)).get('0.0.0.0_5432'))).toEqual([
      'else → outbound|5432||a.example.com',
    ])
    expect(
      chains(
        listeners(configure(one + entry('b.example.com', '{number: 5432, name: tcp, protocol: TCP}'))).get(
          '0.0.0.0_5432',
        ),
      ),
    ).toEqual(['else → PassthroughCluster'])
  })
})

describe('a port that declares no protocol', () => {
  const text = http.replaceAll('name: http', 'name: web')

  test('is detected on its virtual address, and mirrors by routes of its own', () => {
    const configuration = configure(text)
    expect(chains(listeners(configuration).get('10.96.0.1_80'))).toEqual([
      'http → reviews.default.svc.cluster.local:80',
      'else → outbound|80||reviews.default.svc.cluster.local',
    ])
    const routes = configuration
      .resources(intercepting, 'route')
      .get('reviews.default.svc.cluster.local:80') as Message<'envoy.config.route.v3.RouteConfiguration'>
    expect(routes.virtual_hosts?.map(({ domains }) => domains)).toEqual([['*']])
    expect(
      routes.virtual_hosts?.[0]?.routes?.[0]?.route?.request_mirror_policies?.map(({ cluster }) => cluster),
    ).toEqual(['mirror|80||shadow.default.svc.cluster.local'])
  })

  test('is taken for HTTP on bound listeners, which is said', () => {
    expect([...configure(text).resources(sidecar(), 'route').keys()]).toEqual(['80'])
    expect(
      configure(text).found.filter((each) => each.includes('service/unsupported-protocol')),
    ).toHaveLength(2)
  })
})

test('a mirror to a headless Service goes to its pods, not to where the client was going', () => {
  const configuration = configure(http.replace('clusterIP: 10.96.0.2', 'clusterIP: None'))
  const clusters = configuration.resources(intercepting, 'cluster')
  const policies = configuration
    .routes(intercepting)
    .flatMap(({ route }) => route?.request_mirror_policies ?? [])
  expect(policies.map(({ cluster }) => cluster)).toEqual(['mirror|80||shadow.default.svc.cluster.local'])
  expect(clusters.get('mirror|80||shadow.default.svc.cluster.local')).toMatchObject({ type: 'EDS' })
  expect(clusters.get('outbound|80||shadow.default.svc.cluster.local')).toMatchObject({
    type: 'ORIGINAL_DST',
  })
  expect([...configuration.resources(intercepting, 'endpoint').keys()]).toContain(
    'outbound|80||shadow.default.svc.cluster.local',
  )
})

describe('what comes to the workload', () => {
  const own = service(
    'client',
    '10.96.0.9',
    '{name: http, port: 80, targetPort: 8080}, {name: tcp-admin, port: 9000, targetPort: 9001}, {name: ' +
      'any, port: 7000}',
  )

  test("takes the chains of its own services' target ports", () => {
    const configuration = configure(own + http)
    const listener = listeners(configuration).get('virtualInbound')
    expect(chains(listener)).toEqual([
      '15006 → BlackHoleCluster',
      '7000 http → a route of its own',
      '7000 → inbound|7000||',
      '8080 → a route of its own',
      '9001 → inbound|9001||',
      'else → InboundPassthroughCluster',
    ])
    expect(
      [...configuration.resources(intercepting, 'cluster').keys()].filter((name) =>
        name.startsWith('inbound'),
      ),
    ).toEqual(['inbound|7000||', 'inbound|8080||', 'inbound|9001||'])
  })

  test('is looked at before the server has spoken only where a protocol is detected', () => {
    const filters = listeners(configure(own)).get('virtualInbound')?.listener_filters
    expect(filters?.map(({ name, filter_disabled: disabled }) => [name, disabled])).toEqual([
      ['envoy.filters.listener.original_dst', undefined],
      [
        'envoy.filters.listener.http_inspector',
        { not_match: { destination_port_range: { start: 7000, end: 7001 } } },
      ],
    ])
  })

  test('of a workload that no service selects passes through', () => {
    expect(chains(listeners(configure(http)).get('virtualInbound'))).toEqual([
      '15006 → BlackHoleCluster',
      'else → InboundPassthroughCluster',
    ])
  })

  test('keeps the labels of its services in the scope, which bound sidecars share', () => {
    const { pipeline } = configure(own)
    expect(pipeline.shared({ ...intercepting, labels: { app: 'client', version: 'v1' } }).labels).toEqual({
      app: 'client',
    })
    expect(pipeline.shared(sidecar('default', { app: 'client', version: 'v1' })).labels).toEqual({})
  })
})

test('the ports of the virtual listeners follow the port map', () => {
  const moved = listeners(configure(http), { ...intercepting, portMap: { 15_001: 25_001, 15_006: 25_006 } })
  expect(['virtualOutbound', 'virtualInbound'].map((name) => chains(moved.get(name))[0])).toEqual([
    '25001 → BlackHoleCluster',
    '25006 → BlackHoleCluster',
  ])
})
