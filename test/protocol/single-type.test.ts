import { status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import {
  cluster,
  endpoints,
  layer,
  listener,
  route,
  routeApart,
  secret,
  virtualHost,
} from '../support/xds-resources.ts'
import { modes, world } from './world.ts'

// One service a type, beside ADS: the same protocol, and the type may be omitted.

const resources = [
  cluster('a'),
  endpoints('a'),
  listener('l', 'r'),
  route('r', ['a']),
  layer('shadowplane'),
  secret('s'),
]

describe.each(modes)('a service of one type, %s', (mode) => {
  test.each([
    ['cluster', [], ['a']],
    ['endpoint', ['a-endpoints'], ['a-endpoints']],
    ['listener', [], ['l']],
    ['route', ['r'], ['r']],
    ['runtime', ['shadowplane'], ['shadowplane']],
    ['secret', ['s'], ['s']],
  ] as const)('%s', async (type, names, expected) => {
    const { connect, event } = await world(...resources)
    const client = connect(mode, { only: type })
    client.subscribe(type, names)
    expect(await client.next()).toMatchObject({ type, names: expected, removed: [] })
    client.ack(type)
    expect(await event('acked')).toMatchObject({ type })
  })

  test('takes its own type_url, and no other', async () => {
    const { connect } = await world(...resources)
    const client = connect(mode, { only: 'cluster' })
    client.send('cluster', { typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster' })
    expect((await client.next()).names).toEqual(['a'])
    client.send('route', { typeUrl: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration' })
    expect(await client.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details:
        'type_url is "type.googleapis.com/envoy.config.route.v3.RouteConfiguration" on a stream of ' +
        'type.googleapis.com/envoy.config.cluster.v3.Cluster: leave it out, or use the aggregated service',
    })
  })

  test('does not wait for another stream', async () => {
    const { connect, set } = await world(cluster('a'), route('r', ['a']))
    const [clusters, routes] = [connect(mode, { only: 'cluster' }), connect(mode, { only: 'route' })]
    clusters.subscribe('cluster')
    await clusters.next()
    routes.subscribe('route', ['r'])
    expect((await routes.next()).names).toEqual(['r'])
    routes.ack('route')
    set(cluster('b'), route('r', ['b']))
    expect((await routes.next()).names).toEqual(['r'])
    clusters.ack('cluster')
    expect(await clusters.next()).toMatchObject({ names: ['b'], removed: mode === 'delta' ? ['a'] : [] })
  })
})

test('virtual hosts, delta: all of them, as their route configurations are on another stream', async () => {
  const { connect } = await world(routeApart('r'), virtualHost('r', 'a'))
  const client = connect('delta', { only: 'virtual-host' })
  client.subscribe('virtual-host')
  expect(await client.next()).toMatchObject({ type: 'virtual-host', names: ['r/a'] })
})

test('virtual hosts, delta: each response holds what changed, and nothing that was ACKed before', async () => {
  const { connect, set, events } = await world(routeApart('r'), virtualHost('r', 'a'), virtualHost('r', 'b'))
  const client = connect('delta', { only: 'virtual-host' })
  client.subscribe('virtual-host')
  expect((await client.next()).names).toEqual(['r/a', 'r/b'])
  client.ack('virtual-host')
  set(routeApart('r', 2), virtualHost('r', 'a', { revision: 2 }), virtualHost('r', 'b'))
  expect(await client.next()).toMatchObject({ names: ['r/a'], removed: [] })
  client.ack('virtual-host')
  set(routeApart('r', 2), virtualHost('r', 'a', { revision: 2 }))
  expect(await client.next()).toMatchObject({ names: [], removed: ['r/b'] })
  client.nack('virtual-host', 'still in use')
  set(routeApart('s'), virtualHost('s', 'c'), virtualHost('r', 'b'))
  expect(await client.next()).toMatchObject({ names: ['s/c'], removed: ['r/a'] })
  client.ack('virtual-host')
  client.unsubscribe('virtual-host', ['none'])
  expect(await client.next()).toMatchObject({ names: [], removed: ['none'] })
  expect(events.filter(({ kind }) => kind === 'pushed')).toHaveLength(5)
})

test('virtual hosts, delta: on coming back, only what is new is sent', async () => {
  const { connect } = await world(routeApart('r'), virtualHost('r', 'a'), virtualHost('r', 'b'))
  const client = connect('delta', { only: 'virtual-host' })
  client.send('virtual-host', { subscribe: ['*'], initialVersions: { 'r/a': virtualHost('r', 'a').version } })
  expect((await client.next()).names).toEqual(['r/b'])
  client.ack('virtual-host')
  client.unsubscribe('virtual-host', ['none'])
  expect(await client.next()).toMatchObject({ names: [], removed: ['none'] })
})

test('virtual hosts, SotW: there is no such method', async () => {
  const { connect } = await world()
  const client = connect('sotw', { only: 'virtual-host' })
  expect(await client.status()).toMatchObject({ code: status.UNIMPLEMENTED })
})
