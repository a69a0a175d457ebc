/**
 * A cluster of 10,000 routes: `node bench/kubernetes-scale.ts [--json FILE] [--objects N]`. Needs what
 * test:kubernetes needs, and no Envoy.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { parseHostPort } from '../src/control-plane/config.ts'
import { table } from '../src/demo/display.ts'
import type { KubernetesApi } from '../src/kubernetes/api.ts'
import { startCluster } from '../test/kubernetes/support/cluster.ts'
import { definitionsIn, install } from '../test/kubernetes/support/definitions.ts'
import { bytes, median, mib, ms } from './support/figures.ts'
import { startLoadClient } from './support/load/client.ts'
import type { LoadClient } from './support/load/client.ts'
import { machineTime } from './support/machine-clock.ts'
import { mirroringVirtualService, shareNeedle } from './support/mesh-fleet.ts'
import { serviceManifests } from './support/service-manifests.ts'

/** The control plane's report about itself; see kubernetes-serve-main.ts. */
interface Told {
  readonly what: string
  readonly after: number
  readonly p99: number
  readonly longest: number
  readonly rss: number
  readonly peak: number
  readonly heap: number
  readonly pushed: number
  readonly bytes: number
  readonly xds: string
}

const edits = 20
/** Milliseconds. */
const limit = 600_000
const { values: flags } = parseArgs({
  options: { json: { type: 'string' }, objects: { type: 'string', default: '10000' } },
})
const size = Number(flags.objects)
const routes = '/apis/networking.istio.io/v1/namespaces/default/virtualservices'
const paths: Readonly<Record<string, string>> = {
  Service: '/api/v1/namespaces/default/services',
  EndpointSlice: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
  VirtualService: routes,
}

const cluster = await startCluster([
  '--max-requests-inflight',
  '1000',
  '--max-mutating-requests-inflight',
  '1000',
])
try {
  console.error(`${size} Services, EndpointSlices and VirtualServices are created …`)
  await install(cluster.api, await definitionsIn('istio'))
  await fill(cluster.api)
  const plane = await startPlane(cluster.kubeconfig)
  const client = startLoadClient(AbortSignal.timeout(limit))
  const connected = machineTime()
  const opened = await client.run('open', {
    ...parseHostPort('xDS address', plane.ready.xds),
    mode: 'delta',
    streams: 1,
    ask: 'envoy',
    role: 'sidecar',
    workloads: 1,
    timeout: limit,
  })
  const first = opened.last - connected
  const connecting = await plane.ask('connected')
  const found = []
  for (let edit = 0; edit < edits; edit += 1) found.push(await edited(client, edit))
  const editing = await plane.ask('edited')
  await client.close()
  await plane.close()
  console.log(
    table([
      ['', 'what', 'seen'],
      ['start', 'from the start of the process to serving, everything read', ms(plane.ready.after)],
      ['', 'event loop delay, p99 and longest', `${ms(plane.ready.p99)}, ${ms(plane.ready.longest)}`],
      [
        '',
        'memory: resident, its peak, heap',
        [plane.ready.rss, plane.ready.peak, plane.ready.heap].map((each) => mib(each)).join(', '),
      ],
      ['proxy', `everything at a new sidecar${opened.missing > 0 ? ' (MISSING)' : ''}`, ms(first)],
      ['', 'event loop delay meanwhile, p99 and longest', `${ms(connecting.p99)}, ${ms(connecting.longest)}`],
      [
        '',
        'memory: resident, its peak, heap',
        [connecting.rss, connecting.peak, connecting.heap].map((each) => mib(each)).join(', '),
      ],
      [
        `${edits} edits`,
        'from sending the patch to the proxy: median, most',
        `${ms(median(found.map(({ fromSent }) => fromSent)))}, ` +
          ms(Math.max(...found.map(({ fromSent }) => fromSent))),
      ],
      [
        '',
        'from the answer to the patch to the proxy: median, most',
        `${ms(median(found.map(({ fromAnswered }) => fromAnswered)))}, ` +
          ms(Math.max(...found.map(({ fromAnswered }) => fromAnswered))),
      ],
      ['', 'responses and bytes an edit', `${editing.pushed / edits}, ${bytes(editing.bytes / edits)}`],
      ['', 'event loop delay, p99 and longest', `${ms(editing.p99)}, ${ms(editing.longest)}`],
    ]).join('\n'),
  )
  if (flags.json !== undefined)
    await writeFile(
      flags.json,
      `${JSON.stringify({ size, ready: plane.ready, first, connecting, editing, edits: found }, null, 2)}\n`,
    )
} finally {
  await cluster.close()
}

async function fill(api: KubernetesApi): Promise<void> {
  const queue = Array.from({ length: size }, (_, index) => index)
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
        const text = `${serviceManifests(`service-${index}`, `10.${Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`)}---\n${routeText(index, 500_000)}`
        for (const document of parseAllDocuments(text)) {
          const object = document.toJS() as { readonly kind: string; readonly spec?: object }
          // The range of addresses of services is small.
          const body =
            object.kind === 'Service' ? { ...object, spec: { ...object.spec, clusterIP: 'None' } } : object
          await api.request({ path: paths[object.kind] ?? '', method: 'POST', body })
        }
      }
    }),
  )
}

function routeText(index: number, millionths: number): string {
  return mirroringVirtualService({ index, size, millionths })
}

/** One percentage: milliseconds until the proxy has it. */
async function edited(
  client: LoadClient,
  edit: number,
): Promise<{ readonly fromSent: number; readonly fromAnswered: number }> {
  const index = (edit * 487) % size
  const millionths = 10_000 * (edit + 1) + 1_000
  await client.run('expect', { needle: shareNeedle(millionths), timeout: limit })
  const sent = machineTime()
  await cluster.api.request({
    path: `${routes}/service-${index}`,
    method: 'PATCH',
    contentType: 'application/json-patch+json',
    body: [{ op: 'replace', path: '/spec/http/0/mirrorPercentage/value', value: millionths / 10_000 }],
  })
  const answered = machineTime()
  const held = await client.run('held', undefined)
  if (held.missing > 0) throw new Error(`edit ${edit} never came`)
  return { fromSent: held.last - sent, fromAnswered: held.last - answered }
}

interface Plane {
  readonly ready: Told
  ask(what: string): Promise<Told>
  close(): Promise<void>
}

async function startPlane(kubeconfig: string): Promise<Plane> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--expose-gc', join(import.meta.dirname, 'support/kubernetes/kubernetes-serve-main.ts'), kubeconfig],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('the control plane has no pipes')
  const lines = createInterface({ input: stdout })
  const next = async (): Promise<Told> => JSON.parse(String((await once(lines, 'line'))[0])) as Told
  return {
    ready: await next(),
    ask(what) {
      const answer = next()
      stdin.write(`${what}\n`)
      return answer
    },
    async close() {
      stdin.end()
      await once(child, 'exit')
    },
  }
}
