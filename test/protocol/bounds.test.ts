import { status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import type { Resource } from '../../src/xds/resource.ts'
import { Timers } from '../support/timers.ts'
import type { XdsClient } from '../support/xds-client.ts'
import { cluster, endpoints, route } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world, worldWith } from './world.ts'

describe.each(modes)('an answer that does not come, %s', (mode) => {
  test('ends the stream', async () => {
    const timers = new Timers()
    const { connect, events } = await worldWith(
      { schedule: timers.schedule, limits: { answerTimeout: 30_000 } },
      cluster('a'),
    )
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    timers.pass(29_999)
    expect(events.filter(({ kind }) => kind === 'disconnected')).toEqual([])
    timers.pass(1)
    expect(await client.status()).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: 'no answer to a cluster response within 30 s',
    })
    await expect.poll(() => timers.pending).toBe(0)
  })

  test('is not waited for where it came, or the client left', async () => {
    const timers = new Timers()
    const { connect, event } = await worldWith({ schedule: timers.schedule }, cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    await expectNothingMore(client)
    client.subscribe('cluster', ['*', 'a'])
    await client.close()
    await event('disconnected')
    await expect.poll(() => timers.pending).toBe(0)
  })
})

describe.each(modes)('limits, %s', (mode) => {
  test('a stream too many is refused, and there is room again when one ends', async () => {
    const { connect, event } = await worldWith({ limits: { streams: 1 } }, cluster('a'))
    const first = connect(mode)
    first.subscribe('cluster')
    await first.next()
    const second = connect(mode)
    second.subscribe('cluster')
    expect(await second.status()).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: '1 streams are open, which is the limit of this control plane',
    })
    await first.close()
    await event('disconnected')
    const third = connect(mode)
    third.subscribe('cluster')
    expect((await third.next()).names).toEqual(['a'])
  })

  test(
    'a binding too many in one namespace is refused, one that is used already is not, nor another ' +
      "namespace's",
    async () => {
      const { connect, event } = await worldWith({ limits: { bindings: 1 } }, cluster('a'))
      const proxy = (namespace: string, ports: string): XdsClient => {
        const client = connect(mode, {
          node: { id: 'edge', cluster: 'edge', metadata: { NAMESPACE: namespace, PORT_MAP: ports } },
        })
        client.subscribe('cluster')
        return client
      }
      const first = proxy('shop', '80=8080')
      expect((await first.next()).names).toEqual(['a'])
      expect(await proxy('shop', '80=8081').status()).toMatchObject({
        code: status.RESOURCE_EXHAUSTED,
        details:
          'the proxies of namespace shop have 1 different BIND_ADDRESS and PORT_MAP already: use one of ' +
          'those, or raise --max-bindings',
      })
      const others = [proxy('shop', '80=8080'), proxy('bank', '80=8081')]
      for (const other of others) expect((await other.next()).names).toEqual(['a'])
      await Promise.all([first, ...others].map((client) => client.close()))
      await event('disconnected')
      await expect
        .poll(async () => {
          const again = proxy('shop', '80=8081')
          return Promise.race([
            again.next().then(({ names }) => names),
            again.status().then(({ code }) => code),
          ])
        })
        .toEqual(['a'])
    },
  )

  test('names too many are refused', async () => {
    const { connect } = await worldWith({ limits: { names: 2 } }, cluster('a'))
    const client = connect(mode)
    client.subscribe('endpoint', ['a', 'b', 'c'])
    expect(await client.status()).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'more than 2 resource names in one request',
    })
  })

  test('a request too large is refused', async () => {
    const { connect } = await worldWith({ limits: { requestBytes: 1_000 } }, cluster('a'))
    const client = connect(mode)
    client.subscribe('endpoint', ['x'.repeat(2_000)])
    expect(await client.status()).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  })
})

test('delta: names that come one by one are counted together', async () => {
  const { connect } = await worldWith({ limits: { names: 2 } }, endpoints('a'))
  const client = connect('delta')
  for (const name of ['a-endpoints', 'b', 'c']) client.subscribe('endpoint', [name])
  expect(await client.status()).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
})

