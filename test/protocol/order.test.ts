import { describe, expect, test } from 'vitest'
import type { Mode, XdsClient } from '../support/xds-client.ts'
import { cluster, endpoints, layer, listener, route } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'
import type { World } from './world.ts'

const site = (name: string) => [cluster(name), endpoints(name)]
const same = [listener('l', 'r'), layer('shadowplane')]

/** A client that has everything of a world with the clusters a and b and a route to a. */
async function settled(mode: Mode): Promise<{ readonly client: XdsClient; readonly world: World }> {
  const made = await world(...site('a'), ...site('b'), ...same, route('r', ['a']))
  const client = made.connect(mode)
  client.subscribe('cluster')
  await acknowledge(client, 'cluster')
  client.subscribe('endpoint', ['a-endpoints', 'b-endpoints'])
  await acknowledge(client, 'endpoint')
  client.subscribe('listener')
  await acknowledge(client, 'listener')
  client.subscribe('route', ['r'])
  await acknowledge(client, 'route')
  await expectNothingMore(client)
  return { client, world: made }
}

async function acknowledge(
  client: XdsClient,
  type: 'cluster' | 'endpoint' | 'listener' | 'route',
): Promise<void> {
  expect((await client.next()).type).toBe(type)
  client.ack(type)
}

/** Delta has a response of its own for what vanishes of such a type; SotW has no way to say it. */
async function acknowledgeRemoval(
  client: XdsClient,
  type: 'endpoint' | 'route',
  name: string,
): Promise<void> {
  if (client.mode === 'sotw') return
  expect(await client.next()).toMatchObject({ type, names: [], removed: [name] })
  client.ack(type)
}

// xDS protocol, "Eventual consistency considerations"
describe.each(modes)('make before break, %s', (mode) => {
  const whole = mode === 'sotw'

  test('requests that arrive together are answered in the order of types', async () => {
    const { connect } = await world(...site('a'), ...same, route('r', ['a']))
    const client = connect(mode)
    client.subscribe('runtime', ['shadowplane'])
    client.subscribe('route', ['r'])
    client.subscribe('listener')
    client.subscribe('endpoint', ['a-endpoints'])
    client.subscribe('cluster')
    const first = await client.next()
    const rest = [await client.next(), await client.next(), await client.next(), await client.next()].map(
      ({ type }) => type,
    )
    const order = ['cluster', 'endpoint', 'listener', 'route', 'runtime']
    expect([first.type, ...rest].toSorted()).toEqual(order.toSorted())
    await expectNothingMore(client)
  })

  test('a route to a new cluster waits until the cluster is ACKed; the old one goes when the route is', async () => {
    const {
      client,
      world: { set },
    } = await settled(mode)
    set(...site('b'), ...site('c'), ...same, route('r', ['c']))
    expect(await client.next()).toMatchObject({
      type: 'cluster',
      names: whole ? ['a', 'b', 'c'] : ['c'],
      removed: [],
    })
    await expectNothingMore(client)
    client.ack('cluster')
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'] })
    await expectNothingMore(client)
    client.ack('route')
    expect(await client.next()).toMatchObject({
      type: 'cluster',
      names: whole ? ['b', 'c'] : [],
      removed: whole ? [] : ['a'],
    })
    await expectNothingMore(client)
    client.ack('cluster')
    await acknowledgeRemoval(client, 'endpoint', 'a-endpoints')
    await expectNothingMore(client)
  })

  test('and for its endpoints, where they are asked for', async () => {
    const {
      client,
      world: { set },
    } = await settled(mode)
    set(...site('a'), ...site('b'), ...site('c'), ...same, route('r', ['a', 'c']))
    expect((await client.next()).type).toBe('cluster')
    client.subscribe('endpoint', whole ? ['a-endpoints', 'b-endpoints', 'c-endpoints'] : ['c-endpoints'])
    expect((await client.next()).type).toBe('endpoint')
    client.ack('cluster')
    await expectNothingMore(client)
    client.ack('endpoint')
    expect((await client.next()).type).toBe('route')
    client.ack('route')
    await expectNothingMore(client)
  })

  test('does not wait for what was refused', async () => {
    const {
      client,
      world: { set },
    } = await settled(mode)
    set(...site('a'), ...site('b'), ...site('c'), ...same, route('r', ['c']))
    await client.next()
    client.nack('cluster', 'bad')
    expect((await client.next()).type).toBe('route')
    client.ack('route')
    await expectNothingMore(client)
  })

  test('a cluster that a refused route would have freed stays', async () => {
    const {
      client,
      world: { set },
    } = await settled(mode)
    set(...site('b'), ...same, route('r', ['b']))
    expect((await client.next()).type).toBe('route')
    client.nack('route', 'bad')
    await expectNothingMore(client)
    set(...site('b'), ...same, route('r', ['b'], 2))
    expect((await client.next()).type).toBe('route')
    client.ack('route')
    expect(await client.next()).toMatchObject({ type: 'cluster', names: whole ? ['b'] : [] })
    client.ack('cluster')
    await acknowledgeRemoval(client, 'endpoint', 'a-endpoints')
    await expectNothingMore(client)
  })

  test('a cluster that nothing refers to goes at once', async () => {
    const {
      client,
      world: { set },
    } = await settled(mode)
    set(...site('a'), ...same, route('r', ['a']))
    expect(await client.next()).toMatchObject({ type: 'cluster', removed: whole ? [] : ['b'] })
    client.ack('cluster')
    await acknowledgeRemoval(client, 'endpoint', 'b-endpoints')
    await expectNothingMore(client)
  })

  test('a cluster stays until the listener that vanished has taken its route with it', async () => {
    const {
      client,
      world: { set },
    } = await settled(mode)
    set(...site('b'))
    expect(await client.next()).toMatchObject({ type: 'listener', names: [], removed: whole ? [] : ['l'] })
    await expectNothingMore(client)
    client.ack('listener')
    // SotW has no word for a route that is gone: Envoy asks for it, and serves by it, until the listener is
    // drained.
    if (whole) await expectNothingMore(client)
    if (whole) client.unsubscribe('route', ['r'])
    await acknowledgeRemoval(client, 'route', 'r')
    expect(await client.next()).toMatchObject({ type: 'cluster', removed: whole ? [] : ['a'] })
    client.ack('cluster')
    await acknowledgeRemoval(client, 'endpoint', 'a-endpoints')
    await expectNothingMore(client)
  })

  test('endpoints that vanish under a living cluster are removed at once', async () => {
    const { client, world: made } = await settled(mode)
    made.set(...site('a'), cluster('b'), ...same, route('r', ['a']))
    await acknowledgeRemoval(client, 'endpoint', 'b-endpoints')
    await expectNothingMore(client)
    expect(made.events.filter((event) => event.kind === 'pushed' && event.type === 'endpoint')).toHaveLength(
      whole ? 1 : 2,
    )
  })

  // xDS protocol, "Resource warming"
  test('endpoints are sent again when their cluster changes, and only those', async () => {
    const {
      client,
      world: { set },
    } = await settled(mode)
    set(cluster('a', 2), endpoints('a'), ...site('b'), ...same, route('r', ['a']))
    expect((await client.next()).type).toBe('cluster')
    const warming = await client.next()
    expect(warming).toMatchObject({ type: 'endpoint', names: ['a-endpoints'] })
    client.ack('cluster')
    client.ack('endpoint')
    await expectNothingMore(client)
    set(cluster('a', 2), endpoints('a'), ...site('b'), ...same, route('r', ['a'], 2))
    expect((await client.next()).type).toBe('route')
    client.ack('route')
    await expectNothingMore(client)
  })
})
