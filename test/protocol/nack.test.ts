import { describe, expect, test } from 'vitest'
import { cluster, route } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'

// xDS protocol, "ACK and NACK semantics summary" and "When to send an update"
describe.each(modes)('NACK, %s', (mode) => {
  test('what was refused is reported, and does not go out again', async () => {
    const { connect, event } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    const { nonce } = await client.next()
    client.nack('cluster', 'no such thing')
    await expectNothingMore(client)
    expect(await event('nacked')).toMatchObject({
      type: 'cluster',
      nonce,
      message: 'no such thing',
      resources: [{ name: 'a' }],
    })
  })

  test('what an unrelated change brings does not carry it', async () => {
    const { connect, set } = await world(route('r', ['bad']))
    const client = connect(mode)
    client.subscribe('route', ['r', 's'])
    await client.next()
    client.nack('route', 'bad')
    set(route('r', ['bad']), route('s', ['a']))
    expect((await client.next()).names).toEqual(['s'])
    client.ack('route')
    await expectNothingMore(client)
  })

  test('new content is sent', async () => {
    const { connect, set } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.nack('cluster', 'bad')
    set(cluster('a', 2))
    expect((await client.next()).resources[0]?.json).toMatchObject({ connect_timeout: '2s' })
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('the same bytes again after a good version are tried again', async () => {
    const { connect, set } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.nack('cluster', 'bad')
    set(cluster('a', 2))
    await client.next()
    client.ack('cluster')
    set(cluster('a'))
    expect((await client.next()).resources[0]?.json).toMatchObject({ connect_timeout: '1s' })
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('a refused removal is not repeated', async () => {
    const { connect, set } = await world(cluster('a'), cluster('b'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    set(cluster('a'))
    await client.next()
    client.nack('cluster', 'b is needed')
    await expectNothingMore(client)
    set(cluster('a', 2))
    expect((await client.next()).names).toEqual(['a'])
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('other types go on', async () => {
    const { connect } = await world(cluster('a'), route('r', ['a']))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.nack('cluster', 'bad')
    client.subscribe('route', ['r'])
    expect((await client.next()).names).toEqual(['r'])
    client.ack('route')
    await expectNothingMore(client)
  })
})

test('sotw: after a NACK nobody knows what was applied, so the old content is sent when it returns', async () => {
  const { connect, set } = await world(cluster('a'))
  const client = connect('sotw')
  client.subscribe('cluster')
  await client.next()
  client.ack('cluster')
  set(cluster('a', 2))
  await client.next()
  client.nack('cluster', 'bad')
  set(cluster('a'))
  expect((await client.next()).resources[0]?.json).toMatchObject({ connect_timeout: '1s' })
  client.ack('cluster')
  await expectNothingMore(client)
})

describe('sotw, clusters: a response holds a whole state, and what is missing in it is deleted', () => {
  test('so of a client that came back with a state of its own nothing is left out', async () => {
    const { connect, set } = await world(cluster('a'), cluster('b'))
    const client = connect('sotw')
    client.send('cluster', { version: 'older' })
    expect((await client.next()).names).toEqual(['a', 'b'])
    client.nack('cluster', 'bad')
    await expectNothingMore(client)
    set(cluster('a'), cluster('b'), cluster('c'))
    expect((await client.next()).names).toEqual(['a', 'b', 'c'])
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('a refused one stands in it as the client had it, so that the others are in force', async () => {
    const { connect, set } = await world(cluster('a'), cluster('b'))
    const client = connect('sotw')
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    set(cluster('a', 2), cluster('b', 2), cluster('c', 2))
    expect((await client.next()).names).toEqual(['a', 'b', 'c'])
    client.nack('cluster', 'cluster(s) b: bad')
    const { resources } = await client.next()
    expect(resources.map(({ json }) => [json['name'], json['connect_timeout']])).toEqual([
      ['a', '2s'],
      ['b', '1s'],
      ['c', '2s'],
    ])
    client.ack('cluster')
    await expectNothingMore(client)
    set(cluster('a', 3), cluster('b', 2), cluster('c', 2))
    expect((await client.next()).resources.map(({ json }) => json['connect_timeout'])).toEqual([
      '3s',
      '1s',
      '2s',
    ])
    client.ack('cluster')
    await expectNothingMore(client)
    set(cluster('a', 3), cluster('b', 3), cluster('c', 2))
    expect((await client.next()).resources.map(({ json }) => json['connect_timeout'])).toEqual([
      '3s',
      '3s',
      '2s',
    ])
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('or not at all, where the client had none', async () => {
    const { connect } = await world(cluster('a'), cluster('b'), cluster('c'), cluster('d'))
    const client = connect('sotw')
    client.subscribe('cluster')
    await client.next()
    client.nack('cluster', 'bad')
    expect((await client.next()).names).toEqual(['a', 'b'])
    client.ack('cluster')
    expect((await client.next()).names).toEqual(['a', 'b', 'c'])
    client.nack('cluster', 'bad')
    expect((await client.next()).names).toEqual(['a', 'b', 'd'])
    client.ack('cluster')
    await expectNothingMore(client)
  })
})

test('delta: a refused response is refused whole, so its removals are sent again without the rest', async () => {
  const { connect, set } = await world(cluster('a'), cluster('b'))
  const client = connect('delta')
  client.subscribe('cluster')
  await client.next()
  client.ack('cluster')
  set(cluster('a', 2))
  expect(await client.next()).toMatchObject({ names: ['a'], removed: ['b'] })
  client.nack('cluster', 'a is bad')
  expect(await client.next()).toMatchObject({ names: [], removed: ['b'] })
  client.ack('cluster')
  await expectNothingMore(client)
})
