import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js'
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { responseWriter, streamOf } from '../../src/server/response-writer.ts'
import type { ResponseWriter, XdsCall } from '../../src/server/response-writer.ts'
import { streamingMethod } from '../../src/server/service.ts'

const method = streamingMethod('test.Writes', 'Stream')

/** A real server and client of grpc-js; what the server has for its one call. */
async function connected(): Promise<{
  readonly call: XdsCall
  readonly client: ClientDuplexStream<Buffer, Buffer>
}> {
  const calls: XdsCall[] = []
  const server = new Server()
  server.addService(
    { stream: method },
    {
      stream: (call: XdsCall) => {
        calls.push(call)
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  const channel = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  const client = channel.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
  )
  client.on('error', () => {}) // the end of the test
  onTestFinished(() => {
    channel.close()
    server.forceShutdown()
  })
  await expect.poll(() => calls.length).toBe(1)
  return { call: calls[0] ?? expect.fail(), client }
}

async function received(
  client: ClientDuplexStream<Buffer, Buffer>,
  count: number,
): Promise<readonly Buffer[]> {
  const messages: Buffer[] = []
  for await (const message of client) {
    if (messages.push(message) === count) break
  }
  return messages
}

test('with this grpc-js, responses go to the HTTP/2 stream and are not copied', async () => {
  const { call } = await connected()
  const stream =
    streamOf(call) ??
    expect.fail('grpc-js keeps its HTTP/2 stream elsewhere: see src/server/response-writer.ts')
  const written: unknown[] = []
  const write = stream.write.bind(stream)
  stream.write = (chunk: unknown) => {
    written.push(chunk)
    return write(chunk)
  }
  const body = randomBytes(100_000)
  responseWriter(call, () => {}).write([body])
  expect(written.some((chunk) => chunk === body)).toBe(true)
})

/** A grpc-js that keeps its fields under other names. */
function writerWithoutStream(call: XdsCall): ResponseWriter {
  const intercepting: unknown = Reflect.get(call, 'call')
  Reflect.set(call, 'call', undefined)
  const writer = responseWriter(call, () => {})
  Reflect.set(call, 'call', intercepting)
  return writer
}

const ways: readonly (readonly [string, (call: XdsCall) => ResponseWriter])[] = [
  ['to the HTTP/2 stream', (call) => responseWriter(call, () => {})],
  ['through grpc-js, where it has no such stream', writerWithoutStream],
]

test.each(ways)('messages of all sizes arrive whole and in order, %s', async (_, writerOf) => {
  const { call, client } = await connected()
  const messages = [0, 1, 5, 16_000, 16_384, 3, 70_000, 2_000_000, 10].map((size) => randomBytes(size))
  const writer = writerOf(call)
  for (const message of messages) {
    const half = Math.floor(message.length / 2)
    writer.write([message.subarray(0, half), message.subarray(half)])
  }
  const arrived = await received(client, messages.length)
  expect(arrived.map((message, index) => message.equals(messages[index] ?? expect.fail()))).toEqual(
    messages.map(() => true),
  )
})

test('who is behind is said to be, until they have read', async () => {
  const { call, client } = await connected()
  let drained = 0
  const writer = responseWriter(call, () => {
    drained += 1
  })
  expect(writer.write([randomBytes(1_000_000)])).toBe(false)
  expect(drained).toBe(0)
  await received(client, 1)
  await expect.poll(() => drained).toBe(1)
})

test('writing to a client that has gone is nothing', async () => {
  const { call, client } = await connected()
  const writer = responseWriter(call, () => {})
  const cancelled = once(call, 'cancelled')
  client.cancel()
  await cancelled
  expect([100, 100_000].map((size) => writer.write([randomBytes(size)]))).toEqual([true, true])
})
