import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { status } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { node } from '../../src/envoy/node.ts'
import type { Authenticate } from '../../src/server/authentication.ts'
import { Places } from '../../src/server/admission/places.ts'
import type { Place } from '../../src/server/admission/places.ts'
import type { TlsSource } from '../../src/server/tls.ts'
import { Timers } from '../support/timers.ts'
import { within } from '../support/within.ts'
import type { XdsClient } from '../support/xds-client.ts'
import { cluster } from '../support/xds-resources.ts'
import { expectNothingMore, modes, worldWith } from './world.ts'
import type { World } from './world.ts'

describe.each(modes)('a stream without a request, %s', (mode) => {
  test('is ended, and one with a request is not', async () => {
    const timers = new Timers()
    const world = await worldWith(
      { schedule: timers.schedule, limits: { firstRequest: 10_000 } },
      cluster('a'),
    )
    const speaking = world.connect(mode)
    speaking.subscribe('cluster')
    await speaking.next()
    speaking.ack('cluster')
    await expectNothingMore(speaking)
    const silent = world.connect(mode)
    await timers.scheduled(10_000)
    timers.pass(9_999)
    expect(world.events.filter(({ kind }) => kind === 'refused')).toEqual([])
    timers.pass(1)
    expect(await silent.status()).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: 'no request on this stream within 10 s',
    })
    await expectNothingMore(speaking)
  })

  test('gives its place to a stream that comes', async () => {
    const world = await worldWith({ limits: { streams: 2 } }, cluster('a'))
    const silent = [world.connect(mode), world.connect(mode), world.connect(mode)]
    expect(await silent[0]?.status()).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    const proxy = world.connect(mode)
    proxy.subscribe('cluster')
    expect((await proxy.next()).names).toEqual(['a'])
    expect(await silent[1]?.status()).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('connect again later'),
    })
  })
})

/** Each client shows its namespace in a header. */
const byHeader: Authenticate = async ({ authorization: [namespace = ''] }) => ({
  name: `spiffe://cluster.local/ns/${namespace}/sa/edge`,
  namespace,
})

function proxyOf(world: World, namespace: string): XdsClient {
  const client = world.connect('delta', {
    node: node({ role: 'gateway', namespace, labels: { app: 'edge' } }),
    headers: { authorization: namespace },
  })
  client.subscribe('cluster')
  return client
}

async function served(client: XdsClient): Promise<boolean> {
  const found = await Promise.race([client.next('cluster'), client.ended()])
  return found !== undefined
}

test('a namespace that has all places gives those to another one that are its share, and no more', async () => {
  const world = await worldWith({ limits: { streams: 4 }, authenticate: byHeader }, cluster('a'))
  const shop: XdsClient[] = []
  for (let each = 0; each < 4; each += 1) {
    const proxy = proxyOf(world, 'shop')
    shop.push(proxy)
    expect(await served(proxy)).toBe(true)
  }
  expect(await served(proxyOf(world, 'shop'))).toBe(false)
  expect(await served(proxyOf(world, 'bank'))).toBe(true)
  expect(await shop[3]?.status()).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: 'shop has most of the 4 streams, and others need some: connect again later',
  })
  expect(await served(proxyOf(world, 'shop'))).toBe(false)
  expect(await served(proxyOf(world, 'bank'))).toBe(true)
  expect(await served(proxyOf(world, 'bank'))).toBe(false)
  expect(world.server.clients().map(({ proxy }) => proxy.scope.namespace)).toEqual([
    'shop',
    'shop',
    'bank',
    'bank',
  ])
})

