import { describe, expect, onTestFinished, test } from 'vitest'
import { EnvoyDouble } from '../support/envoy-double.ts'
import type { Resource } from '../../src/xds/resource.ts'
import type { XdsClient, XdsResponse } from '../support/xds-client.ts'
import { cluster, endpoints, listener, route, routeApart, virtualHost } from '../support/xds-resources.ts'
import { expectNothingMore, world, worldWith } from './world.ts'
import type { World } from './world.ts'

// Virtual host discovery: docs of RouteConfiguration.vhds, and what Envoy does with it: a virtual host that
// arrives before its route configuration is ACKed is lost, an empty list on the first request means all, and
// no further request follows.

const agent = (major: number, minor: number) => ({
  id: 'e',
  cluster: 'c',
  user_agent_name: 'envoy',
  user_agent_build_version: { version: { major_number: major, minor_number: minor } },
})
const envoy = agent(1, 40)
const hosts = [virtualHost('r', 'a'), virtualHost('r', 'b')]

/** A client that holds the route configuration r and what is owned by it. */
async function settled(
  ...resources: readonly Resource[]
): Promise<{ readonly client: XdsClient; readonly world: World }> {
  const made = await world(...resources)
  const client = made.connect('delta', { node: envoy })
  client.subscribe('route', ['r'])
  expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
  client.subscribe('virtual-host')
  expect(await taken(client)).toMatchObject({ type: 'virtual-host' })
  await expectNothingMore(client)
  return { client, world: made }
}

/** The next response, accepted. */
async function taken(client: XdsClient): Promise<XdsResponse> {
  const response = await client.next()
  client.ack(response.type)
  return response
}

