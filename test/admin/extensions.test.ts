import { once } from 'node:events'
import { createServer, request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, credentials } from '@grpc/grpc-js'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Feed, ServerSentEvent } from '../../src/admin/event-stream.ts'
import type { AdminExtension } from '../../src/admin/extension.ts'
import { exchange } from '../../src/admin/fetch-listener.ts'
import { createAdminServer } from '../../src/admin/server.ts'
import { single } from '../../src/admin/service.ts'
import { staticFiles } from '../../src/admin/static-files.ts'
import { decode } from '../../src/xds/proto.ts'
import { folderWith } from '../support/folder.ts'
import { within } from '../support/within.ts'

// The additions of a part to the admin port: a service, paths, the files of a page, and events for it.

interface Served {
  readonly port: number
  close(): Promise<void>
  /** Over HTTP/1, with exactly these headers. */
  ask(path: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<IncomingMessage>
}

async function served(extension: AdminExtension): Promise<Served> {
  const server = createAdminServer([extension], {})
  const port = Number((await server.listen({ host: '127.0.0.1', port: 0 })).split(':')[1])
  onTestFinished(() => server.close())
  return {
    port,
    close: () => server.close(),
    ask: (path, headers = {}, method = 'GET') =>
      within(
        10_000,
        path,
        new Promise((resolve, reject) => {
          const asked = requestHttp({ host: '127.0.0.1', port, path, method, headers, agent: false })
          onTestFinished(() => {
            asked.destroy()
          })
          asked.once('response', resolve).on('error', reject).end()
        }),
      ),
  }
}

const page = (): Promise<AdminExtension> =>
  staticFiles(
    folderWith({ 'index.html': '<script src="/page.js"></script>', 'assets/page.js': 'let page' }),
    '/',
  ).then((files) => ({ files }))

/** The headers by which a browser says where a request comes from. */
const browser = (port: number) =>
  ({
    'typed address': { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    'own script': { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    'own POST': { 'sec-fetch-site': 'same-origin', origin: `http://127.0.0.1:${port}` },
    'link of another page': { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    'script of another port': { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:3000' },
    'script of another site': { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    'sandboxed frame': { 'sec-fetch-site': 'cross-site', origin: 'null' },
    'rebound name': {
      host: `evil.example:${port}`,
      'sec-fetch-site': 'same-origin',
      origin: `http://evil.example:${port}`,
    },
  }) as const

const own = ['typed address', 'own script', 'own POST'] as const
const foreign = [
  'link of another page',
  'script of another port',
  'script of another site',
  'sandboxed frame',
  'rebound name',
] as const

async function* forever(): AsyncGenerator<ServerSentEvent> {
  for (let count = 0; ; count += 1) {
    yield { id: String(count), event: 'count', data: { count } }
    await wait(1)
  }
}

const counting: Feed = { path: '/v1/counts', events: forever }

describe('a page', () => {
  test('has its files, with their types, and may load nothing of others', async () => {
    const { ask } = await served(await page())
    const index = await ask('/')
    expect(index.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy': expect.stringContaining("default-src 'self'"),
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(await text(index)).toBe('<script src="/page.js"></script>')
    const script = await ask('/assets/page.js')
    expect([script.headers['content-type'], await text(script)]).toEqual([
      'text/javascript; charset=utf-8',
      'let page',
    ])
    expect((await ask('/', { 'if-none-match': index.headers.etag ?? '' })).statusCode).toBe(304)
    for (const path of [
      '/index.html',
      '/assets/',
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/%2e%2e/x',
    ])
      expect([path, (await ask(path)).statusCode]).toEqual([path, 404])
  })

  test.each(own)('answers its own origin: %s', async (from) => {
    const { ask, port } = await served({ ...(await page()), feeds: [counting] })
    for (const path of ['/', '/assets/page.js', '/v1/counts'])
      expect([path, (await ask(path, browser(port)[from])).statusCode]).toEqual([path, 200])
  })

  test.each(foreign)('answers no other origin: %s', async (from) => {
    const { ask, port } = await served({ ...(await page()), feeds: [counting] })
    for (const path of ['/', '/assets/page.js', '/v1/counts', '/nowhere']) {
      const answer = await ask(path, browser(port)[from])
      expect([path, answer.statusCode]).toEqual([path, 403])
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    }
    const preflight = { ...browser(port)[from], 'access-control-request-method': 'POST' }
    expect((await ask('/', preflight, 'OPTIONS')).statusCode).toBe(403)
  })

  test('a path answers the methods that it has', async () => {
    const routes = new Hono()
      .get('/page/data', (c) => c.json({ fits: true }))
      .post('/page/data', (c) => c.json({}))
    const { ask } = await served({ routes })
    expect(await text(await ask('/page/data'))).toBe('{"fits":true}')
    expect((await ask('/page/data', {}, 'POST')).statusCode).toBe(200)
    const wrong = await ask('/page/data', {}, 'DELETE')
    expect([wrong.statusCode, await text(wrong), wrong.headers.allow]).toEqual([
      405,
      'DELETE is not answered here: use GET or POST\n',
      'GET, HEAD, POST',
    ])
    expect((await ask('/page/data', {}, 'TRACE')).statusCode).toBe(400)
  })

  test('a handler that throws answers 500, and the next request is answered', async () => {
    const routes = new Hono().get('/bug', () => {
      throw new Error('a bug of the part')
    })
    const { ask } = await served({ routes })
    const answer = await ask('/bug')
    expect([answer.statusCode, await text(answer)]).toEqual([
      500,
      'this is a bug of shadowplane: Error: a bug of the part\n',
    ])
    expect((await ask('/nowhere')).statusCode).toBe(404)
  })
})

test('a service of a part is called as gRPC and as JSON', async () => {
  const services = [
    {
      name: 'shadowplane.admin.v1.Dials',
      methods: [
        single({
          name: 'Turn',
          verb: 'POST',
          path: '/v1/dials/{id}/turn',
          request: 'shadowplane.admin.v1.RenewTapRequest',
          response: 'shadowplane.admin.v1.Tap',
          run: ({ id = '' }) => ({ id, target: 'a dial' }),
        }),
      ],
    },
  ]
  const { ask, port } = await served({ services })
  expect(JSON.parse(await text(await ask('/v1/dials/a%2Fb/turn', {}, 'POST')))).toMatchObject({ id: 'a/b' })
  expect(JSON.parse(await text(await ask('/v1/dials')))).toEqual({
    code: 5,
    message: 'no such path: /v1/dials; there are POST /v1/dials/{id}/turn',
  })
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  onTestFinished(() => {
    client.close()
  })
  const pass = (bytes: Buffer): Buffer => bytes
  const answer = await within(
    10_000,
    'an answer',
    new Promise<Buffer | undefined>((resolve) => {
      client.makeUnaryRequest(
        '/shadowplane.admin.v1.Dials/Turn',
        pass,
        pass,
        Buffer.from([0x0a, 1, 0x61]),
        (_, bytes) => {
          resolve(bytes)
        },
      )
    }),
  )
  expect(decode('shadowplane.admin.v1.Tap', answer ?? Buffer.alloc(0))).toMatchObject({ id: 'a' })
})

describe('server-sent events', () => {
  const until = async (stream: AsyncIterable<Buffer | string>, wanted: string): Promise<string> => {
    let seen = ''
    for await (const part of stream) {
      seen += String(part)
      if (seen.includes(wanted)) break
    }
    return seen
  }

  test('arrive in their format, over HTTP/1 and HTTP/2', async () => {
    const { ask, port } = await served({ feeds: [counting] })
    const answer = await ask('/v1/counts')
    expect(answer.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    expect(await within(5_000, 'an event', until(answer, '"count":1}'))).toContain(
      'event: count\nid: 0\ndata: {"count":0}\n\nevent: count\nid: 1\ndata: {"count":1}\n\n',
    )
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    onTestFinished(() => {
      session.destroy()
    })
    const stream = session.request({ ':path': '/v1/counts' })
    expect(await within(5_000, 'an event', until(stream, '"count":1}'))).toContain('id: 1\n')
  })

  test('a feed knows the last event and the query of its reader, and when the reader has gone', async () => {
    const gone = Promise.withResolvers<string>()
    const feed: Feed = {
      path: '/events',
      async *events({ lastEventId, query, gone: signal }) {
        signal.addEventListener('abort', () => {
          gone.resolve('gone')
        })
        yield { data: [lastEventId, query.get('route')] }
        await gone.promise
      },
    }
    const { ask } = await served({ feeds: [feed] })
    const answer = await ask('/events?route=a', { 'last-event-id': '7' })
    expect(await within(5_000, 'an event', until(answer, '\n\n'))).toBe('data: ["7","a"]\n\n')
    expect(await within(5_000, 'the end', gone.promise)).toBe('gone')
  })

  test('as many streams are open as there may be; one that ends makes room', async () => {
    const { ask } = await served({ feeds: [counting] })
    const open = await Promise.all(Array.from({ length: 64 }, () => ask('/v1/counts')))
    expect(open.map(({ statusCode }) => statusCode)).toEqual(open.map(() => 200))
    const further = await ask('/v1/counts')
    expect([further.statusCode, JSON.parse(await text(further))]).toEqual([
      429,
      { code: 8, message: '64 event streams are open, which is the limit' },
    ])
    open[0]?.destroy()
    await expect.poll(async () => (await ask('/v1/counts')).statusCode).toBe(200)
  })

  test('a reader that takes nothing stops its feed, which queues nothing', async () => {
    let made = 0
    const feed: Feed = {
      path: '/events',
      async *events() {
        for (;;) {
          made += 1
          yield { data: 'x'.repeat(64 * 1024) }
        }
      },
    }
    const { port, ask } = await served({ feeds: [feed] })
    const socket = connect({ host: '127.0.0.1', port })
    onTestFinished(() => {
      socket.destroy()
    })
    socket.pause().write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const settled = async (): Promise<boolean> => {
      const before = made
      await ask('/nowhere')
      await wait(50)
      return made > 0 && made === before
    }
    await expect.poll(settled, { timeout: 10_000 }).toBe(true)
    expect(made).toBeLessThan(1_000)
  })

  test('end when the server closes', async () => {
    const { ask, close } = await served({ feeds: [counting] })
    const answer = await ask('/v1/counts')
    const ended = within(5_000, 'the end', once(answer.resume(), 'end'))
    await within(5_000, 'the end of the server', close())
    await expect(ended).resolves.toEqual([])
  })
})

test('a client that takes nothing of an answer is cut off after a while', async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(64 * 1024))
    },
  })
  const server = createServer((request, response) => {
    void exchange({ request, response }, { fetch: () => new Response(body), patience: 200 })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const [socket] = await Promise.all([
    new Promise<ReturnType<typeof connect>>((resolve) => server.once('connection', resolve)),
    new Promise<void>((resolve) => {
      const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, resolve)
      onTestFinished(() => {
        client.destroy()
      })
      client.on('error', () => {}).pause()
      client.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
    }),
  ])
  await expect(within(10_000, 'the end of the connection', once(socket, 'close'))).resolves.toBeDefined()
})

test('a probe of HTTP/1.0 says no host', async () => {
  const { port } = await served({ routes: new Hono().get('/healthz', (c) => c.text('ok')) })
  const socket = connect({ host: '127.0.0.1', port })
  socket.write('GET /healthz HTTP/1.0\r\n\r\n')
  expect(await within(5_000, 'an answer', text(socket))).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*ok$/)
})
