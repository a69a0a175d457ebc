import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultSettings, parseHostPort } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import { openStage } from '../../src/demo/stage.ts'
import type { Stage } from '../../src/demo/stage.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { readGorFile } from '../../src/record/gor-file.ts'
import type { RecordedRequest } from '../../src/record/recorded-request.ts'
import { createRecorder } from '../../src/record/recorder.ts'
import { projectRoot, shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { running } from '../support/running.ts'
import type { Running } from '../support/running.ts'
import { within } from '../support/within.ts'
import { waitFor } from '../support/wait-for.ts'

const { signal } = new AbortController()

/** The demo's backends, control plane and Envoy. */
async function demo(): Promise<Stage> {
  const { path } = await findEnvoy({ env: process.env })
  const stage = await openStage({
    binary: path,
    example: join(projectRoot, 'examples/istio-cross-cluster'),
    signal,
    async startControlPlane(folder) {
      const { xdsAddress, adminAddress, close } = await startControlPlane(
        { paths: [folder], listen: '127.0.0.1:0', admin: '127.0.0.1:0', settings: defaultSettings },
        () => {},
      )
      return { xds: parseHostPort('xDS address', xdsAddress), adminAddress, close }
    },
  })
  onTestFinished(stage.close)
  return stage
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 })

function send(port: number, path: string, body: Buffer): Promise<number> {
  return within(
    20_000,
    path,
    new Promise((resolve, reject) => {
      const sent = request(
        {
          agent,
          port,
          host: '127.0.0.1',
          method: 'POST',
          path,
          headers: { host: 'shop.example', 'content-length': body.length },
        },
        (response) => {
          response.resume().once('end', () => {
            resolve(response.statusCode ?? 0)
          })
        },
      )
      sent.once('error', reject).end(body)
    }),
  )
}

/** Bodies of many sizes, with every byte value. */
function bodyOf(index: number): Buffer {
  return Buffer.from(Array.from({ length: (index * 37) % 5000 }, (_, at) => (at * 7 + index) % 256))
}

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}

/**
 * Envoy's workers take a route a moment after it was ACKed: a tap is in force when a request of each
 * connection is copied.
 */
async function inForce(stage: Stage, tap: Running): Promise<string> {
  await waitFor({
    what: 'the tap',
    signal,
    look: () => /1 route, 1 of 1 proxy in sync/.test(tap.stderr()) || undefined,
  })
  const cluster = await waitFor({
    what: 'a copy',
    signal,
    async look() {
      await Promise.all(Array.from({ length: 16 }, () => send(stage.port, '/headers/probe', Buffer.alloc(0))))
      return [...(await stage.envoy.stats('tap-.*io\\.upstream_rq_completed'))].find(
        ([, value]) => value >= 16,
      )?.[0]
    },
  })
  await waitFor({
    what: 'the copies of a whole round',
    signal,
    async look() {
      const before = (await stage.envoy.stats('tap-.*io\\.upstream_rq_completed')).get(cluster) ?? 0
      await Promise.all(Array.from({ length: 16 }, () => send(stage.port, '/headers/probe', Buffer.alloc(0))))
      return (await completed(stage, cluster)) - before >= 16 || undefined
    },
  })
  return cluster
}

async function completed(stage: Stage, cluster: string): Promise<number> {
  const active = cluster.replace('completed', 'active')
  await waitFor({
    what: 'the last copy',
    signal,
    look: async () =>
      (await stage.envoy.stats('tap-.*io\\.upstream_rq_active')).get(active) === 0 || undefined,
  })
  return (await stage.envoy.stats('tap-.*io\\.upstream_rq_completed')).get(cluster) ?? 0
}

