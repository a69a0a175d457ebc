import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import type { Message } from '../../src/xds/proto.ts'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import type { RealProxy } from '../support/real-proxy.ts'
import { missingFrom } from '../support/subset.ts'
import { openBook } from './book.ts'
import type { Ground, Play } from './ground.ts'
import { expectedText, manifestsOf, objectsOf, obstacle } from './manifests.ts'
import { counted, countsOfShare, sendCounted, tolerance } from './share.ts'
import { pods, service, versions } from './supplied.ts'

const folder = 'istio-cross-cluster'
const path = '/headers'
/**
 * A header of the sample that comes of mutual TLS between a gateway and a sidecar, of which the manifests say
 * nothing.
 */
const outOfReach = 'X-Forwarded-Client-Cert'
const ingress = { role: 'gateway', namespace: 'istio-system', labels: { istio: 'ingressgateway' } } as const

/** Where cluster B's ingress gateway listens, and what the placeholder of its address becomes. */
interface Ingress {
  readonly at: { readonly address: string; readonly port: number }
  readonly placeholder: string
}

/**
 * The manifest has no port but 80; where this user may not bind that, the placeholder takes another one with
 * it.
 */
async function ingressOfClusterB(): Promise<Ingress> {
  const [second, third] = [Math.floor(Math.random() * 200) + 20, Math.floor(Math.random() * 256)]
  const address = `127.${second}.${third}.1`
  if (await canBind(address)) return { at: { address, port: 80 }, placeholder: address }
  const port = await freePort()
  return { at: { address: '127.0.0.1', port }, placeholder: `127.0.0.1\n    ports: {http: ${port}}` }
}

function canBind(address: string): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false)
    })
    server.listen(80, address, () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}

interface ClusterA {
  readonly gateway: RealProxy
  readonly v1: LoggedBackend
  readonly v2: LoggedBackend
}

async function clusterA({ ground, book }: Play, addressOfB: string): Promise<ClusterA> {
  const [v1, v2] = [
    await loggedBackend('httpbin-v1', ground.address),
    await loggedBackend('httpbin-v2', ground.address),
  ]
  const supplied =
    service({ name: 'httpbin', port: 8000 }) +
    pods({ name: 'httpbin' }, [
      [v1, { app: 'httpbin', version: 'v1' }],
      [v2, { app: 'httpbin', version: 'v2' }],
    ]) +
    versions('httpbin', ['v1', 'v2'])
  book.supplied(objectsOf(supplied).map((each) => `${each} (cluster A)`))
  const serving = await ground.serve({
    ...manifestsOf(folder, ['03', '04'], { '47.95.XX.XX': addressOfB }),
    'supplied.yaml': supplied,
  })
  expect(serving.mistakes()).toEqual([])
  return { gateway: await realProxy({ ...ingress, xds: serving.xds, listener: 80 }), v1, v2 }
}

interface ClusterB {
  readonly gateway: RealProxy
  readonly httpbin: LoggedBackend
}

async function clusterB({ ground, book }: Play, at: Ingress['at']): Promise<ClusterB> {
  const httpbin = await loggedBackend('httpbin', ground.address)
  const supplied = pods({ name: 'httpbin' }, [[httpbin, { app: 'httpbin', version: 'v1' }]])
  book.supplied(objectsOf(supplied).map((each) => `${each} (cluster B)`))
  const serving = await ground.serve(
    { ...manifestsOf(folder, ['01', '02']), 'supplied.yaml': supplied },
    'elsewhere',
  )
  expect(serving.mistakes()).toEqual([])
  return { gateway: await realProxy({ ...ingress, xds: serving.xds, listener: 80, at }), httpbin }
}

type Route = Message<'envoy.config.route.v3.Route'>

/** Every route of a config dump, wherever it stands. */
function routesIn(value: unknown): readonly Route[] {
  if (value === null || typeof value !== 'object') return []
  const own = 'match' in value && ('route' in value || 'redirect' in value) ? [value as Route] : []
  return [...own, ...Object.values(value).flatMap(routesIn)]
}

