import { Client, credentials, status } from '@grpc/grpc-js'
import type { StatusObject } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decode, encode } from '../../src/xds/proto.ts'
import { resource } from '../../src/xds/resource.ts'
import type { Resource } from '../../src/xds/resource.ts'
import { field } from '../../src/xds/wire.ts'
import { RawConnection } from '../support/raw-call.ts'
import { Timers } from '../support/timers.ts'
import { within } from '../support/within.ts'
import { cluster } from '../support/xds-resources.ts'
import { world, worldWith } from './world.ts'

// The limits of clients at the services other than discovery: health, reflection and client status.

const clientStatus = '/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus'
const fetchStatus = '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus'
const watch = '/grpc.health.v1.Health/Watch'
const check = '/grpc.health.v1.Health/Check'
const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'
const streaming = [
  ['client status', clientStatus],
  ['a single client status', fetchStatus],
  ['reflection', reflection],
  ['health Watch', watch],
] as const
const pass = (bytes: Buffer): Buffer => bytes
const empty = Buffer.alloc(0)

const clientsIn = (answer: Buffer): number =>
  (decode('envoy.service.status.v3.ClientStatusResponse', answer).config ?? []).length

interface Asking {
  readonly write: (message: Buffer) => void
  readonly end: () => void
  readonly answered: Promise<Buffer>
  readonly status: () => Promise<StatusObject>
  readonly cancel: () => void
}

/** A connection of its own for all calls of a test. */
function asking(address: string): (path: string) => Asking {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
  })
  onTestFinished(() => {
    client.close()
  })
  return (path) => {
    const call = client.makeBidiStreamRequest(path, pass, pass)
    call.on('error', () => undefined)
    onTestFinished(() => {
      call.cancel()
    })
    const ended = new Promise<StatusObject>((resolve) => {
      call.on('status', resolve)
    })
    const answered = new Promise<Buffer>((resolve) => {
      call.once('data', resolve)
    })
    return {
      write: (message) => {
        call.write(message)
      },
      end: () => {
        call.end()
      },
      answered,
      status: () => within(5_000, 'the end of the call', ended),
      cancel: () => {
        call.cancel()
      },
    }
  }
}

describe('one answer is in flight', () => {
  test.each([
    ['client status', clientStatus, (answer: Buffer) => clientsIn(answer)],
    ['a single client status', fetchStatus, (answer: Buffer) => clientsIn(answer)],
  ])('%s: a request is read when the answer before it has been', async (_, path, count) => {
    const { address, connect } = await world(cluster('a'))
    const connection = new RawConnection(address, 0)
    const call = connection.call(path)
    call.write(empty)
    call.write(empty)
    await connection.received()
    const proxy = connect('delta')
    proxy.subscribe('cluster')
    await proxy.next()
    connection.grant(65_535)
    expect([count(await call.next()), count(await call.next())]).toEqual([0, 1])
  })

  test('reflection answers each request in turn', async () => {
    const { address } = await world()
    const connection = new RawConnection(address, 0)
    const call = connection.call(reflection)
    const listServices = field(7, '*')
    for (let each = 0; each < 3; each += 1) call.write(listServices)
    await connection.received()
    connection.grant(65_535)
    const answers = [await call.next(), await call.next(), await call.next()]
    expect(answers.map((answer) => answer.includes('grpc.health.v1.Health'))).toEqual([true, true, true])
  })
})

/** Whether a further call is refused, which the client would know before it has the answer to a later one. */
async function isRefused(open: (path: string) => Asking, path: string): Promise<boolean> {
  const [attempt, later] = [open(path), open(check)]
  later.write(empty)
  later.end()
  return Promise.race([attempt.status().then(() => true), later.answered.then(() => false)])
}

describe('streams are counted', () => {
  const limits = { auxiliaryStreams: 20 } // so that a connection has two

  test.each(streaming)(
    '%s: too many of one connection are refused, and there is room again when one ends',
    async (_, path) => {
      const { address } = await worldWith({ limits })
      const open = asking(address)
      const [first] = [open(path), open(path)]
      const service = path.split('/')[1] ?? ''
      expect(await open(path).status()).toMatchObject({
        code: status.RESOURCE_EXHAUSTED,
        details: `2 streams of this connection are open of ${service}, which is the limit`,
      })
      first?.cancel()
      await expect.poll(() => isRefused(open, path)).toBe(false)
    },
  )

  test('too many of all connections are refused; other services, probes and proxies are not', async () => {
    const { address, connect } = await worldWith({ limits: { auxiliaryStreams: 1 } }, cluster('a'))
    const first = asking(address)(watch)
    first.write(empty)
    first.end()
    await first.answered
    expect(await asking(address)(watch).status()).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: '1 streams are open of grpc.health.v1.Health, which is the limit',
    })
    const probe = asking(address)(check)
    probe.write(empty)
    probe.end()
    expect(await probe.answered).toEqual(Buffer.from([0x08, 1])) // SERVING
    const asked = asking(address)(clientStatus)
    asked.write(empty)
    expect(clientsIn(await asked.answered)).toBe(0)
    const proxy = connect('delta')
    proxy.subscribe('cluster')
    expect((await proxy.next()).names).toEqual(['a'])
  })
})