describe('virtual hosts', () => {
  test('are all sent, once, when their route configuration is ACKed', async () => {
    const { connect } = await world(routeApart('r'), ...hosts)
    const client = connect('delta', { node: envoy })
    client.subscribe('route', ['r'])
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'] })
    client.subscribe('virtual-host')
    await expectNothingMore(client)
    client.ack('route')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a', 'r/b'], removed: [] })
    await expectNothingMore(client)
  })

  test('of a route configuration that comes later follow its ACK, without a further request', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set(routeApart('r'), ...hosts, routeApart('s'), virtualHost('s', 'c'))
    await expectNothingMore(client)
    client.subscribe('route', ['s'])
    expect(await client.next()).toMatchObject({ type: 'route', names: ['s'] })
    await expectNothingMore(client)
    client.ack('route')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['s/c'], removed: [] })
    await expectNothingMore(client)
  })

  test('of a route configuration that nobody asked for are not sent', async () => {
    const {
      client,
      world: { events },
    } = await settled(routeApart('r'), ...hosts, routeApart('other'), virtualHost('other', 'x'))
    await expectNothingMore(client)
    expect(
      events.flatMap((event) => (event.kind === 'pushed' && event.type === 'virtual-host' ? event.sent : [])),
    ).toEqual(['r/a', 'r/b'])
  })

  test('one that changes is one resource', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set(routeApart('r'), virtualHost('r', 'a', { revision: 2 }), virtualHost('r', 'b'))
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a'], removed: [] })
    await expectNothingMore(client)
  })

  test('one that vanishes is removed by name, together with what takes its place', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set(routeApart('r'), virtualHost('r', 'a'), virtualHost('r', 'c'))
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/c'], removed: ['r/b'] })
    await expectNothingMore(client)
  })

  test('wait while their route configuration changes, removals included', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set(routeApart('r', 2), virtualHost('r', 'a', { revision: 2 }))
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'] })
    await expectNothingMore(client)
    client.ack('route')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a'], removed: ['r/b'] })
    await expectNothingMore(client)
  })

  test('go to the route configuration that is held, where the new one is refused', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set(routeApart('r', 2), virtualHost('r', 'a', { revision: 2 }), virtualHost('r', 'b'))
    await client.next()
    client.nack('route', 'bad')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a'] })
    await expectNothingMore(client)
  })

  test('but not where that is not known to take any', async () => {
    const { connect, set } = await world(route('r', []))
    const client = connect('delta', { node: envoy })
    client.subscribe('route', ['r'])
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
    client.subscribe('virtual-host')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: [] })
    set(routeApart('r'), ...hosts)
    await client.next()
    client.nack('route', 'bad')
    await expectNothingMore(client)
    set(routeApart('r', 2), ...hosts)
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a', 'r/b'] })
    await expectNothingMore(client)
  })

  test('vanish quietly with their route configuration, and are sent again when it returns', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set()
    expect(await taken(client)).toMatchObject({ type: 'route', removed: ['r'] })
    await expectNothingMore(client)
    set(routeApart('r'), ...hosts)
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a', 'r/b'], removed: [] })
    await expectNothingMore(client)
  })

  // Envoy ignores the removal of a route configuration to which it subscribes.
  test('that are deleted while their route configuration is absent are removed by name when it returns', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set()
    expect(await taken(client)).toMatchObject({ type: 'route', removed: ['r'] })
    await expectNothingMore(client)
    set(routeApart('r'), virtualHost('r', 'a'), virtualHost('r', 'c'))
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'] })
    await expectNothingMore(client)
    client.ack('route')
    expect(await taken(client)).toMatchObject({
      type: 'virtual-host',
      names: ['r/a', 'r/c'],
      removed: ['r/b'],
    })
    await expectNothingMore(client)
  })

  test('are not removed by name when their route configuration was unsubscribed while it was absent', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set()
    expect(await taken(client)).toMatchObject({ type: 'route', removed: ['r'] })
    client.unsubscribe('route', ['r'])
    await expectNothingMore(client)
    set(routeApart('r'), virtualHost('r', 'a'))
    client.subscribe('route', ['r'])
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a'], removed: [] })
    await expectNothingMore(client)
  })

  test('vanish with a route configuration that is unsubscribed', async () => {
    const { client } = await settled(routeApart('r'), ...hosts)
    client.unsubscribe('route', ['r'])
    await expectNothingMore(client)
    client.subscribe('route', ['r'])
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a', 'r/b'] })
    await expectNothingMore(client)
  })

  test('of a route configuration that takes none any more are removed when it is ACKed', async () => {
    const {
      client,
      world: { set },
    } = await settled(routeApart('r'), ...hosts)
    set(route('r', []))
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'] })
    await expectNothingMore(client)
    client.ack('route')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: [], removed: ['r/a', 'r/b'] })
    await expectNothingMore(client)
  })

  test('can be asked for by name', async () => {
    const { connect } = await world(routeApart('r'), ...hosts)
    const client = connect('delta', { node: envoy })
    client.subscribe('route', ['r'])
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
    client.subscribe('virtual-host', ['r/b', 'r/none'])
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/b'], removed: ['r/none'] })
    await expectNothingMore(client)
  })
})

describe('virtual hosts and clusters', () => {
  const site = (name: string) => [cluster(name), endpoints(name)]

  test('a cluster comes before the virtual host that goes to it, and leaves after', async () => {
    const made = await world(routeApart('r'), ...site('a'), virtualHost('r', 'v', { to: 'a' }))
    const client = made.connect('delta', { node: envoy })
    client.subscribe('cluster')
    expect(await taken(client)).toMatchObject({ type: 'cluster', names: ['a'] })
    client.subscribe('endpoint', ['a-endpoints', 'b-endpoints'])
    expect(await taken(client)).toMatchObject({
      type: 'endpoint',
      names: ['a-endpoints'],
      removed: ['b-endpoints'],
    })
    client.subscribe('route', ['r'])
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
    client.subscribe('virtual-host')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/v'] })
    made.set(routeApart('r'), ...site('b'), virtualHost('r', 'v', { to: 'b' }))
    expect(await client.next()).toMatchObject({ type: 'cluster', names: ['b'], removed: [] })
    expect(await client.next()).toMatchObject({ type: 'endpoint', names: ['b-endpoints'], removed: [] })
    await expectNothingMore(client)
    client.ack('cluster')
    await expectNothingMore(client)
    client.ack('endpoint')
    expect(await client.next()).toMatchObject({ type: 'virtual-host', names: ['r/v'] })
    await expectNothingMore(client)
    client.ack('virtual-host')
    expect(await taken(client)).toMatchObject({ type: 'cluster', names: [], removed: ['a'] })
    expect(await taken(client)).toMatchObject({ type: 'endpoint', names: [], removed: ['a-endpoints'] })
    await expectNothingMore(client)
  })
})

