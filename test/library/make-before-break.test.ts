import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { any, createAdsServer, createResourceCache } from '../../src/library/index.ts'
import type { AnyJson, ResourceCache, ResourceCacheOptions } from '../../src/library/index.ts'
import { connect } from '../support/xds-client.ts'
import type { Mode, XdsClient } from '../support/xds-client.ts'

// Clusters and secrets that a listener or cluster names itself: they come before it, and go after it.

const modes: readonly Mode[] = ['delta', 'sotw']

async function served(
  options: ResourceCacheOptions,
): Promise<{ readonly cache: ResourceCache; readonly address: string }> {
  const cache = createResourceCache(options)
  const server = createAdsServer({ cache, groupOf: ({ cluster = '' }) => cluster })
  onTestFinished(() => server.close())
  return { cache, address: await server.listen('127.0.0.1:0') }
}

function clientAt(address: string, mode: Mode): XdsClient {
  const client = connect(address, { mode, node: { id: 'client', cluster: 'edge' } })
  onTestFinished(() => client.close())
  return client
}

const cluster = (name: string, port = 80): AnyJson =>
  any('envoy.config.cluster.v3.Cluster', {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } },
          ],
        },
      ],
    },
  })

type Filter = (cluster: string) => AnyJson

const tcp: Filter = (name) =>
  any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', { stat_prefix: 'tcp', cluster: name })
const weighted: Filter = (name) =>
  any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: 'tcp',
    weighted_clusters: { clusters: [{ name, weight: 1 }] },
  })
const inline: Filter = (name) =>
  any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'http',
    route_config: {
      name: 'routes',
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: name } }] },
      ],
    },
    http_filters: [
      { name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) },
    ],
  })
const mirrored: Filter = (name) =>
  any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'http',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            {
              match: { prefix: '/' },
              route: { cluster: 'other', request_mirror_policies: [{ cluster: name }] },
            },
          ],
        },
      ],
    },
  })

const listener = (filter: AnyJson, port = 80): AnyJson =>
  any('envoy.config.listener.v3.Listener', {
    name: 'listener',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [{ name: 'filter', typed_config: filter }] }],
  })

describe.each(modes)('a cluster that a listener names itself, %s', (mode) => {
  test.each([
    ['a TCP proxy', tcp],
    ['a TCP proxy with weights', weighted],
    ['inline routes', inline],
    ['a mirror of inline routes', mirrored],
  ])('%s: is there before, and goes when the listener is ACKed', async (_, filter) => {
    const { cache, address } = await served({ drainTime: 0 })
    cache.set('edge', [cluster('old'), listener(filter('old'))])
    const client = clientAt(address, mode)
    for (const type of ['cluster', 'listener'] as const) {
      client.subscribe(type)
      await client.next(type)
      client.ack(type)
    }
    cache.set('edge', [cluster('new'), listener(filter('new'))])
    expect(await client.next()).toMatchObject({
      type: 'cluster',
      names: mode === 'delta' ? ['new'] : ['new', 'old'],
      removed: [],
    })
    client.ack('cluster')
    expect(await client.next()).toMatchObject({ type: 'listener', names: ['listener'] })
    client.ack('listener')
    expect(await client.next()).toMatchObject({
      type: 'cluster',
      ...(mode === 'delta' ? { names: [], removed: ['old'] } : { names: ['new'] }),
    })
  })

  test('stays for the drain time, as connections of the former listener use it, and no longer', async () => {
    const { cache, address } = await served({ drainTime: 100 })
    cache.set('edge', [cluster('old'), cluster('unnamed'), listener(tcp('old'))])
    const client = clientAt(address, mode)
    for (const type of ['cluster', 'listener'] as const) {
      client.subscribe(type)
      await client.next(type)
      client.ack(type)
    }
    cache.set('edge', [cluster('new'), listener(tcp('new'))])
    expect([...cache.get('edge', 'cluster').keys()].toSorted()).toEqual(['new', 'old'])
    await expect.poll(() => [...cache.get('edge', 'cluster').keys()]).toEqual(['new'])
    cache.set('edge', [cluster('new'), cluster('old'), listener(tcp('old'))])
    cache.set('edge', [cluster('old'), listener(tcp('old'))])
    await expect.poll(() => [...cache.get('edge', 'cluster').keys()]).toEqual(['old'])
  })
})

