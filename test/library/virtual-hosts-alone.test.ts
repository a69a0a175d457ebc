import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import type { Bootstrap } from '../../src/envoy/bootstrap.ts'
import { node } from '../../src/envoy/node.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { any, createAdsServer, createResourceCache } from '../../src/library/index.ts'
import type { AdsEvent, AnyJson, Message, ResourceInput } from '../../src/library/index.ts'
import { lastFound } from '../support/last-found.ts'
import { serve } from '../support/serving.ts'
import { within } from '../support/within.ts'
import { connect } from '../support/xds-client.ts'

// Virtual hosts over VirtualHostDiscoveryService instead of ADS: Envoy's VHDS has a config source, and so a
// stream, of its own.

const ownStream: Message<'envoy.config.core.v3.ConfigSource'> = {
  resource_api_version: 'V3',
  api_config_source: {
    api_type: 'DELTA_GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: 'shadowplane' } }],
  },
}

function listener(
  port: number,
  routes: Message<'envoy.config.core.v3.ConfigSource'>,
  routeName: string,
): AnyJson {
  return any('envoy.config.listener.v3.Listener', {
    name: 'http',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: 'http',
            typed_config: any(
              'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              {
                stat_prefix: 'http',
                rds: { config_source: routes, route_config_name: routeName },
                http_filters: [
                  { name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) },
                ],
              },
            ),
          },
        ],
      },
    ],
  })
}

function virtualHost(name: string, says: string): AnyJson {
  return any('envoy.config.route.v3.VirtualHost', {
    name: `routes/${name}`,
    domains: [name],
    routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: says } } }],
  })
}

/**
 * Starts an Envoy of the group `edge`; the function asks it for `host` until it answers `wanted`, and gives
 * the last answer.
 */
async function envoyAt(
  xds: string,
  port: number,
  change: (made: Bootstrap) => Bootstrap,
): Promise<(host: string, wanted: string) => Promise<string>> {
  const { path } = await findEnvoy({ env: process.env })
  const made = bootstrap({
    ...defaultBootstrap,
    mode: 'delta',
    nodeCluster: 'edge',
    bindAddress: '127.0.0.1',
    xds: { host: '127.0.0.1', port: Number(/\d+$/.exec(xds)?.[0]) },
  })
  const envoy = await startEnvoy({ binary: path, bootstrap: change(made) })
  onTestFinished(() => envoy.close())
  await envoy.ready()
  return (host, wanted) =>
    lastFound(
      (answer) => answer === wanted,
      () => ask(port, host),
    )
}

/** The body that the Envoy answers for a host, or the error. */
function ask(port: number, host: string): Promise<string> {
  return within(
    10_000,
    `an answer for ${host}`,
    new Promise((resolve) => {
      get({ host: '127.0.0.1', port, headers: { host }, agent: false }, (response) => {
        resolve(text(response))
      }).once('error', (error) => {
        resolve(error.message)
      })
    }),
  )
}

test('a real Envoy with its own stream of virtual hosts is sent each change of the library once', async () => {
  const port = await freePort()
  const events: AdsEvent[] = []
  const cache = createResourceCache()
  const server = createAdsServer({
    cache,
    groupOf: ({ cluster = '' }) => cluster,
    observe: (event) => {
      events.push(event)
    },
  })
  onTestFinished(() => server.close())
  const routes = any('envoy.config.route.v3.RouteConfiguration', {
    name: 'routes',
    vhds: { config_source: ownStream },
  })
  const set = (...hosts: readonly ResourceInput[]): void => {
    cache.set('edge', [listener(port, { ads: {}, resource_api_version: 'V3' }, 'routes'), routes, ...hosts])
  }
  set(virtualHost('a', 'a1'), virtualHost('b', 'b1'))
  const becomes = await envoyAt(await server.listen('127.0.0.1:0'), port, (made) => made)
  expect([await becomes('a', 'a1'), await becomes('b', 'b1')]).toEqual(['a1', 'b1'])
  for (const revision of ['a2', 'a3', 'a4']) {
    set(virtualHost('a', revision), virtualHost('b', 'b1'))
    expect(await becomes('a', revision)).toBe(revision)
  }
  expect(await becomes('b', 'b1')).toBe('b1')
  const sent = events.flatMap((event) =>
    event.kind === 'pushed' && event.type === 'virtual-host' ? [event.sent] : [],
  )
  expect(sent).toEqual([['routes/a', 'routes/b'], ['routes/a'], ['routes/a'], ['routes/a']])
}, 60_000)

const edge = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
`

const answering = (body: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example]
  gateways: [edge]
  http:
  - directResponse: {status: 200, body: {string: ${body}}}
`

test('a real Envoy with its own stream of virtual hosts follows what serve reads', async () => {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-vhds-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const serving = await serve({ 'edge.yaml': edge, 'a.yaml': answering('a1') })
  const routes = join(folder, 'routes.json')
  await writeFile(
    routes,
    JSON.stringify({
      resources: [
        any('envoy.config.route.v3.RouteConfiguration', {
          name: 'http.80',
          vhds: { config_source: ownStream },
        }),
      ],
    }),
  )
  const becomes = await envoyAt(serving.xds, port, (made) => {
    const { '@type': _, ...file } = listener(
      port,
      { path_config_source: { path: routes }, resource_api_version: 'V3' },
      'http.80',
    )
    return { ...made, static_resources: { ...made.static_resources, listeners: [file] } }
  })
  expect(await becomes('a.example', 'a1')).toBe('a1')
  await serving.write({ 'a.yaml': answering('a2') })
  expect(await becomes('a.example', 'a2')).toBe('a2')
}, 60_000)

test('a client of virtual hosts alone is sent each change that serve reads once', async () => {
  const serving = await serve({ 'edge.yaml': edge, 'a.yaml': answering('a1') })
  const client = connect(serving.xds, {
    mode: 'delta',
    only: 'virtual-host',
    node: node({ nodeId: 'scripted' }),
  })
  onTestFinished(() => client.close())
  client.subscribe('virtual-host')
  expect((await client.next()).names).toContain('http.80/a.example:80')
  client.ack('virtual-host')
  for (const body of ['a2', 'a3']) {
    await serving.write({ 'a.yaml': answering(body) })
    expect(await client.next()).toMatchObject({ names: ['http.80/a.example:80'], removed: [] })
    client.ack('virtual-host')
  }
  client.unsubscribe('virtual-host', ['none'])
  expect(await client.next()).toMatchObject({ names: [], removed: ['none'] })
}, 30_000)