describe('what only virtual hosts kept', () => {
  /**
   * A client with two listeners, whose route configurations have a virtual host each, to clusters of their
   * own.
   */
  async function twoSites() {
    const site = (name: string) => [
      cluster(name),
      endpoints(name),
      listener(`${name}-l`, `${name}-r`),
      routeApart(`${name}-r`),
      virtualHost(`${name}-r`, name),
    ]
    const made = await world(...site('a'), ...site('b'))
    const client = made.connect('delta', { node: envoy })
    client.subscribe('cluster')
    expect(await taken(client)).toMatchObject({ type: 'cluster', names: ['a', 'b'] })
    client.subscribe('endpoint', ['a-endpoints', 'b-endpoints'])
    expect(await taken(client)).toMatchObject({ type: 'endpoint' })
    client.subscribe('listener')
    expect(await taken(client)).toMatchObject({ type: 'listener', names: ['a-l', 'b-l'] })
    client.subscribe('route', ['a-r', 'b-r'])
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['a-r', 'b-r'] })
    client.subscribe('virtual-host')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['a-r/a', 'b-r/b'] })
    await expectNothingMore(client)
    return { client, site, set: made.set }
  }

  async function expectClusterGone(client: XdsClient): Promise<void> {
    expect(await taken(client)).toMatchObject({ type: 'cluster', names: [], removed: ['b'] })
    expect(await taken(client)).toMatchObject({ type: 'endpoint', names: [], removed: ['b-endpoints'] })
    await expectNothingMore(client)
  }

  test('goes when their route configuration has gone with its listener: no answer of theirs ever comes', async () => {
    const { client, site, set } = await twoSites()
    set(...site('a'))
    expect(await client.next()).toMatchObject({ type: 'listener', names: [], removed: ['b-l'] })
    await expectNothingMore(client)
    client.ack('listener')
    expect(await client.next()).toMatchObject({ type: 'route', names: [], removed: ['b-r'] })
    await expectNothingMore(client)
    client.ack('route')
    await expectClusterGone(client)
  })

  test('goes when the client no longer wants their route configuration', async () => {
    const { client, site, set } = await twoSites()
    set(...site('a'))
    expect(await taken(client)).toMatchObject({ type: 'listener', names: [], removed: ['b-l'] })
    expect(await client.next()).toMatchObject({ type: 'route', names: [], removed: ['b-r'] })
    client.unsubscribe('route', ['b-r'])
    await expectClusterGone(client)
    client.ack('route')
    await expectNothingMore(client)
  })

  test('stays while a removal of the route configuration is refused', async () => {
    const { client, site, set } = await twoSites()
    set(...site('a'))
    expect(await taken(client)).toMatchObject({ type: 'listener', names: [], removed: ['b-l'] })
    expect(await client.next()).toMatchObject({ type: 'route', names: [], removed: ['b-r'] })
    client.nack('route', 'still in use')
    await expectNothingMore(client)
    client.unsubscribe('route', ['b-r'])
    await expectClusterGone(client)
  })
})