describe('places', () => {
  interface Stream {
    readonly place: Place | undefined
    isOpen: boolean
  }

  function world(limit: number) {
    const places = new Places(limit)
    return (holder: string, connection: string, first: 'silent' | 'settled' = 'settled'): Stream => {
      const stream = {
        isOpen: true,
        place: places.take({
          holder,
          connection,
          giveWay: () => {
            stream.isOpen = false
          },
        }),
      }
      if (first === 'settled') stream.place?.settle()
      return stream
    }
  }

  test('one holder can have them all, and is refused more', () => {
    const open = world(100)
    const streams = Array.from({ length: 101 }, (_, index) => open('balancer', `connection ${index}`))
    expect(streams.filter(({ place }) => place === undefined)).toEqual([streams[100]])
    expect(streams.every(({ isOpen }) => isOpen)).toBe(true)
    streams[0]?.place?.leave()
    streams[0]?.place?.leave()
    expect(open('balancer', 'other').place).toBeDefined()
    expect(open('balancer', 'another').place).toBeUndefined()
  })

  test(
    'a connection with unusually many streams gives some to others of its holder, until they have as ' +
      'many',
    () => {
      const open = world(100)
      const crowd = Array.from({ length: 100 }, () => open('address', 'crowd'))
      const proxies = Array.from({ length: 90 }, (_, index) => open('address', `proxy ${index}`))
      expect(proxies.filter(({ place }) => place !== undefined)).toHaveLength(84)
      expect(crowd.filter(({ isOpen }) => isOpen)).toHaveLength(16)
      expect(open('address', 'crowd').place).toBeUndefined()
    },
  )

  test('streams of proxies by type are left alone', () => {
    const open = world(80)
    const proxies = Array.from({ length: 10 }, (_, index) =>
      Array.from({ length: 8 }, () => open('address', `proxy ${index}`)),
    ).flat()
    expect(open('address', 'another').place).toBeUndefined()
    expect(proxies.every(({ isOpen }) => isOpen)).toBe(true)
  })

  test('of the holder with most, silent streams go first', () => {
    const open = world(10)
    const own = Array.from({ length: 10 }, (_, index) =>
      open('shop', 'a', index === 4 ? 'silent' : 'settled'),
    )
    expect(open('bank', 'b', 'silent').place).toBeDefined()
    expect(own.flatMap(({ isOpen }, index) => (isOpen ? [] : [index]))).toEqual([4])
    expect(open('bank', 'b').place).toBeDefined()
    expect(own.flatMap(({ isOpen }, index) => (isOpen ? [] : [index]))).toEqual([4, 9])
  })

  test('holders without end each get one, and nobody is replaced by an equal', () => {
    const open = world(5)
    const streams = Array.from({ length: 20 }, (_, index) => open(`holder ${index}`, `${index}`))
    expect(streams.map(({ place }) => place !== undefined)).toEqual([
      ...Array<boolean>(5).fill(true),
      ...Array<boolean>(15).fill(false),
    ])
    expect(streams.every(({ isOpen }) => isOpen)).toBe(true)
  })
})

describe('connections', () => {
  const tlsOf = (): TlsSource => {
    const { certificate, privateKey } = createAuthority('a').issue({ name: 'own', names: ['127.0.0.1'] })
    return { current: { certificate, key: privateKey }, onChange: () => {} }
  }
  const closed = (address: string): Promise<unknown> => {
    const [host = '', port] = address.split(':')
    const socket = connectTcp(Number(port), host)
    onTestFinished(() => {
      socket.destroy()
    })
    socket.resume()
    socket.on('error', () => {})
    return within(
      10_000,
      'the end of the connection',
      new Promise((resolve) => {
        socket.on('close', () => {
          resolve('closed')
        })
      }),
    )
  }

  test('that send nothing are closed', async () => {
    const { address } = await worldWith({ limits: { idle: 100 } })
    expect(await closed(address)).toBe('closed')
  })

  test('that begin no TLS are closed', async () => {
    const { address } = await worldWith({ limits: { idle: 100 }, tls: tlsOf() })
    expect(await closed(address)).toBe('closed')
  })

  test('without a stream are closed, and clients are told how many streams they may have', async () => {
    const { address } = await worldWith({ limits: { idle: 100, streamsPerConnection: 7 } })
    const session = connectHttp2(`http://${address}`)
    onTestFinished(() => {
      session.destroy()
    })
    const settings = new Promise((resolve) => {
      session.on('remoteSettings', ({ maxConcurrentStreams }) => {
        resolve(maxConcurrentStreams)
      })
    })
    const end = within(
      10_000,
      'the end of the connection',
      new Promise((resolve) => {
        session.on('close', resolve)
      }),
    )
    expect(await within(5_000, 'the settings', settings)).toBe(7)
    await end
  })

  test('with a stream stay', async () => {
    const world = await worldWith({ limits: { idle: 50 } }, cluster('a'))
    const client = world.connect('delta', { connection: 'own' })
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    expect(await closed(world.address)).toBe('closed')
    expect(await closed(world.address)).toBe('closed')
    await expectNothingMore(client)
  })
})
