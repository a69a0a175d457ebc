import { createServer as createHttpServer, request } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { gatewayProxy, serve } from '../support/serving.ts'
import { realProxy } from '../support/real-proxy.ts'
import type { RealProxy } from '../support/real-proxy.ts'
import { waitFor } from '../support/wait-for.ts'
import { within } from '../support/within.ts'

const shadowCluster = 'outbound|80||shadow.example'
/** Longer than a test may take: a request that waits for its copy fails the test. */
const forEver = 'shadowplane.io/mirror-max-stream-duration: 3600s'
const mebibyte = 1024 * 1024

interface Copy {
  readonly headers: NodeJS.Dict<string | string[]>
  readonly bytes: number
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/** A backend that answers with the number of bytes it was sent, and keeps what it got. */
async function healthy(status = 200): Promise<{ readonly port: number; readonly copies: readonly Copy[] }> {
  const copies: Copy[] = []
  const server = createHttpServer((incoming, response) => {
    let bytes = 0
    incoming
      .on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      .once('end', () => {
        copies.push({ headers: incoming.headers, bytes })
        response.writeHead(status).end(String(bytes))
      })
  })
  const port = await listening(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port, copies }
}

/** A server that accepts connections and treats each of them as given. */
async function sick(onConnection: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {})
    onTestFinished(() => {
      socket.destroy()
    })
    onConnection?.(socket)
  })
  onTestFinished(() => {
    server.close()
  })
  return listening(server)
}