describe('secrets, delta', () => {
  const secret = (name: string): AnyJson =>
    any('envoy.extensions.transport_sockets.tls.v3.Secret', {
      name,
      generic_secret: { secret: { inline_string: name } },
    })
  const sds = (name: string) => ({ name, sds_config: { ads: {}, resource_api_version: 'V3' } }) as const
  const secured = (name: string): AnyJson =>
    any('envoy.config.cluster.v3.Cluster', {
      name: 'secured',
      connect_timeout: '1s',
      transport_socket: {
        name: 'tls',
        typed_config: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
          common_tls_context: { tls_certificate_sds_secret_configs: [sds(name)] },
        }),
      },
    })
  const terminating = (name: string): AnyJson =>
    any('envoy.config.listener.v3.Listener', {
      name: 'terminating',
      filter_chains: [
        {
          transport_socket: {
            name: 'tls',
            typed_config: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
              common_tls_context: { validation_context_sds_secret_config: sds(name) },
            }),
          },
        },
      ],
    })

  test.each([
    ['cluster', secured],
    ['listener', terminating],
  ] as const)('one that a %s names goes when the change is ACKed', async (type, naming) => {
    const { cache, address } = await served({ drainTime: 0 })
    cache.set('edge', [naming('old'), secret('old')])
    const client = clientAt(address, 'delta')
    client.subscribe(type)
    await client.next()
    client.subscribe('secret', ['old'])
    expect((await client.next()).names).toEqual(['old'])
    client.ack('secret')
    client.ack(type)
    cache.set('edge', [naming('new'), secret('new')])
    expect((await client.next()).type).toBe(type)
    client.subscribe('secret', ['new'])
    expect(await client.next()).toMatchObject({ type: 'secret', names: ['new'], removed: [] })
    client.ack('secret')
    client.ack(type)
    expect(await client.next()).toMatchObject({ type: 'secret', names: [], removed: ['old'] })
  })
})

describe.each(modes)('a real Envoy over %s', (mode) => {
  test.each([
    ['a TCP proxy, connections of one request', tcp, false],
    ['inline routes, connections of one request', inline, false],
    ['inline routes, connections that are kept', inline, true],
  ] as const)(
    '%s: no request fails while clusters are renamed',
    async (_, filter, keepAlive) => {
      const backend = createServer((_request, response) => response.end('ok'))
      await new Promise<void>((resolve) => {
        backend.listen(0, '127.0.0.1', resolve)
      })
      onTestFinished(() => {
        backend.close()
      })
      const backendPort = (backend.address() as AddressInfo).port
      const port = await freePort()
      const { cache, address } = await served({})
      const rename = (number: number): void => {
        cache.set('edge', [
          cluster(`cluster-${number}`, backendPort),
          listener(filter(`cluster-${number}`), port),
        ])
      }
      rename(0)
      const { path } = await findEnvoy({ env: process.env })
      const envoy = await startEnvoy({
        binary: path,
        bootstrap: bootstrap({
          ...defaultBootstrap,
          mode,
          nodeCluster: 'edge',
          xds: { host: '127.0.0.1', port: Number(/\d+$/.exec(address)?.[0]) },
        }),
      })
      onTestFinished(() => envoy.close())
      await envoy.ready()
      const agent = new Agent({ keepAlive, maxSockets: 4 })
      onTestFinished(() => {
        agent.destroy()
      })
      const ask = (): Promise<string> =>
        new Promise((resolve) => {
          get({ host: '127.0.0.1', port, agent }, (response) => {
            response.resume().once('close', () => {
              resolve(String(response.statusCode))
            })
          }).once('error', (error) => {
            resolve(error.message)
          })
        })
      const answers: string[] = []
      const state = { isOver: false }
      const load = Array.from({ length: 4 }, async () => {
        while (!state.isOver) answers.push(await ask())
      })
      for (let number = 1; number <= 12; number += 1) {
        const before = answers.length
        await expect.poll(() => answers.length).toBeGreaterThan(before + 20)
        rename(number)
        await pause(0)
      }
      const before = answers.length
      await expect.poll(() => answers.length).toBeGreaterThan(before + 50)
      state.isOver = true
      await Promise.all(load)
      expect(answers.filter((answer) => answer !== '200')).toEqual([])
    },
    60_000,
  )
})
