import protobuf from 'protobufjs'
import protojson from 'protobufjs/ext/protojson.js'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { projectRoot } from '../support/command.ts'
import { plane, reviews, sidecarId } from './plane.ts'
import type { Plane } from './plane.ts'

const takesAll = sidecarId('takes-all')
const silent = sidecarId('silent')
const refuses = sidecarId('refuses')

/** One proxy that takes everything, one that does not answer, and one that refuses its routes. */
async function three(): Promise<Plane> {
  const running = await plane({ 'reviews.yaml': reviews })
  const double = await running.proxy(takesAll, 'sotw')
  await running.event('acked', ({ proxy, type }) => proxy.id === takesAll && type === 'route')
  expect(double.held('route').size).toBe(1)
  const waits = running.client(silent, 'sotw')
  waits.subscribe('cluster')
  await waits.next('cluster')
  const client = running.client(refuses, 'sotw')
  client.subscribe('route', ['80'])
  await client.next('route')
  client.nack('route', 'Proto constraint validation failed\n(field: value)')
  await running.event('nacked')
  return running
}

/** Changes nothing for routes: it is not HTTP. */
const database = `---
apiVersion: v1
kind: Service
metadata: {name: database}
spec: {ports: [{name: tcp, port: 5432}]}
`

function typesOf(report: StatusReport, id: string): Readonly<Record<string, string>> {
  const types = report.proxies.find((proxy) => proxy.id === id)?.types ?? []
  return Object.fromEntries(types.map(({ type, status }) => [type, status]))
}

describe('GET /status', () => {
  test('tells of each proxy and type whether it is in step', async () => {
    const report = await (await three()).report()
    expect(report.counts).toEqual({ SYNCED: 1, STALE: 1, NACKED: 1 })
    expect(typesOf(report, takesAll)).toEqual({
      cluster: 'SYNCED',
      endpoint: 'SYNCED',
      listener: 'SYNCED',
      route: 'SYNCED',
    })
    expect(typesOf(report, silent)).toEqual({ cluster: 'STALE' })
    expect(typesOf(report, refuses)).toEqual({ route: 'NACKED' })
    expect(report.proxies.map(({ id }) => id)).toEqual([refuses, silent, takesAll])
    expect(report.proxies[2]).toMatchObject({
      mode: 'sotw',
      role: 'sidecar',
      namespace: 'default',
      labels: {},
      connectedSince: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    })
  })

  test('shows a refusal at the lines that it comes from, as they are now', async () => {
    const running = await three()
    const refusal = async () => (await running.report()).proxies[0]?.types[0]?.refusal
    const at = (line: number) => ({
      message: 'Proto constraint validation failed (field: value)',
      resources: [
        {
          name: '80',
          origins: expect.arrayContaining([
            {
              object: 'VirtualService default/reviews',
              file: join(running.folder, 'reviews.yaml'),
              line,
              column: expect.any(Number),
            },
          ]),
        },
      ],
    })
    expect(await refusal()).toMatchObject(at(9))
    running.write('reviews.yaml', `# a line more\n${reviews}${database}`)
    await running.event('config-changed', ({ objects }) => objects === 1)
    expect(await refusal()).toMatchObject(at(10))
  })

  test('counts what is wrong with the configuration', async () => {
    const running = await plane({ 'reviews.yaml': `${reviews}    nonsense: 1\n` })
    expect((await running.report()).diagnostics).toMatchObject({ error: 1 })
  })

  test('has the shape of proto/admin.proto', async () => {
    const root = await new protobuf.Root().load(join(projectRoot, 'proto/admin.proto'))
    const type = root.lookupType('shadowplane.admin.v1.StatusReport')
    const report = await (await three()).report()
    // Unknown fields and values are refused here; absent in this form are defaults.
    const back = protojson.toJson(type, protojson.fromJson(type, report)) as unknown as StatusReport
    expect(report).toMatchObject(JSON.parse(JSON.stringify(back)) as StatusReport)
    expect(back.proxies.map(({ status }) => status)).toEqual(report.proxies.map(({ status }) => status))
  })

  test('is not sent again while nothing changes', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const first = await running.ask('/status')
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' }
    expect((await running.ask('/status', { headers })).status).toBe(304)
    await running.proxy(takesAll, 'delta')
    expect((await running.ask('/status', { headers })).status).toBe(200)
  })
})

describe('GET /status/proxies/ID', () => {
  test('tells of that proxy, by its id or by its stream', async () => {
    const running = await three()
    const byId = await running.report(`/status/proxies/${encodeURIComponent(silent)}`)
    expect(byId.counts).toEqual({ SYNCED: 0, STALE: 1, NACKED: 0 })
    expect(byId.proxies.map(({ id }) => id)).toEqual([silent])
    const byStream = await running.report(`/status/proxies/%23${byId.proxies[0]?.stream}`)
    expect(byStream.proxies).toEqual(byId.proxies)
  })

  test.each([
    { path: '/status/proxies/', code: 400, says: 'write /status/proxies/ID' },
    { path: '/status/proxies/%zz', code: 400, says: 'percent-encoded' },
    { path: '/status/proxies/nobody', code: 404, says: 'no proxy "nobody" is connected' },
    {
      path: `/status/proxies/${encodeURIComponent(sidecarId('silend'))}`,
      code: 404,
      says: `did you mean ${silent}?`,
    },
    { path: '/config_dump', code: 400, says: 'write /config_dump?proxy=ID' },
    { path: '/config_dump?proxy=nobody', code: 404, says: 'no proxy "nobody" is connected' },
    {
      path: '/statuses',
      code: 404,
      says: 'there are /config_dump, /healthz, /metrics, /readyz, /status, /status/proxies/ID',
    },
  ])('$path is answered $code', async ({ path, code, says }) => {
    const running = await plane({ 'reviews.yaml': reviews })
    const client = running.client(silent, 'delta')
    client.subscribe('cluster')
    await client.next()
    const answer = await running.ask(path)
    expect(await answer.text()).toContain(says)
    expect(answer.status).toBe(code)
  })

  test('other methods are refused', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    expect((await running.ask('/status', { method: 'DELETE' })).status).toBe(405)
    expect((await running.ask('/status', { method: 'HEAD' })).status).toBe(200)
  })
})

describe('GET /config_dump', () => {
  test('has what the proxy holds, and nothing that it has not taken', async () => {
    const running = await three()
    const dump = async (id: string): Promise<string> =>
      (await running.ask(`/config_dump?proxy=${encodeURIComponent(id)}`)).text()
    expect(await dump(takesAll)).toContain('"name": "reviews.default.svc.cluster.local:80"')
    expect(await dump(refuses)).not.toContain('reviews.default.svc.cluster.local')
  })

  test('of two proxies with one id needs to know which', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    await running.proxy(takesAll, 'sotw')
    await running.proxy(takesAll, 'delta')
    const answer = await running.ask(`/config_dump?proxy=${encodeURIComponent(takesAll)}`)
    expect([answer.status, await answer.text()]).toEqual([
      409,
      `2 proxies have the id ${takesAll}: use #1 or #2\n`,
    ])
    expect((await running.ask('/config_dump?proxy=%232')).status).toBe(200)
  })
})
