import { describe, expect, test } from 'vitest'
import { cluster, layer, listener } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'

// The resources of a new scope are known only later.

describe.each(modes)('a stream without a snapshot, %s', (mode) => {
  test('takes requests in, and answers them when there is one', async () => {
    const { connect, event, snapshots, set } = await world()
    snapshots.withhold()
    const client = connect(mode)
    client.subscribe('cluster')
    client.subscribe('listener')
    await event('connected')
    set(cluster('a'), listener('l', 'r'))
    expect((await client.next()).names).toEqual(['a'])
    client.ack('cluster')
    expect((await client.next()).names).toEqual(['l'])
    client.ack('listener')
    await expectNothingMore(client)
  })

  test('does not hold up others, and is none of those of whom it is known what they have', async () => {
    const { connect, event, snapshots, set, server } = await world(cluster('a'))
    const known = connect(mode)
    known.subscribe('cluster')
    await known.next()
    known.ack('cluster')
    snapshots.withhold()
    const late = connect(mode)
    late.subscribe('cluster')
    await expectNothingMore(known)
    expect([snapshots.subscribed.length, server.clients().length]).toEqual([2, 1])
    set(cluster('a', 2))
    expect((await late.next()).names).toEqual(['a'])
    expect(server.clients()).toHaveLength(2)
    await event('connected')
  })

  test('that goes leaves nothing behind', async () => {
    const { connect, event, snapshots, set } = await world()
    snapshots.withhold()
    const client = connect(mode)
    client.subscribe('runtime', ['x'])
    await event('connected')
    await client.close()
    await event('disconnected')
    expect(snapshots.subscribed).toEqual([])
    set(layer('x'))
  })

  test('is told that the server closes', async () => {
    const { connect, event, snapshots, server } = await world()
    snapshots.withhold()
    const client = connect(mode)
    client.subscribe('cluster')
    await event('connected')
    await server.close()
    expect((await client.status()).details).toContain('shutting down')
    expect(snapshots.subscribed).toEqual([])
  })
})
