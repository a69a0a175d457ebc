import { Client, credentials, status } from '@grpc/grpc-js'
import type {
  ClientDuplexStream,
  MethodDefinition,
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServiceDefinition,
  StatusObject,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { fromJSON, loadSync } from '@grpc/proto-loader'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { protoPath as healthProto } from 'grpc-health-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAdsServer } from '../../src/library/ads-server.ts'
import { createResourceCache } from '../../src/library/resource-cache.ts'
import type { HostedService } from '../../src/server/hosted-service.ts'
import { decode, encode } from '../../src/xds/proto.ts'
import { RawConnection } from '../support/raw-call.ts'
import { Timers } from '../support/timers.ts'
import { within } from '../support/within.ts'
import { cluster } from '../support/xds-resources.ts'
import { worldWith } from './world.ts'

// Services that a caller of createXdsServer hosts on its port: here one that collects and repeats words.

interface Words {
  readonly text: string
}
type Method = MethodDefinition<Words, Words>

const text = { fields: { text: { type: 'string', id: 1 } } }
const method = { requestType: 'Words', responseType: 'Words', comment: '' }
const definition = fromJSON({
  nested: {
    test: {
      nested: {
        Words: text,
        Talk: {
          methods: {
            Collect: { ...method, requestStream: true },
            Repeat: { ...method, requestStream: true, responseStream: true },
            Say: method,
          },
        },
      },
    },
  },
})['test.Talk'] as unknown as ServiceDefinition

const methodOf = (name: string): Method => {
  const found = definition[name]
  if (found === undefined) throw new Error(`no method ${name}`)
  return found
}

/** `Collect` answers with all words, `Repeat` with each one, `Say` with who says it; `peers` are their connections. */
function talk(options: Pick<HostedService, 'streams'> = {}): HostedService & { readonly peers: Set<string> } {
  const peers = new Set<string>()
  const handlers: HostedService['handlers'] = (principal): UntypedServiceImplementation => ({
    Collect: (call: ServerReadableStream<Words, Words>, answer: sendUnaryData<Words>) => {
      peers.add(call.getPeer())
      const words: string[] = []
      call.on('data', (word: Words) => words.push(word.text))
      call.on('end', () => {
        answer(null, { text: words.join(' ') })
      })
    },
    Repeat: (call: ServerDuplexStream<Words, Words>) => {
      peers.add(call.getPeer())
      call.on('data', (word: Words) => call.write(word))
      call.on('end', () => call.end())
    },
    Say: ({ request }: ServerUnaryCall<Words, Words>, answer: sendUnaryData<Words>) => {
      if (request.text === 'bug') throw new Error('a bug of the handler')
      answer(null, { text: `${principal?.name ?? 'somebody'} says ${request.text}` })
    },
  })
  return { definition, handlers, peers, ...options }
}

function clientOf(address: string): Client {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  onTestFinished(() => {
    client.close()
  })
  return client
}

type Stream<Q, A> = ClientDuplexStream<Q, A>

function open<Q, A>(client: Client, { path, requestSerialize, responseDeserialize }: MethodDefinition<Q, A>) {
  const call: Stream<Q, A> = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
  call.on('error', () => undefined)
  onTestFinished(() => {
    call.cancel()
  })
  const ended = new Promise<StatusObject>((resolve) => {
    call.on('status', resolve)
  })
  return {
    call,
    next: () => within(5_000, 'an answer', new Promise<A>((resolve) => call.once('data', resolve))),
    status: () => within(5_000, 'the end of the call', ended),
  }
}

function say(client: Client, word: string): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = methodOf('Say')
  return within(
    5_000,
    'an answer',
    new Promise((resolve) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { text: word },
        (error, answer) => {
          resolve(answer?.text ?? error?.message ?? '')
        },
      )
    }),
  )
}

const pass = (bytes: Buffer): Buffer => bytes
const ads: MethodDefinition<Buffer, Buffer> = {
  path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
  requestStream: true,
  responseStream: true,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
}
const clustersWanted = encode('envoy.service.discovery.v3.DiscoveryRequest', {
  node: { id: 'a', cluster: 'b' },
  type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
})