/** A gateway that copies every request for shop.example to the shadow. */
async function mirroring(primary: number, shadow: number, annotations = forEver): Promise<RealProxy> {
  const entry = (name: string, port: number): string =>
    `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec: {hosts: [${name}.example], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], ` +
    `endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]}
---
`
  const serving = await serve({
    'all.yaml':
      `${entry('primary', primary)}${entry('shadow', shadow)}apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
      `hosts: ['*']}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, annotations: {${annotations}}}
spec: {hosts: [shop.example], gateways: [edge], http: [{route: [{destination: {host: primary.example}}], ` +
      `mirror: {host: shadow.example}}]}
`,
  })
  expect(serving.mistakes()).toEqual([])
  return realProxy({ ...gatewayProxy, xds: serving.xds, listener: 80 })
}

/** Sends a body of so many bytes and returns what the backend answered. */
function upload({ port }: RealProxy, bytes: number, framing: 'content-length' | 'chunked'): Promise<string> {
  return within(
    30_000,
    `an answer to ${bytes} bytes`,
    new Promise((resolve, reject) => {
      const headers = {
        host: 'shop.example',
        ...(framing === 'chunked' ? { 'transfer-encoding': 'chunked' } : { 'content-length': bytes }),
      }
      const sent = request(
        { port, host: '127.0.0.1', method: 'POST', path: '/', headers, agent: false },
        (response) => {
          let body = ''
          response
            .setEncoding('utf8')
            .on('data', (text: string) => {
              body += text
            })
            .once('end', () => {
              resolve(`${response.statusCode} ${body}`)
            })
        },
      )
      sent.once('error', reject).end(Buffer.alloc(bytes, 'a'))
    }),
  )
}

async function statistic({ envoy }: RealProxy, name: string): Promise<number> {
  return (await envoy.stats(name)).get(`cluster.${shadowCluster}.${name}`) ?? 0
}

/** Copies that were given up because their bodies were too large, as docs/mirrors.md counts them. */
async function tooLarge(proxy: RealProxy): Promise<number> {
  const sum = async (...names: readonly string[]): Promise<number> =>
    (await Promise.all(names.map((name) => statistic(proxy, name)))).reduce((a, b) => a + b, 0)
  const begun = await sum(
    'upstream_rq_total',
    'upstream_rq_cancelled',
    'upstream_rq_pending_failure_eject',
    'upstream_rq_pending_overflow',
    'upstream_cx_none_healthy',
  )
  return (
    begun - (await sum('upstream_rq_completed', 'upstream_rq_max_duration_reached', 'upstream_rq_active'))
  )
}

describe('uploads do not wait for their copies', () => {
  test.each([
    ['takes a connection and never reads', () => sick(() => {})],
    [
      'resets every connection',
      () =>
        sick((socket) => {
          socket.resume().once('data', () => {
            socket.resetAndDestroy()
          })
        }),
    ],
    ['refuses connections', freePort],
  ])('when the shadow %s', async (_, startShadow) => {
    const { port } = await healthy()
    const proxy = await mirroring(port, await startShadow())
    for (const framing of ['content-length', 'chunked'] as const) {
      for (const bytes of [1_000, mebibyte, 20 * mebibyte])
        expect(await upload(proxy, bytes, framing)).toBe(`200 ${bytes}`)
    }
  })
})

describe('bodies are copied whole up to a limit, and larger ones not at all', () => {
  test('of 1 MiB by default', async () => {
    const [{ port }, shadow] = [await healthy(), await healthy()]
    const proxy = await mirroring(port, shadow.port)
    for (const bytes of [0, mebibyte, mebibyte + 1, 20 * mebibyte]) {
      for (const framing of ['content-length', 'chunked'] as const)
        expect(await upload(proxy, bytes, framing)).toBe(`200 ${bytes}`)
    }
    await proxy.settled()
    expect(shadow.copies.map(({ bytes }) => bytes).toSorted((a, b) => a - b)).toEqual([
      0,
      0,
      mebibyte,
      mebibyte,
    ])
    // The whole body is there before the copy is sent, so it has a length.
    expect(shadow.copies.filter(({ headers, bytes }) => headers['content-length'] !== String(bytes))).toEqual(
      [],
    )
    expect(await tooLarge(proxy)).toBe(4)
  })

  test.each([
    ['64Ki', [65_536]],
    ['2Mi', [65_536, 65_537, 2 * mebibyte]],
    ['unlimited', [65_536, 65_537, 2 * mebibyte, 2 * mebibyte + 1]],
  ])('of another size: %s', async (limit, copied) => {
    const [{ port }, shadow] = [await healthy(), await healthy()]
    const proxy = await mirroring(port, shadow.port, `shadowplane.io/mirror-max-body: ${limit}`)
    for (const bytes of [65_536, 65_537, 2 * mebibyte, 2 * mebibyte + 1])
      expect(await upload(proxy, bytes, 'chunked')).toBe(`200 ${bytes}`)
    await proxy.settled()
    expect(shadow.copies.map(({ bytes }) => bytes).toSorted((a, b) => a - b)).toEqual(copied)
  })
})

describe('a shadow that does not exist gets no copies for a while', () => {
  const many = { path: '/', host: 'shop.example' }

  test('when it refuses connections; primary requests are answered, and what is not copied is counted', async () => {
    const { port } = await healthy()
    const proxy = await mirroring(port, await freePort())
    const answers = await waitFor({
      what: 'copies that are not made',
      look: async () => {
        const some = await proxy.askTimes(50, many)
        return (await statistic(proxy, 'upstream_cx_none_healthy')) > 0 ? some : undefined
      },
    })
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(
      await statistic(proxy, 'outlier_detection.ejections_enforced_consecutive_local_origin_failure'),
    ).toBeGreaterThan(0)
    await proxy.settled()
    expect(await tooLarge(proxy)).toBe(0)
  })

  test('but one that answers with errors gets all', async () => {
    const [{ port }, shadow] = [await healthy(), await healthy(503)]
    const proxy = await mirroring(port, shadow.port)
    expect(new Set((await proxy.askTimes(100, many)).map(({ status }) => status))).toEqual(new Set([200]))
    await proxy.settled()
    expect(shadow.copies).toHaveLength(100)
    expect(await statistic(proxy, 'outlier_detection.ejections_enforced_total')).toBe(0)
  })
})
