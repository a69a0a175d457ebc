import { describe, expect, test } from 'vitest'
import { cluster, endpoints, layer } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'

describe.each(modes)('a slow reader, %s', (mode) => {
  test('that does not ACK is given nothing more of that type, and then the latest state', async () => {
    const { connect, set, events } = await world(cluster('a'), layer('shadowplane'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    for (const revision of [2, 3, 4, 5]) set(cluster('a', revision), layer('shadowplane'))
    await expectNothingMore(client)
    client.subscribe('runtime', ['shadowplane'])
    expect((await client.next()).type).toBe('runtime')
    client.ack('runtime')
    client.ack('cluster')
    expect((await client.next()).resources[0]?.json).toMatchObject({ connect_timeout: '5s' })
    client.ack('cluster')
    await expectNothingMore(client)
    expect(events.filter((event) => event.kind === 'pushed' && event.type === 'cluster')).toHaveLength(2)
  })

  test('does not hold up another stream', async () => {
    const { connect, set } = await world(cluster('a'))
    const slow = connect(mode)
    slow.subscribe('cluster')
    await slow.next()
    slow.pause()
    const quick = connect(mode)
    quick.subscribe('cluster')
    await quick.next()
    quick.ack('cluster')
    for (const revision of [2, 3, 4]) {
      set(cluster('a', revision))
      expect((await quick.next()).resources[0]?.json).toMatchObject({ connect_timeout: `${revision}s` })
      quick.ack('cluster')
    }
    await expectNothingMore(quick)
    slow.ack('cluster')
    slow.resume()
    expect((await slow.next()).resources[0]?.json).toMatchObject({ connect_timeout: '4s' })
    slow.ack('cluster')
    await expectNothingMore(slow)
  })

  test('whose answer meets a state that it already has is given nothing', async () => {
    const { connect, set } = await world(endpoints('a'))
    const client = connect(mode)
    client.subscribe('endpoint', ['a-endpoints'])
    expect((await client.next()).names).toEqual(['a-endpoints'])
    set(endpoints('a', 9090))
    set(endpoints('a'))
    client.ack('endpoint')
    await expectNothingMore(client)
  })
})
