import { describe, expect, test } from 'vitest'
import { cluster, endpoints, layer, route } from '../support/xds-resources.ts'
import type { XdsClient } from '../support/xds-client.ts'
import { expectNothingMore, modes, world } from './world.ts'

async function expectAbsence(client: XdsClient, name: string): Promise<void> {
  if (client.mode === 'sotw') return
  expect(await client.next()).toMatchObject({ type: 'route', names: [], removed: [name] })
  client.ack('route')
}

describe.each(modes)('names, %s', (mode) => {
  test('only what is named is sent', async () => {
    const { connect, set } = await world(route('r', ['a']), route('s', ['a']))
    const client = connect(mode)
    client.subscribe('route', ['r'])
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'], removed: [] })
    client.ack('route')
    set(route('r', ['a']), route('s', ['b']))
    await expectNothingMore(client)
    set(route('r', ['c']), route('s', ['b']))
    expect((await client.next()).names).toEqual(['r'])
    client.ack('route')
    await expectNothingMore(client)
  })

  // "Knowing When a Requested Resource Does Not Exist": SotW has no way to say so, delta names it once.
  test('a name that does not exist yet is sent when it does', async () => {
    const { connect, set } = await world()
    const client = connect(mode)
    client.subscribe('route', ['r'])
    await expectAbsence(client, 'r')
    await expectNothingMore(client)
    set(cluster('unrelated'))
    await expectNothingMore(client)
    set(route('r', ['a']))
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'], removed: [] })
    client.ack('route')
    await expectNothingMore(client)
  })

  test('a subset that exists is sent; the rest when it comes', async () => {
    const { connect, set } = await world(endpoints('a'))
    const client = connect(mode)
    client.subscribe('endpoint', ['a-endpoints', 'b-endpoints'])
    expect(await client.next()).toMatchObject({
      names: ['a-endpoints'],
      removed: mode === 'delta' ? ['b-endpoints'] : [],
    })
    client.ack('endpoint')
    await expectNothingMore(client)
    set(endpoints('a'), endpoints('b'))
    expect((await client.next()).names).toEqual(['b-endpoints'])
    client.ack('endpoint')
    await expectNothingMore(client)
  })

  test('a name added later is sent, though nothing has changed', async () => {
    const { connect } = await world(endpoints('a'), endpoints('b'))
    const client = connect(mode)
    client.subscribe('endpoint', ['a-endpoints'])
    await client.next()
    client.ack('endpoint')
    client.subscribe('endpoint', mode === 'delta' ? ['b-endpoints'] : ['a-endpoints', 'b-endpoints'])
    expect((await client.next()).names).toEqual(['b-endpoints'])
    client.ack('endpoint')
    await expectNothingMore(client)
  })

  test('what is unsubscribed is forgotten: not pushed, and sent when it is subscribed again', async () => {
    const { connect, set } = await world(endpoints('a'), endpoints('b'))
    const client = connect(mode)
    client.subscribe('endpoint', ['a-endpoints', 'b-endpoints'])
    await client.next()
    client.ack('endpoint')
    client.unsubscribe('endpoint', ['b-endpoints'])
    await expectNothingMore(client)
    set(endpoints('a'), endpoints('b', 9090))
    await expectNothingMore(client)
    client.subscribe('endpoint', mode === 'delta' ? ['b-endpoints'] : ['a-endpoints', 'b-endpoints'])
    expect((await client.next()).names).toEqual(['b-endpoints'])
    client.ack('endpoint')
    await expectNothingMore(client)
  })

  test('a name that was never subscribed can be unsubscribed', async () => {
    const { connect } = await world(endpoints('a'))
    const client = connect(mode)
    client.subscribe('endpoint', ['a-endpoints'])
    expect((await client.next()).names).toEqual(['a-endpoints'])
    client.ack('endpoint')
    client.unsubscribe('endpoint', ['never'])
    await expectNothingMore(client)
  })

  test('the runtime layer is answered, or Envoy would wait for it', async () => {
    const { connect, set } = await world(layer('shadowplane'))
    const client = connect(mode)
    client.subscribe('runtime', ['shadowplane'])
    expect(await client.next()).toMatchObject({ type: 'runtime', names: ['shadowplane'] })
    client.ack('runtime')
    set(layer('shadowplane', 5))
    const { resources } = await client.next('runtime')
    expect(resources[0]?.json).toMatchObject({ layer: { dial: 5 } })
    client.ack('runtime')
    await expectNothingMore(client)
  })
})

describe('names, delta only', () => {
  // "the server must still provide those resources in the response" ("Subscribing to Resources")
  test('what is subscribed again is sent again, and nothing else', async () => {
    const { connect } = await world(endpoints('a'), endpoints('b'))
    const client = connect('delta')
    client.subscribe('endpoint', ['a-endpoints', 'b-endpoints', 'gone'])
    await client.next()
    client.ack('endpoint')
    client.subscribe('endpoint', ['a-endpoints', 'gone'])
    expect(await client.next()).toMatchObject({ names: ['a-endpoints'], removed: ['gone'] })
    client.ack('endpoint')
    await expectNothingMore(client)
  })

  test('what vanishes is removed, once', async () => {
    const { connect, set } = await world(route('r', []), route('s', []))
    const client = connect('delta')
    client.subscribe('route', ['r', 's'])
    await client.next()
    client.ack('route')
    set(route('s', []))
    expect(await client.next()).toMatchObject({ names: [], removed: ['r'] })
    client.ack('route')
    set(route('s', ['a']))
    expect(await client.next()).toMatchObject({ names: ['s'], removed: [] })
    client.ack('route')
    await expectNothingMore(client)
  })
})
