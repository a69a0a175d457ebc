import { describe, expect, test } from 'vitest'
import { cluster, endpoints, listener, route } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'
import type { XdsResponse } from '../support/xds-client.ts'

const versionsOf = (response: XdsResponse): Record<string, string> =>
  Object.fromEntries(response.resources.map(({ name, version }) => [name, version]))

describe('reconnect, delta', () => {
  // "On reconnect the Incremental xDS client may tell the server of its known resources" ("Incremental xDS")
  test('what is current is not sent again', async () => {
    const { connect, set } = await world(cluster('a'), endpoints('a'), route('r', ['a']))
    const before = connect('delta')
    before.subscribe('cluster')
    before.subscribe('endpoint', ['a-endpoints'])
    before.subscribe('route', ['r'])
    const [clusters, assignments, routes] = [
      await before.next('cluster'),
      await before.next('endpoint'),
      await before.next('route'),
    ]
    const client = connect('delta')
    client.send('cluster', { subscribe: [], initialVersions: versionsOf(clusters) })
    client.send('endpoint', { subscribe: ['a-endpoints'], initialVersions: versionsOf(assignments) })
    client.send('route', { subscribe: ['r'], initialVersions: versionsOf(routes) })
    await expectNothingMore(client)
    set(cluster('a'), endpoints('a'), route('r', ['a', 'a2']))
    expect((await client.next()).names).toEqual(['r'])
    client.ack('route')
    await expectNothingMore(client)
  })

  test('what changed meanwhile is sent, what vanished is removed, and nothing else', async () => {
    const { connect } = await world(cluster('a'), cluster('b', 2), cluster('c'))
    const other = connect('delta')
    other.subscribe('cluster')
    const { a = '' } = versionsOf(await other.next())
    const client = connect('delta')
    client.send('cluster', { subscribe: ['*'], initialVersions: { a, b: 'older', d: 'gone' } })
    expect(await client.next()).toMatchObject({ names: ['b', 'c'], removed: [] })
    client.ack('cluster')
    expect(await client.next()).toMatchObject({ names: [], removed: ['d'] })
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('a removal alone follows an empty response, whose ACK shows that the stream has begun', async () => {
    const { connect } = await world()
    const client = connect('delta')
    client.send('cluster', { subscribe: [], initialVersions: { gone: 'x' } })
    expect(await client.next()).toMatchObject({ type: 'cluster', names: [], removed: [] })
    client.ack('cluster')
    expect(await client.next()).toMatchObject({ type: 'cluster', names: [], removed: ['gone'] })
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('a removal goes at once where it is known that nothing refers to it', async () => {
    const resources = [cluster('a'), listener('l', 'r'), route('r', ['a'])]
    const [a = '', l = '', r = ''] = resources.map(({ version }) => version)
    const client = (await world(...resources)).connect('delta')
    client.send('listener', { subscribe: [], initialVersions: { l } })
    client.send('route', { subscribe: ['r'], initialVersions: { r } })
    client.send('cluster', { subscribe: [], initialVersions: { a, b: 'x' } })
    expect(await client.next()).toMatchObject({ type: 'cluster', names: [], removed: ['b'] })
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('a cluster that vanished stays until the routes that the client came back with are replaced', async () => {
    const { connect } = await world(cluster('new'), endpoints('new'), route('r', ['new']))
    const client = connect('delta')
    client.send('cluster', { subscribe: [], initialVersions: { old: 'x' } })
    client.send('route', { subscribe: ['r'], initialVersions: { r: 'x' } })
    expect(await client.next()).toMatchObject({ type: 'cluster', names: ['new'], removed: [] })
    client.ack('cluster')
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'] })
    client.ack('route')
    expect(await client.next()).toMatchObject({ type: 'cluster', names: [], removed: ['old'] })
    client.ack('cluster')
    await expectNothingMore(client)
  })
})

describe('reconnect, SotW', () => {
  // "safe to do this optimization for LDS and CDS when the only subscription is a wildcard" ("ACK/NACK and
  // resource type instance version")
  test('a wildcard that comes back with this very state is not answered until it changes', async () => {
    const { connect, set } = await world(cluster('a'), cluster('b'))
    const before = connect('sotw')
    before.subscribe('cluster')
    const { version } = await before.next()
    const client = connect('sotw')
    client.send('cluster', { version })
    await expectNothingMore(client)
    set(cluster('a', 2), cluster('b'))
    expect((await client.next()).names).toEqual(['a', 'b'])
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('any other version, and any other type, is answered; unknown clusters warm', async () => {
    const { connect } = await world(cluster('a'), endpoints('a'))
    const before = connect('sotw')
    before.subscribe('endpoint', ['a-endpoints'])
    const { version } = await before.next()
    const client = connect('sotw')
    client.send('endpoint', { version, names: ['a-endpoints'] })
    expect((await client.next()).names).toEqual(['a-endpoints'])
    client.send('endpoint', { names: ['a-endpoints'] })
    client.send('cluster', { version: 'older' })
    expect((await client.next()).names).toEqual(['a'])
    client.ack('cluster')
    expect((await client.next()).names).toEqual(['a-endpoints'])
    client.ack('endpoint')
    await expectNothingMore(client)
  })
})

test.each(modes)('%s: equal content has equal versions, whatever the order and the server', async (mode) => {
  const versions = await Promise.all(
    [
      [cluster('a'), cluster('b')],
      [cluster('b'), cluster('a')],
    ].map(async (resources) => {
      const client = (await world(...resources)).connect(mode)
      client.subscribe('cluster')
      const { version, bytes } = await client.next()
      await client.close()
      return { version, bytes }
    }),
  )
  expect(versions[0]).toEqual(versions[1])
  expect(versions[0]?.version).toMatch(/^[0-9a-f]{16}$/)
})