describe('virtual hosts on reconnect', () => {
  const [r, a, b] = [routeApart('r').version, hosts[0]?.version ?? '', hosts[1]?.version ?? '']

  test('are not sent again to a client that has them and their route configuration', async () => {
    const { connect, events } = await world(routeApart('r'), ...hosts)
    const client = connect('delta', { node: envoy })
    client.send('route', { subscribe: ['r'], initialVersions: { r } })
    client.send('virtual-host', { subscribe: [], initialVersions: { 'r/a': a, 'r/b': b } })
    await expectNothingMore(client)
    expect(events.flatMap((event) => (event.kind === 'pushed' ? event.type : []))).toEqual(['secret'])
  })

  test('what changed or vanished meanwhile follows the ACK of their route configuration', async () => {
    const client = (await world(routeApart('r', 2), ...hosts)).connect('delta', { node: envoy })
    client.send('route', { subscribe: ['r'], initialVersions: { r } })
    client.send('virtual-host', {
      subscribe: [],
      initialVersions: { 'r/a': a, 'r/b': 'older', 'r/c': 'gone' },
    })
    expect(await client.next()).toMatchObject({ type: 'route', names: ['r'] })
    await expectNothingMore(client)
    client.ack('route')
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/b'], removed: ['r/c'] })
    await expectNothingMore(client)
  })

  // Envoy claims virtual hosts that it lost, too.
  test('those without their route configuration are not believed', async () => {
    const client = (await world(routeApart('r'), ...hosts)).connect('delta', { node: envoy })
    client.send('route', { subscribe: ['r'] })
    client.send('virtual-host', { subscribe: [], initialVersions: { 'r/a': a, 'r/b': b } })
    expect(await taken(client)).toMatchObject({ type: 'route', names: ['r'] })
    expect(await taken(client)).toMatchObject({ type: 'virtual-host', names: ['r/a', 'r/b'] })
    await expectNothingMore(client)
  })
})

describe('who gets separate virtual hosts', () => {
  const gateway = { role: 'gateway', namespace: 'default' } as const
  test.each([
    ['Envoy over delta', 'delta', envoy, undefined, {}, 'separate'],
    ['Envoy over delta, turned off', 'delta', envoy, undefined, { virtualHostDiscovery: 'inline' }, 'inline'],
    ['Envoy over SotW', 'sotw', envoy, undefined, {}, 'inline'],
    ['the first Envoy that takes them', 'delta', agent(1, 37), undefined, {}, 'separate'],
    ['an Envoy that refuses them over ADS', 'delta', agent(1, 36), undefined, {}, 'inline'],
    ['an Envoy to come', 'delta', agent(2, 0), undefined, {}, 'separate'],
    [
      'an Envoy that does not report its version',
      'delta',
      { id: 'e', cluster: 'c', user_agent_name: 'envoy' },
      undefined,
      {},
      'inline',
    ],
    ['somebody else', 'delta', { ...envoy, user_agent_name: 'other' }, undefined, {}, 'inline'],
    ['Envoy on a stream of route configurations alone', 'delta', envoy, 'route', {}, 'inline'],
    ['who asks for nothing but virtual hosts', 'delta', envoy, 'virtual-host', {}, 'separate'],
  ] as const)('%s', async (...row) => {
    const [, mode, node, only, options, virtualHosts] = row
    const { connect, event } = await worldWith(options)
    connect(mode, { node, ...(only === undefined ? {} : { only }) }).subscribe('route', ['r'])
    expect((await event('connected')).proxy.scope).toMatchObject({ ...gateway, virtualHosts })
  })

  test('SotW has no such type', async () => {
    const { connect, event } = await world(routeApart('r'), ...hosts)
    const client = connect('sotw', { node: envoy })
    client.subscribe('virtual-host')
    expect(await event('refused')).toMatchObject({
      reason: 'type URL "type.googleapis.com/envoy.config.route.v3.VirtualHost" is not served in SotW',
    })
    await expectNothingMore(client)
  })
})

test('a client that behaves like an Envoy loses none', async () => {
  const { address, set } = await world(listener('l', 'r'), routeApart('r'), ...hosts)
  const double = new EnvoyDouble(address, { mode: 'delta', node: envoy })
  onTestFinished(() => double.close())
  await double.until('its virtual hosts', (it) => it.held('virtual-host').size === 2)
  set(
    listener('l', 'r'),
    routeApart('r'),
    ...hosts,
    listener('m', 's'),
    routeApart('s'),
    virtualHost('s', 'c'),
  )
  await double.until('those of another listener', (it) => it.held('virtual-host').has('s/c'))
  set(listener('m', 's'), routeApart('s', 2), virtualHost('s', 'c', { revision: 2 }))
  await double.until('only those', (it) => [...it.held('virtual-host').keys()].join() === 's/c')
  set(listener('l', 'r'), routeApart('r'), ...hosts)
  await double.until(
    'the first ones again',
    (it) => [...it.held('virtual-host').keys()].toSorted().join() === 'r/a,r/b',
  )
})