describe('a call that makes no progress ends', () => {
  test.each([...streaming, ['health Check', check]] as const)('%s: no request comes', async (_, path) => {
    const timers = new Timers()
    const { address } = await worldWith({ schedule: timers.schedule, limits: { auxiliaryTimeout: 30_000 } })
    const call = asking(address)(path)
    await expect.poll(() => timers.pending).toBe(1)
    timers.pass(30_000)
    expect(await call.status()).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: 'no request came, or an answer was not read, for 30 s',
    })
    await expect.poll(() => timers.pending).toBe(0)
  })

  test('a client that does not read loses its connection to the answer', async () => {
    const timers = new Timers()
    const { address } = await worldWith({ schedule: timers.schedule, limits: { auxiliaryTimeout: 30_000 } })
    const connection = new RawConnection(address, 0)
    const call = connection.call(clientStatus)
    call.write(empty)
    await connection.received()
    await expect.poll(() => timers.pending).toBe(1)
    timers.pass(30_000)
    await expect.poll(() => timers.pending).toBe(1)
    timers.pass(5_000)
    await within(5_000, 'the end of the stream', call.closed)
  })

  test('a health Watch may last, and begins again after an hour', async () => {
    const timers = new Timers()
    const { address } = await worldWith({ schedule: timers.schedule, limits: { auxiliaryTimeout: 30_000 } })
    const client = new Client(address, credentials.createInsecure())
    onTestFinished(() => {
      client.close()
    })
    const call = client.makeServerStreamRequest(watch, pass, pass, empty)
    call.on('error', () => undefined)
    const ended = new Promise<StatusObject>((resolve) => {
      call.on('status', resolve)
    })
    await within(
      5_000,
      'an answer',
      new Promise((resolve) => {
        call.once('data', resolve)
      }),
    )
    timers.pass(3_599_000)
    timers.pass(1_000)
    expect(await within(5_000, 'the end', ended)).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'this stream is an hour old: begin again',
    })
  })
})

test('a stream of discovery that is over is gone, though the client leaves its half open', async () => {
  const timers = new Timers()
  const { address } = await worldWith({ schedule: timers.schedule })
  const call = new RawConnection(address, 65_535).call(
    '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  )
  call.write(Buffer.from([0xff]))
  await expect.poll(() => timers.pending).toBeGreaterThan(0)
  timers.pass(120_000)
  await within(5_000, 'the end of the stream', call.closed)
})

describe('client status', () => {
  test.each([
    [
      'is larger than a question needs to be',
      { node_matchers: [{ node_id: { exact: 'x'.repeat(70_000) } }] },
      '65536 are allowed',
    ],
    [
      'has too many matchers',
      { node_matchers: Array.from({ length: 101 }, () => ({ node_id: { exact: 'a' } })) },
      'there are 101 matchers, and 100 are allowed',
    ],
  ])('a request that %s is refused', async (_, request, says) => {
    const { address } = await world()
    const call = asking(address)(clientStatus)
    call.write(encode('envoy.service.status.v3.ClientStatusRequest', request))
    expect(await call.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(says),
    })
  })

  test('the bytes of all answers that nobody reads are bounded, and are free when a reader leaves', async () => {
    const large: Resource = resource({
      type: 'runtime',
      name: 'large',
      bytes: Buffer.alloc(70 * 1024 * 1024),
      origins: [],
      references: [],
    })
    const { address, connect } = await world(cluster('a'), large)
    const proxy = connect('delta')
    proxy.subscribe('cluster')
    await proxy.next()
    const stalled = new RawConnection(address, 0)
    stalled.call(clientStatus).write(empty)
    await stalled.received()
    const ask = (request: Buffer): Asking => {
      const call = asking(address)(clientStatus)
      call.write(request)
      return call
    }
    const says =
      'all answers that wait for their readers have 128 MiB, which is the limit: try again later, match ' +
      'fewer nodes, or set exclude_resource_contents'
    await expect
      .poll(() => {
        const { status: ended, answered } = ask(empty)
        return Promise.race([ended().then(({ details }) => details), answered.then(() => 'answered')])
      })
      .toBe(says)
    expect(
      clientsIn(
        await ask(encode('envoy.service.status.v3.ClientStatusRequest', { exclude_resource_contents: true }))
          .answered,
      ),
    ).toBe(1)
  })
})