/** A VirtualService that mirrors to another cluster, as published. */
export function istioCrossCluster(ground: Ground): void {
  const reason =
    ground.obstacle ?? obstacle(folder, ['00', '01', '02', '03', '04'], { '47.95.XX.XX': '127.0.0.1' })
  const book = openBook(folder, reason, ground.name)
  const play = { ground, book }

  describe.skipIf(reason !== undefined)('cross-cluster mirroring with an Istio VirtualService', () => {
    test('the config dump of cluster A’s gateway has the published route', async () => {
      const { gateway } = await clusterA(play, '127.0.0.1')
      const line = book.line(/config dump/, /expect_json_subset/)
      const wanted: unknown = JSON.parse(expectedText(folder, String(line.fields['expect_json_subset'])))
      const routes = routesIn(await gateway.envoy.configDump())
      const missing = routes
        .map((route) => missingFrom(route, wanted))
        .toSorted((a, b) => a.length - b.length)[0] ?? ['no route at all']
      book.note(line, {
        sent: 'GET /config_dump',
        seen: missing.length === 0 ? `all its fields, in 1 of ${routes.length} routes` : missing.join('; '),
        held: missing.length === 0,
      })
      expect(book.failed(/config dump/)).toEqual([])
    })

    test('cluster B answers', async () => {
      const { gateway, httpbin } = await clusterB(play, { address: '127.0.0.1', port: await freePort() })
      const answer = await gateway.ask({
        path,
        host: gateway.address,
        headers: { accept: '*/*', 'user-agent': 'curl/7.79.1' },
      })
      const [status, body] = [book.line(/cluster B/, /^status/), book.line(/cluster B/, /^body_like/)]
      book.note(status, {
        sent: `1 GET ${path}`,
        seen: `${answer.status} from ${answer.backend}`,
        held: answer.status === status.fields['status'] && httpbin.arrivals.length === 1,
      })
      const sample = JSON.parse(expectedText(folder, String(body.fields['body_like']))) as {
        readonly headers: Readonly<Record<string, string>>
      }
      const { headers } = JSON.parse(answer.body) as { readonly headers: Readonly<Record<string, string>> }
      const missing = Object.keys(sample.headers).filter((name) => !(name in headers) && name !== outOfReach)
      book.note(body, {
        sent: `1 GET ${path}`,
        held: missing.length === 0 && headers['Host'] === gateway.address,
        seen:
          missing.length === 0
            ? `headers ${Object.keys(sample.headers)
                .filter((name) => name in headers)
                .join(', ')}; not ${outOfReach}`
            : `no ${missing.join(', ')}`,
      })
      expect(book.failed(/cluster B answers/)).toEqual([])
    })

    test('half of the traffic reaches cluster B', async () => {
      const { at, placeholder } = await ingressOfClusterB()
      const b = await clusterB(play, at)
      const a = await clusterA(play, placeholder)
      const host = 'shop.example'
      const statuses = new Set<string>()
      const { counts, held } = await countsOfShare(0.5, async () => {
        const before = b.httpbin.arrivals.length
        await sendCounted(async (requests) => {
          for (const { status, backend } of await a.gateway.askTimes(requests, { path, host }))
            statuses.add(`${status} from ${backend}`)
          await a.gateway.settled()
          await b.gateway.settled()
        })
        return b.httpbin.arrivals.length - before
      })
      const sent = `${counted * counts.length} GET ${path}, Host ${host}`
      const name = /half/
      const [copies, hosts] = [
        b.httpbin.arrivals.length,
        new Set(b.httpbin.arrivals.map((each) => each.host)),
      ]
      const answered = [...statuses].join(', ')
      book.note(book.line(name, /subset v1/), {
        sent,
        seen: `${a.v1.arrivals.length} × ${answered}; v2 got ${a.v2.arrivals.length}`,
        held:
          answered === '200 from httpbin-v1' &&
          a.v1.arrivals.length === counted * counts.length &&
          a.v2.arrivals.length === 0,
      })
      book.note(book.line(name, /50%/), {
        sent,
        seen: `${counts.join(', then ')} copies (${counted / 2} ± ${tolerance(counted, 0.5).toFixed(0)})`,
        held,
      })
      book.note(book.line(name, /ORIGINAL Host/), {
        sent,
        seen: `${copies} × Host ${[...hosts].join(', ')}`,
        held: hosts.size === 1 && hosts.has(`${host}-shadow`),
      })
      const toMirror = (await a.gateway.sent()).get('outbound|80||httpbin.mirror.cluster-b') ?? 0
      book.note(book.line(name, /destination address/), {
        sent,
        held: toMirror === copies && !hosts.has('httpbin.mirror.cluster-b'),
        seen:
          `${toMirror} requests of cluster outbound|80||httpbin.mirror.cluster-b to ` +
          `${at.address}:${at.port}, ${copies} arrived`,
      })
      expect(book.failed(/half/)).toEqual([])
    })

    test('a sample with one VirtualService and two subsets, on a sidecar', async () => {
      const [v1, shadow] = [
        await loggedBackend('myapp-v1', ground.address),
        await loggedBackend('myapp-v1-mirroring', ground.address),
      ]
      const supplied =
        service({ name: 'myapp', port: 8000 }) +
        pods({ name: 'myapp' }, [
          [v1, { app: 'myapp', version: 'v1' }],
          [shadow, { app: 'myapp', version: 'v1-mirroring' }],
        ]) +
        versions('myapp', ['v1', 'v1-mirroring'])
      book.supplied(objectsOf(supplied).map((each) => `${each} (sample)`))
      const serving = await ground.serve({ ...manifestsOf(folder, ['00']), 'supplied.yaml': supplied })
      expect(serving.mistakes()).toEqual([])
      const sidecar = await realProxy({
        role: 'sidecar',
        namespace: 'default',
        labels: { app: 'client' },
        xds: serving.xds,
        listener: 8000,
      })
      const requests = 200
      const answers = await sidecar.askTimes(requests, { path, host: 'myapp:8000' })
      await sidecar.settled()
      const sent = `${requests} GET ${path}, Host myapp:8000`
      const answered = new Set(answers.map(({ status, backend }) => `${status} from ${backend}`))
      book.note(book.line(/sample/, /answers/), {
        sent,
        seen: `${v1.arrivals.length} × ${[...answered].join(', ')}`,
        held: answered.size === 1 && answered.has('200 from myapp-v1') && v1.arrivals.length === requests,
      })
      book.note(book.line(/sample/, /every request/), {
        sent,
        seen: `${shadow.arrivals.length} copies`,
        held: shadow.arrivals.length === requests,
      })
      expect(book.failed(/sample/)).toEqual([])
    })

    test('every stated line was checked', () => {
      expect(book.open()).toEqual([])
    })
  })
}