describe('bytes in flight', () => {
  const large = (revision: number): Resource =>
    route(
      'r',
      Array.from({ length: 100 }, (_, index) => `cluster-${index}`),
      revision,
    )
  const limits = { bytesInFlight: Math.floor(large(1).bytes.length * 2.5), patience: 60_000 }

  function ask(connect: () => XdsClient): XdsClient {
    const client = connect()
    client.subscribe('route', ['r'])
    return client
  }

  test('more wait, each in its turn, and get the newest state', async () => {
    const { connect, set, events, event } = await worldWith({ limits }, large(1))
    const first = ask(() => connect('delta'))
    await first.next()
    const second = ask(() => connect('delta'))
    await second.next()
    const third = ask(() => connect('delta'))
    const pushes = (): readonly number[] =>
      events.flatMap((each) => (each.kind === 'pushed' && each.type === 'route' ? [each.proxy.stream] : []))
    await untilStream(() => events.filter(({ kind }) => kind === 'connected').length, 3)
    const fourth = ask(() => connect('delta'))
    await untilStream(() => events.filter(({ kind }) => kind === 'connected').length, 4)
    set(large(2))
    expect(pushes()).toEqual([1, 2])
    first.ack('route')
    expect((await third.next()).version).not.toBe('')
    // The first has a newer state to get, and its turn is after the fourth.
    third.ack('route')
    expect((await fourth.next()).resources[0]?.json).toMatchObject({
      virtual_hosts: expect.arrayContaining([expect.objectContaining({ name: 'cluster-0-2' })]),
    })
    fourth.ack('route')
    expect((await first.next()).names).toEqual(['r'])
    await second.close()
    await event('disconnected')
    first.ack('route')
    await expectNothingMore(first)
    await expectNothingMore(third)
    expect(pushes()).toEqual([1, 2, 3, 4, 1])
  })

  test('a response that is larger than all that may be in flight goes out alone', async () => {
    const { connect } = await worldWith({ limits: { bytesInFlight: 10, patience: 60_000 } }, large(1))
    const first = ask(() => connect('delta'))
    await first.next()
    const second = ask(() => connect('delta'))
    first.ack('route')
    expect((await second.next()).names).toEqual(['r'])
    second.ack('route')
    await expectNothingMore(second)
    await expectNothingMore(first)
  })

  test('those of a stream that ends are free', async () => {
    const { connect } = await worldWith({ limits: { bytesInFlight: 10, patience: 60_000 } }, large(1))
    const first = ask(() => connect('delta'))
    await first.next()
    const second = ask(() => connect('delta'))
    await first.close()
    expect((await second.next()).names).toEqual(['r'])
  })

  test('a reader that stalls keeps nobody from their turn for long', async () => {
    const { connect } = await worldWith({ limits: { bytesInFlight: 10, patience: 1 } }, large(1))
    const stalled = ask(() => connect('delta'))
    await stalled.next()
    for (let each = 0; each < 3; each += 1)
      expect((await ask(() => connect('delta')).next()).names).toEqual(['r'])
    await expectNothingMore(stalled)
  })

  async function untilStream(count: () => number, wanted: number): Promise<void> {
    while (count() < wanted)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
  }
})

describe.each(modes)('odd requests, %s', (mode) => {
  test('a name that is not UTF-8 is refused', async () => {
    const { connect } = await world()
    const client = connect(mode)
    client.write(Buffer.from([0x1a, 2, 0xc3, 0x28]))
    expect(await client.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('field 3 is not UTF-8'),
    })
  })

  test.each([
    ['a field that is cut off', [0x1a, 9, 0x61]],
    ['a length that is cut off', [0x1a, 0x80]],
    ['a length beyond all bounds', [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a number of more than 64 bits', [0x08, ...Array<number>(11).fill(0x80)]],
    ['a field 0', [0x02, 0]],
    ['a group', [0x0b, 0x0c]],
    ['a name that is a number', [0x18, 1]],
  ])('%s is refused', async (_, bytes) => {
    const { connect } = await world()
    const client = connect(mode)
    client.write(Buffer.from(bytes))
    expect(await client.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('DiscoveryRequest: offset '),
    })
  })

  test('a nonce of a megabyte is one that we never gave', async () => {
    const { connect, events } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.send('cluster', { nonce: 'n'.repeat(1024 * 1024) })
    await expectNothingMore(client)
    expect(events.filter((event) => event.kind === 'acked' && event.type === 'cluster')).toEqual([])
    client.ack('cluster')
    await expectNothingMore(client)
  })

  test('names that nobody subscribed are unsubscribed without an answer', async () => {
    const { connect } = await world(endpoints('a'))
    const client = connect(mode)
    client.subscribe('endpoint', ['a-endpoints'])
    expect((await client.next()).names).toEqual(['a-endpoints'])
    client.ack('endpoint')
    client.unsubscribe('endpoint', ['x', 'y', ''])
    await expectNothingMore(client)
  })
})
