import { describe, expect, test } from 'vitest'
import { cluster, listener, route } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'

// xDS protocol, "How the client specifies what resources to return"
describe.each(modes)('wildcard, %s', (mode) => {
  test('a first request that names nothing is given everything', async () => {
    const { connect } = await world(cluster('a'), cluster('b'))
    const client = connect(mode)
    client.subscribe('cluster')
    expect(await client.next()).toMatchObject({ type: 'cluster', names: ['a', 'b'], removed: [] })
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('the explicit * is given everything', async () => {
    const { connect } = await world(listener('a', 'r'))
    const client = connect(mode)
    client.subscribe('listener', ['*'])
    expect(await client.next()).toMatchObject({ type: 'listener', names: ['a'] })
    client.ack('listener')
    await expectNothingMore(client)
  })

  test('is answered when there is nothing, or Envoy would wait for its initial fetch', async () => {
    const { connect } = await world()
    const client = connect(mode)
    client.subscribe('cluster')
    expect(await client.next()).toMatchObject({ type: 'cluster', names: [], removed: [] })
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('follows what is added, changed and removed', async () => {
    const { connect, set } = await world(cluster('a'), cluster('b'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    await expectNothingMore(client)
    set(cluster('a', 2), cluster('c'))
    const whole = mode === 'sotw'
    expect(await client.next()).toMatchObject({
      type: 'cluster',
      names: ['a', 'c'],
      removed: whole ? [] : ['b'],
    })
    client.ack('cluster')
    await expectNothingMore(client)
    set(cluster('a', 2), cluster('c'), cluster('d'))
    expect((await client.next()).names).toEqual(whole ? ['a', 'c', 'd'] : ['d'])
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('an empty list means everything no longer, once a name was given', async () => {
    const { connect, set } = await world(cluster('a'), cluster('b'))
    const client = connect(mode)
    client.subscribe('cluster', ['a'])
    expect((await client.next()).names).toEqual(['a'])
    client.ack('cluster')
    client.unsubscribe('cluster', ['a'])
    set(cluster('a', 2), cluster('b', 2))
    await expectNothingMore(client)
  })

  test('no other type has it', async () => {
    const { connect } = await world(route('r', ['a']))
    const client = connect(mode)
    client.subscribe('route')
    await expectNothingMore(client)
    client.subscribe('route', ['r'])
    expect((await client.next()).names).toEqual(['r'])
    client.ack('route')
    await expectNothingMore(client)
  })

  test('* and a name: taking back the * leaves the name', async () => {
    const { connect, set } = await world(cluster('a'), cluster('b'))
    const client = connect(mode)
    client.subscribe('cluster', ['*', 'a'])
    expect((await client.next()).names).toEqual(['a', 'b'])
    client.ack('cluster')
    client.unsubscribe('cluster', ['*'])
    set(cluster('a', 2), cluster('b', 2))
    expect(await client.next()).toMatchObject({ names: ['a'], removed: [] })
    client.ack('cluster')
    await expectNothingMore(client)
  })
})

describe('wildcard, delta only', () => {
  test('the legacy wildcard lasts while names are added to it', async () => {
    const { connect, set } = await world(cluster('a'))
    const client = connect('delta')
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    client.subscribe('cluster', ['a'])
    expect((await client.next()).names).toEqual(['a'])
    client.ack('cluster')
    set(cluster('a'), cluster('b'))
    expect((await client.next()).names).toEqual(['b'])
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('a name beside the wildcard that does not exist is said to be absent, once', async () => {
    const { connect, set } = await world(cluster('a'))
    const client = connect('delta')
    client.subscribe('cluster', ['*', 'gone'])
    expect(await client.next()).toMatchObject({ names: ['a'], removed: ['gone'] })
    client.ack('cluster')
    set(cluster('a', 2))
    expect(await client.next()).toMatchObject({ names: ['a'], removed: [] })
    client.ack('cluster')
    await expectNothingMore(client)
  })

  // "the server must send a response that includes the specific resource" ("Unsubscribing from Resources")
  test('a name taken back under a wildcard is answered: with the resource, or its removal', async () => {
    const { connect } = await world(cluster('a'))
    const client = connect('delta')
    client.subscribe('cluster', ['*', 'a', 'gone'])
    expect(await client.next()).toMatchObject({ names: ['a'], removed: ['gone'] })
    client.ack('cluster')
    client.unsubscribe('cluster', ['a', 'gone'])
    expect(await client.next()).toMatchObject({ names: ['a'], removed: ['gone'] })
    client.ack('cluster')
    await expectNothingMore(client)
  })
})
