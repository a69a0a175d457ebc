import { describe, expect, test } from 'vitest'
import type { TypeState } from '../../src/server/status/client-state.ts'
import { decode } from '../../src/xds/proto.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import { cluster, endpoints, route, routeApart, virtualHost } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'
import type { World } from './world.ts'

function stateOf({ server }: World, type: TypeName): TypeState {
  return server.clients()[0]?.types.get(type) ?? expect.fail(`no state of ${type}`)
}

describe.each(modes)('clients, %s', (mode) => {
  test('are those that are connected, in their order', async () => {
    const { connect, server, event } = await world(cluster('a'))
    expect(server.clients()).toEqual([])
    const [first, second] = [
      connect(mode, { node: { id: 'one', cluster: 'c' } }),
      connect(mode, { node: { id: 'two', cluster: 'c' } }),
    ]
    first.subscribe('cluster')
    await first.next()
    second.subscribe('cluster')
    await second.next()
    expect(
      server.clients().map(({ proxy, node }) => [proxy.id, decode('envoy.config.core.v3.Node', node)]),
    ).toEqual([
      ['one', { id: 'one', cluster: 'c' }],
      ['two', { id: 'two', cluster: 'c' }],
    ])
    await first.close()
    await event('disconnected')
    expect(server.clients().map(({ proxy }) => proxy.id)).toEqual(['two'])
  })

  test('STALE until it answers, then SYNCED with what it has', async () => {
    const made = await world(cluster('a'))
    const client = made.connect(mode)
    client.subscribe('cluster')
    const { version } = await client.next()
    expect(stateOf(made, 'cluster')).toMatchObject({ status: 'STALE', ackedVersion: '', refusal: undefined })
    expect([...stateOf(made, 'cluster').held]).toEqual([])
    client.ack('cluster')
    await expectNothingMore(client)
    expect(stateOf(made, 'cluster')).toMatchObject({ status: 'SYNCED', ackedVersion: version })
    expect([...stateOf(made, 'cluster').held.keys()]).toEqual(['a'])
    expect(made.server.clients()[0]?.snapshot.resources.get('cluster')?.has('a')).toBe(true)
  })

  test('NACKED while it refuses what it should have, and what it said', async () => {
    const made = await world(cluster('a'))
    const client = made.connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    made.set(cluster('a', 2))
    await client.next()
    const before = Date.now()
    client.nack('cluster', 'no such thing')
    await expectNothingMore(client)
    const { status, refusal } = stateOf(made, 'cluster')
    expect({ status, refusal }).toMatchObject({
      status: 'NACKED',
      refusal: { message: 'no such thing', resources: [cluster('a', 2)] },
    })
    expect(refusal?.at).toBeGreaterThanOrEqual(before)
    made.set(cluster('a', 3))
    expect(stateOf(made, 'cluster')).toMatchObject({ status: 'STALE', refusal: undefined })
    await client.next()
    client.ack('cluster')
    await expectNothingMore(client)
    expect(stateOf(made, 'cluster')).toMatchObject({ status: 'SYNCED', refusal: undefined })
  })

  test('of several it names the suspects, then the culprit', async () => {
    const made = await world(route('a', []), route('b', []))
    const client = made.connect(mode)
    client.subscribe('route', ['a', 'b'])
    await client.next()
    client.nack('route', 'bad')
    expect((await client.next()).names).toEqual(['a'])
    expect(stateOf(made, 'route').refusal?.resources.map(({ name }) => name)).toEqual(['a', 'b'])
    client.ack('route')
    await expectNothingMore(client)
    expect(stateOf(made, 'route')).toMatchObject({
      status: 'NACKED',
      refusal: { message: 'bad', resources: [{ name: 'b' }] },
    })
    expect([...stateOf(made, 'route').held.keys()]).toEqual(['a'])
  })

  test('a name that does not exist is nothing to wait for', async () => {
    const made = await world(endpoints('a'))
    const client = made.connect(mode)
    client.subscribe('endpoint', ['a-endpoints', 'none'])
    await client.next()
    client.ack('endpoint')
    await expectNothingMore(client)
    expect(stateOf(made, 'endpoint').status).toBe('SYNCED')
    expect([...stateOf(made, 'endpoint').held.keys()]).toEqual(['a-endpoints'])
  })
})

test('clients, delta: what came with a proxy from another stream is held, by its version', async () => {
  const made = await world(cluster('a'), cluster('b', 2))
  const client = made.connect('delta')
  client.send('cluster', { subscribe: [], initialVersions: { a: cluster('a').version, b: 'older' } })
  await client.next()
  expect(stateOf(made, 'cluster').status).toBe('STALE')
  expect(stateOf(made, 'cluster').held.get('b')).toMatchObject({ version: 'older' })
  client.ack('cluster')
  await expectNothingMore(client)
  expect(stateOf(made, 'cluster').status).toBe('SYNCED')
  expect(stateOf(made, 'cluster').held.get('b')).toMatchObject({ version: cluster('b', 2).version })
})

test('clients, delta: virtual hosts that wait for their route configuration are STALE', async () => {
  const made = await world(routeApart('r'), virtualHost('r', 'a'))
  const client = made.connect('delta')
  client.subscribe('route', ['r'])
  await client.next()
  client.subscribe('virtual-host')
  await expectNothingMore(client)
  expect(stateOf(made, 'virtual-host').status).toBe('STALE')
  client.ack('route')
  await client.next()
  client.ack('virtual-host')
  await expectNothingMore(client)
  expect(stateOf(made, 'virtual-host').status).toBe('SYNCED')
})