test('a tap at 100 % prints every request, each once, with its body', async () => {
  const stage = await demo()
  const tap = running([
    'tap',
    '--admin',
    stage.controlPlane.adminAddress,
    '--route',
    'VirtualService/default/httpbin',
    '--format',
    'json',
    '--percent',
    '100',
  ])
  await inForce(stage, tap)
  const count = 1000
  const statuses = await Promise.all(
    Array.from({ length: count }, (_, index) => send(stage.port, `/headers/n/${index}`, bodyOf(index))),
  )
  expect(new Set(statuses)).toEqual(new Set([200]))
  const printed = (): readonly string[] =>
    tap
      .stdout()
      .split('\n')
      .filter((line) => line.includes('"/headers/n/'))
  await waitFor({ what: 'all requests', signal, look: () => printed().length >= count || undefined })
  expect(await tap.interrupt()).toBe(0)
  expect(printed().length).toBe(count)
  const found = printed().map(
    (line) =>
      JSON.parse(line) as {
        readonly url: string
        readonly method: string
        readonly body?: string
        readonly bodyBase64?: string
        readonly headers: readonly (readonly string[])[]
      },
  )
  const bodies = new Map(
    found.map(({ url, body, bodyBase64 }) => [
      url,
      digest(bodyBase64 === undefined ? Buffer.from(body ?? '') : Buffer.from(bodyBase64, 'base64')),
    ]),
  )
  expect(bodies.size).toBe(count)
  for (let index = 0; index < count; index += 1)
    expect(bodies.get(`/headers/n/${index}`)).toBe(digest(bodyOf(index)))
  expect(found[0]?.method).toBe('POST')
  expect(found[0]?.headers.find(([name]) => name?.toLowerCase() === 'host')).toEqual(['host', 'shop.example'])
  expect(tap.stderr()).toMatch(/^\d+ requests printed$/m)
  // The mirror is gone with the command, and the primary's own mirror is not.
  await waitFor({
    what: 'the mirror to go',
    signal,
    look: async () => !JSON.stringify(await stage.envoy.configDump()).includes('tap-') || undefined,
  })
})

test('a recording of a tap, replayed at 200 % to another backend: the same requests, with the same bodies', async () => {
  const stage = await demo()
  const file = join(folderWith({}), 'recorded.gor.gz')
  const tap = running([
    'tap',
    '--admin',
    stage.controlPlane.adminAddress,
    '--format',
    'gor',
    '--output',
    file,
  ])
  const cluster = await inForce(stage, tap)
  const before = await completed(stage, cluster)
  const count = 400
  for (let index = 0; index < count; index += 16) {
    await Promise.all(
      Array.from({ length: Math.min(16, count - index) }, (_, at) =>
        send(stage.port, `/headers/n/${index + at}`, bodyOf(index + at)),
      ),
    )
  }
  expect((await completed(stage, cluster)) - before).toBe(count)
  expect(await tap.interrupt()).toBe(0)

  const recorded: RecordedRequest[] = []
  for await (const item of readGorFile(file)) if ('request' in item) recorded.push(item.request)
  expect(recorded.filter(({ url }) => url.startsWith('/headers/n/')).length).toBe(count)

  const other = createRecorder({ bodyLimit: 1e6 })
  onTestFinished(other.close)
  const port = await other.listen({ host: '127.0.0.1', port: 0 })
  const arrived: RecordedRequest[] = []
  const taking = (async () => {
    for (let next = await other.next(); next !== undefined; next = await other.next()) arrived.push(next)
  })()
  const { status, stdout } = await shadowplane([
    'replay',
    file,
    '--to',
    `http://127.0.0.1:${port}`,
    '--speed',
    '200%',
    '-o',
    'json',
  ])
  expect(JSON.parse(stdout)).toMatchObject({
    sent: recorded.length,
    answered: recorded.length,
    statuses: { 200: recorded.length },
    errors: {},
    cut: 0,
    damaged: 0,
  })
  expect(status).toBe(0)
  await other.close()
  await taking
  const content = (requests: readonly RecordedRequest[]): readonly string[] =>
    requests.map(({ method, url, body }) => `${method} ${url} ${digest(body)}`).toSorted()
  expect(content(arrived)).toEqual(content(recorded))
  expect(content(arrived).filter((line) => line.includes(' /headers/n/'))).toEqual(
    Array.from(
      { length: count },
      (_, index) => `POST /headers/n/${index} ${digest(bodyOf(index))}`,
    ).toSorted(),
  )
})
