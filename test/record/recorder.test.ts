import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createRecorder } from '../../src/record/recorder.ts'
import type { Recorder, RecorderOptions } from '../../src/record/recorder.ts'
import { lastFound } from '../support/last-found.ts'
import { within } from '../support/within.ts'

async function recorder(
  options: Partial<RecorderOptions> = {},
): Promise<Recorder & { readonly port: number }> {
  const made = createRecorder({ bodyLimit: 1024, ...options })
  onTestFinished(made.close)
  return { ...made, port: await made.listen({ host: '127.0.0.1', port: 0 }) }
}

async function send(
  port: number,
  body: Buffer | string = '',
  headers: readonly string[] = ['Host', 'shop.example'],
): Promise<number> {
  const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/a?b', headers })
  const answered = within(10_000, 'an answer', once(sent, 'response'))
  sent.end(body)
  const [response] = await answered
  response.resume()
  return response.statusCode
}

describe('the recorder', () => {
  test('hands over what was asked, and answers at once', async () => {
    const before = BigInt(Date.now() - 1000) * 1_000_000n
    const { port, next, counts } = await recorder()
    expect(
      await send(port, 'x=1', [
        'Host',
        'shop.example-shadow',
        'X-A',
        '1',
        'x-a',
        '2',
        'Transfer-Encoding',
        'chunked',
      ]),
    ).toBe(200)
    const taken = await next()
    expect(taken).toMatchObject({
      method: 'POST',
      url: '/a?b',
      body: Buffer.from('x=1'),
      bodyLength: 3,
      isCut: false,
      headers: [
        ['Host', 'shop.example-shadow'],
        ['X-A', '1'],
        ['x-a', '2'],
        ['Transfer-Encoding', 'chunked'],
        ['Connection', 'keep-alive'],
      ],
    })
    expect((taken?.time ?? 0n) > before).toBe(true)
    expect(counts()).toEqual({ received: 1, dropped: 0 })
  })

  test('keeps of a body what the limit lets it', async () => {
    const { port, next } = await recorder({ bodyLimit: 10 })
    await send(port, Buffer.alloc(100_000, 'a'))
    expect(await next()).toMatchObject({ body: Buffer.from('aaaaaaaaaa'), bodyLength: 100_000, isCut: true })
  })

  test('drops and counts what a slow consumer does not take, by number', async () => {
    const { port, next, counts } = await recorder({ queue: { items: 3, bytes: 1e6 } })
    for (let index = 0; index < 5; index += 1) expect(await send(port, String(index))).toBe(200)
    expect(counts()).toEqual({ received: 5, dropped: 2 })
    const taken = [await next(), await next(), await next()].map((each) => each?.body.toString())
    expect(taken).toEqual(['0', '1', '2'])
    await send(port, 'more')
    expect((await next())?.body.toString()).toBe('more')
  })

  test('and by bytes, of those under way too', async () => {
    const { port, next, counts } = await recorder({ bodyLimit: 1e6, queue: { items: 100, bytes: 300_000 } })
    for (let index = 0; index < 5; index += 1) await send(port, Buffer.alloc(100_000))
    expect(counts()).toEqual({ received: 5, dropped: 3 })
    await next()
    await send(port, Buffer.alloc(100_000))
    expect(counts()).toEqual({ received: 6, dropped: 3 })
  })

  test('counts a copy that is broken off, and gives its room back', async () => {
    const { port, counts } = await recorder({ bodyLimit: 1e6, queue: { items: 100, bytes: 150_000 } })
    const socket = connect(port, '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`)
    await within(
      10_000,
      'the request',
      lastFound(
        (received) => received > 0,
        () => counts().received,
      ),
    )
    socket.destroy()
    await within(
      10_000,
      'the drop',
      lastFound(
        (dropped) => dropped > 0,
        () => counts().dropped,
      ),
    )
    await send(port, Buffer.alloc(100_000))
    expect(counts()).toEqual({ received: 2, dropped: 1 })
  })

  test('takes requests of many connections, each once', async () => {
    const { port, next, counts } = await recorder()
    const agent = new Agent({ keepAlive: true, maxSockets: 20 })
    onTestFinished(() => agent.destroy())
    const taken: string[] = []
    const consume = async (): Promise<void> => {
      while (taken.length < 500) taken.push((await next())?.url ?? '')
    }
    const sent = Array.from(
      { length: 500 },
      (_, index) =>
        new Promise<void>((resolve, reject) => {
          request({ agent, port, host: '127.0.0.1', path: `/${index}` }, (response) =>
            response.resume().once('end', resolve),
          )
            .once('error', reject)
            .end()
        }),
    )
    await within(20_000, 'all', Promise.all([consume(), ...sent]))
    expect(new Set(taken).size).toBe(500)
    expect(counts()).toEqual({ received: 500, dropped: 0 })
  })

  test('after its end there is nothing more', async () => {
    const { port, next, close } = await recorder()
    await send(port, 'last')
    await close()
    expect((await next())?.body.toString()).toBe('last')
    expect(await next()).toBeUndefined()
  })
})