test('bidirectional, client-streaming and unary calls are answered on the connection of ADS', async () => {
  const service = talk()
  const { address } = await worldWith({ hosted: [service] }, cluster('a'))
  const client = clientOf(address)
  const discovery = open(client, ads)
  discovery.call.write(clustersWanted)
  const response = decode('envoy.service.discovery.v3.DiscoveryResponse', await discovery.next())
  expect(response.resources).toHaveLength(1)

  const repeat = open(client, methodOf('Repeat'))
  for (const word of ['one', 'two']) {
    repeat.call.write({ text: word })
    expect(await repeat.next()).toEqual({ text: word })
  }
  const { path, requestSerialize, responseDeserialize } = methodOf('Collect')
  const collected = within(
    5_000,
    'the collected words',
    new Promise((resolve) => {
      const call = client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        (error, answer) => {
          resolve(error ?? answer)
        },
      )
      for (const word of ['many', 'words', 'without', 'an', 'answer']) call.write({ text: word })
      call.end()
    }),
  )
  expect(await collected).toEqual({ text: 'many words without an answer' })
  expect(await say(client, 'hello')).toBe('somebody says hello')
  expect(service.peers.size).toBe(1)
})

test('the library hosts services, too', async () => {
  const server = createAdsServer({ cache: createResourceCache(), services: [talk()] })
  onTestFinished(() => server.close())
  expect(await say(clientOf(await server.listen('127.0.0.1:0')), 'hello')).toBe('somebody says hello')
})

describe('who calls', () => {
  test('is known to the handlers', async () => {
    const { address } = await worldWith({
      hosted: [talk()],
      authenticate: () => Promise.resolve({ name: 'edge', namespace: 'shop' }),
    })
    expect(await say(clientOf(address), 'hello')).toBe('edge says hello')
  })

  test.each(['Say', 'Repeat'])('is found out before a handler of %s runs', async (name) => {
    const world = await worldWith({
      hosted: [talk()],
      authenticate: () => Promise.resolve({ code: 'UNAUTHENTICATED', reason: 'no certificate' }),
    })
    const call = open(clientOf(world.address), methodOf(name))
    call.call.write({ text: 'hello' })
    call.call.end()
    expect(await call.status()).toMatchObject({ code: status.UNAUTHENTICATED, details: 'no certificate' })
    expect(await world.event('denied')).toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

describe('limits', () => {
  test('a service has its own number of calls, and discovery is not affected', async () => {
    const { address } = await worldWith({ hosted: [talk({ streams: 1 })] }, cluster('a'))
    const client = clientOf(address)
    const first = open(client, methodOf('Repeat'))
    first.call.write({ text: 'one' })
    await first.next()
    expect(await open(client, methodOf('Repeat')).status()).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'too many calls of test.Talk are open',
    })
    const discovery = open(client, ads)
    discovery.call.write(clustersWanted)
    await discovery.next()
    first.call.end()
    expect((await first.status()).code).toBe(status.OK)
    expect(await say(client, 'again')).toBe('somebody says again')
  })

  test('a stream without a first request ends, and one that falls silent later may stay', async () => {
    const timers = new Timers()
    const { address } = await worldWith({ hosted: [talk()], schedule: timers.schedule })
    const client = clientOf(address)
    const silent = open(client, methodOf('Repeat'))
    await timers.scheduled(10_000)
    timers.pass(10_000)
    expect(await silent.status()).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: 'no request came for 10 s',
    })
    const quiet = open(client, methodOf('Repeat'))
    quiet.call.write({ text: 'one' })
    await quiet.next()
    timers.pass(3_600_000)
    quiet.call.write({ text: 'two' })
    expect(await quiet.next()).toEqual({ text: 'two' })
  })

  test('a client that reads no answer loses its call', async () => {
    const timers = new Timers()
    const { address } = await worldWith({ hosted: [talk()], schedule: timers.schedule })
    const connection = new RawConnection(address, 0)
    const call = connection.call('/test.Talk/Repeat')
    call.write(encodedWord('hello'))
    await timers.scheduled(120_000)
    timers.pass(120_000)
    await timers.scheduled(5_000)
    timers.pass(5_000)
    await expect(within(5_000, 'the end of the stream', call.closed)).resolves.toBeUndefined()
  })

  test('a request that is too large, or cannot be decoded, is refused', async () => {
    const { address } = await worldWith({ hosted: [talk()], limits: { requestBytes: 1_000 } })
    const client = clientOf(address)
    const large = open(client, methodOf('Repeat'))
    large.call.write({ text: 'x'.repeat(2_000) })
    expect((await large.status()).code).toBe(status.RESOURCE_EXHAUSTED)
    const wrong = open(client, { ...methodOf('Repeat'), requestSerialize: pass } as Method & typeof ads)
    wrong.call.write(Buffer.from([0xff]))
    expect(await wrong.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('the request cannot be decoded'),
    })
  })

  test('requests that have not arrived whole are in the memory budget', async () => {
    const { address } = await worldWith({ hosted: [talk()], limits: { rememberedBytes: 200 * 1024 } })
    const session = connectHttp2(`http://${address}`)
    onTestFinished(() => {
      session.destroy()
    })
    session.on('error', () => undefined)
    const stream = session.request(
      { ':method': 'POST', ':path': '/test.Talk/Repeat', 'content-type': 'application/grpc', te: 'trailers' },
      { endStream: false },
    )
    stream.on('error', () => undefined)
    const answered = within(5_000, 'a status', once(stream, 'response'))
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(1024 * 1024, 1)
    stream.write(Buffer.concat([prefix, Buffer.alloc(600 * 1024)]))
    const [headers] = await answered
    expect(headers).toMatchObject({ 'grpc-status': String(status.RESOURCE_EXHAUSTED) })
  })

  test('a stream ends at the age of its connection, and when the server closes', async () => {
    const timers = new Timers()
    const world = await worldWith({
      hosted: [talk()],
      schedule: timers.schedule,
      maxConnectionAge: 60_000,
    })
    const client = clientOf(world.address)
    const old = open(client, methodOf('Repeat'))
    old.call.write({ text: 'one' })
    await old.next()
    timers.pass(72_000)
    expect(await old.status()).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'this connection has reached its age: connect again, to any replica',
    })
    const last = open(client, methodOf('Repeat'))
    last.call.write({ text: 'one' })
    await last.next()
    void world.server.close()
    expect(await last.status()).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'the control plane is shutting down',
    })
  })
})

test('a handler that throws is reported with its stack, and the next call is answered', async () => {
  const world = await worldWith({ hosted: [talk()] })
  const client = clientOf(world.address)
  expect(await say(client, 'bug')).toBe('2 UNKNOWN: Unknown error')
  expect(await world.event('internal-error')).toMatchObject({
    what: 'test.Talk/Say',
    stack: expect.stringContaining('a bug of the handler'),
  })
  expect(await say(client, 'hello')).toBe('somebody says hello')
})

test('health answers for a hosted service', async () => {
  const { address, server } = await worldWith({ hosted: [talk()] })
  const check = loadSync(healthProto, { enums: String })['grpc.health.v1.Health'] as unknown as {
    readonly Check: MethodDefinition<object, object>
  }
  const ask = async (): Promise<object> => {
    const call = open(clientOf(address), check.Check)
    call.call.write({ service: 'test.Talk' })
    call.call.end()
    return call.next()
  }
  expect(await ask()).toMatchObject({ status: 'SERVING' })
  server.setServing('NOT_SERVING')
  expect(await ask()).toMatchObject({ status: 'NOT_SERVING' })
})

test('reflection lists a hosted service and describes it', async () => {
  const { address } = await worldWith({ hosted: [talk()] })
  const proto = join(
    dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json')),
    'build/proto/grpc/reflection/v1/reflection.proto',
  )
  const { ServerReflectionInfo } = loadSync(proto, { keepCase: true })[
    'grpc.reflection.v1.ServerReflection'
  ] as unknown as { readonly ServerReflectionInfo: MethodDefinition<object, object> }
  const call = open(clientOf(address), ServerReflectionInfo)
  call.call.write({ list_services: '*' })
  expect(JSON.stringify(await within(10_000, 'the list', call.next()))).toContain('"test.Talk"')
  call.call.write({ file_containing_symbol: 'test.Talk' })
  expect(await call.next()).toHaveProperty('file_descriptor_response')
})

function encodedWord(word: string): Buffer {
  return methodOf('Say').requestSerialize({ text: word })
}
