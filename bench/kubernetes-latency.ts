/**
 * From `kubectl apply` to the first request that obeys it: `node bench/kubernetes-latency.ts [--json FILE]`.
 * Needs what test:kubernetes needs, kubectl and an Envoy.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startBackend } from '../src/demo/backend.ts'
import { table } from '../src/demo/display.ts'
import { ledger } from '../src/demo/tally.ts'
import { waitFor } from '../src/demo/wait.ts'
import { node } from '../src/envoy/node.ts'
import { startEnvoy } from '../src/envoy/process.ts'
import { startCluster } from '../test/kubernetes/support/cluster.ts'
import type { Cluster } from '../test/kubernetes/support/cluster.ts'
import { definitionsIn, install } from '../test/kubernetes/support/definitions.ts'
import { faultProxy } from '../test/kubernetes/support/fault-proxy.ts'
import { EnvoyDouble } from '../test/support/envoy-double.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { markHeader, shopManifests, shopRoute } from './support/kubernetes/cluster-shop.ts'
import { median } from './support/figures.ts'
import { sendRequest } from './support/request.ts'
import { freePort } from './support/free-port.ts'
import { gatewayBootstrap } from './support/scene.ts'
import { carriesRoutes } from './support/routes-in-force.ts'
import { startServe } from './support/serve-process.ts'
import type { ServeProcess } from './support/serve-process.ts'

/** One edit; all times are milliseconds since kubectl was started. */
interface Edit {
  /** When kubectl had returned. */
  readonly returned: number
  /** When the event of the watch came by on its way to the control plane. */
  readonly event: number
  /**
   * When the control plane had the new routes, and had sent them to Envoy: from its log, in whole
   * milliseconds.
   */
  readonly computed: number
  readonly logged: number
  /** When a second proxy had the new route. */
  readonly pushed: number
  /** When the first request that obeyed was sent, and when its answer was there. */
  readonly sent: number
  readonly answered: number
  /** Whether that request was copied. */
  readonly copied: boolean
  readonly percentage: number
}

interface World {
  readonly cluster: Cluster
  readonly serve: ServeProcess
  readonly double: EnvoyDouble
  readonly probe: Probe
  /** Waits for the event that carries this mark; milliseconds as `performance.now()`. */
  event(mark: string): Promise<number>
  readonly copied: ReadonlySet<string>
  readonly failed: () => number
}

const edits = 20
/** Milliseconds between two edits, at most. */
const pause = 500
const run = promisify(execFile)

async function measure({ binary, signal, progress }: BenchSetting): Promise<BenchReport> {
  await using parts = new AsyncDisposableStack()
  progress('an API server, a control plane and an Envoy start …')
  const world = await open({ binary, signal }, parts)
  const found: Edit[] = []
  for (let each = 0; each < edits; each += 1) {
    // Not in step with anything that ticks.
    await delay(pause * (0.5 + Math.random() / 2), undefined, { signal })
    found.push(await edit(world, { mark: `edit-${each}.`, percentage: each % 2 === 0 ? 0 : 100, signal }))
  }
  await world.probe.close()
  return report(found, world.failed())
}

async function open(
  { binary, signal }: Pick<BenchSetting, 'binary' | 'signal'>,
  parts: AsyncDisposableStack,
): Promise<World> {
  const keep = <T extends { close(): Promise<void> }>(part: T): T => parts.adopt(part, (each) => each.close())
  const cluster = keep(await startCluster())
  await install(cluster.api, await definitionsIn('istio'))
  const copied = new Set<string>()
  const production = keep(await startBackend({ name: 'production', port: 0, onRequest: () => undefined }))
  const mirror = keep(
    await startBackend({
      name: 'mirror',
      port: 0,
      onRequest: ({ id }) => {
        copied.add(id)
      },
    }),
  )
  await kubectlApply(cluster, shopManifests({ production: production.port, mirror: mirror.port }))
  let heard: { readonly text: string; readonly at: number } = { text: '', at: 0 }
  const proxy = keep(
    await faultProxy(cluster.server, ({ pathname, searchParams }, piece) => {
      if (pathname.endsWith('/virtualservices') && searchParams.has('watch'))
        heard = { text: piece.toString(), at: performance.now() }
    }),
  )
  const kubeconfig = await cluster.writeKubeconfig('through-proxy', { server: proxy.server, tls: 'skip' })
  const serve = keep(
    await startServe({ paths: [], flags: ['--kubernetes', '--kubeconfig', kubeconfig], signal }),
  )
  const port = await freePort()
  const envoy = keep(
    await startEnvoy({ binary, bootstrap: gatewayBootstrap({ xds: serve.xds, mode: 'delta' }, port) }),
  )
  await envoy.ready()
  const { host: xdsHost, port: xdsPort } = serve.xds
  const double = keep(
    new EnvoyDouble(`${xdsHost}:${xdsPort}`, {
      mode: 'delta',
      node: node({ role: 'gateway', namespace: 'default', labels: { istio: 'ingressgateway' } }),
    }),
  )
  const probe = keep(startProbe(port))
  await waitFor({ what: 'an answer', signal, timeout: 20_000, look: () => probe.answers() > 0 || undefined })
  return {
    cluster,
    serve,
    double,
    probe,
    copied,
    event: (mark) =>
      waitFor({
        what: `the event of ${mark}`,
        signal,
        look: () => (heard.text.includes(mark) ? heard.at : undefined),
      }),
    failed: probe.failed,
  }
}

/** Another percentage and another header on the same route. */
async function edit(
  world: World,
  {
    mark,
    percentage,
    signal,
  }: { readonly mark: string; readonly percentage: number; readonly signal: AbortSignal },
): Promise<Edit> {
  const obeying = world.probe.first(mark)
  const seen = world.serve.events.length
  const begun = performance.now()
  const applied = kubectlApply(world.cluster, shopRoute({ percentage, mark })).then(() => performance.now())
  const pushed = world.double
    .until(mark, (each) =>
      [...each.held('route').values(), ...each.held('virtual-host').values()].some((held) =>
        JSON.stringify(held).includes(mark),
      ),
    )
    .then(() => performance.now())
  const obeyed = waitFor({ what: `${mark} to be obeyed`, signal, look: obeying })
  const [returned, event, pushedAt, { id, sentAt, answeredAt }] = await Promise.all([
    applied,
    world.event(mark),
    pushed,
    obeyed,
  ])
  const [computed, logged] = [
    await world.serve.until('config-changed', seen),
    await world.serve.until('pushed', seen, carriesRoutes),
  ].map(({ at }) => at - performance.timeOrigin)
  const copied = await waitFor({
    what: 'the copy',
    signal,
    timeout: 500,
    look: () => world.copied.has(id) || undefined,
  }).catch(() => false)
  const since = (at: number): number => at - begun
  return {
    returned: since(returned),
    event: since(event),
    computed: since(computed ?? NaN),
    logged: since(logged ?? NaN),
    pushed: since(pushedAt),
    sent: since(sentAt),
    answered: since(answeredAt),
    copied,
    percentage,
  }
}

async function kubectlApply({ kubeconfig }: Cluster, text: string): Promise<void> {
  const file = join(kubeconfig, '..', 'edit.yaml')
  await writeFile(file, text)
  await run('kubectl', ['--kubeconfig', kubeconfig, 'apply', '--namespace', 'default', '-f', file])
}

interface Probe {
  /** Returns what tells of the first request since now whose answer carries this mark. */
  first(
    mark: string,
  ): () => { readonly id: string; readonly sentAt: number; readonly answeredAt: number } | undefined
  answers(): number
  failed(): number
  close(): Promise<void>
}

/** One connection, requests back to back. Failures count from the first answer on. */
function startProbe(port: number): Probe {
  const agent = new Agent({ keepAlive: true })
  const counts = ledger('production', '')
  const state: {
    running: boolean
    mark: string
    answers: number
    failed: number
    obeying: { readonly id: string; readonly sentAt: number; readonly answeredAt: number } | undefined
  } = { running: true, mark: '', answers: 0, failed: 0, obeying: undefined }
  const probing = (async () => {
    while (state.running) {
      const sentAt = performance.now()
      const { id, status, headers } = await sendRequest({
        agent,
        port,
        host: 'shop.example',
        id: counts.nextId('probe'),
      })
      if (status === 200) state.answers += 1
      else if (state.answers > 0) state.failed += 1
      else await delay(20)
      if (state.obeying === undefined && headers[markHeader] === state.mark)
        state.obeying = { id, sentAt, answeredAt: performance.now() }
    }
  })()
  return {
    first: (mark) => {
      Object.assign(state, { mark, obeying: undefined })
      return () => state.obeying
    },
    answers: () => state.answers,
    failed: () => state.failed,
    close: async () => {
      state.running = false
      await probing
      agent.destroy()
    },
  }
}

function report(found: readonly Edit[], failed: number): BenchReport {
  const row = (what: string, of: (edit: Edit) => number): readonly string[] => [
    what,
    median(found.map(of)).toFixed(1),
    Math.max(...found.map(of)).toFixed(1),
  ]
  const right = found.filter(({ copied, percentage }) => copied === (percentage === 100)).length
  return {
    lines: [
      `${found.length} edits of a VirtualService by kubectl apply: another percentage (0 and 100 in turn) ` +
        `and another response header.`,
      'One connection sends requests back to back. Milliseconds; below zero is before.',
      '',
      ...table([
        ['', 'median', 'most'],
        row('kubectl: from its start to its return', ({ returned }) => returned),
        row('from its return to the first request that obeys', ({ sent, returned }) => sent - returned),
        row('from its return to the answer to that request', ({ answered, returned }) => answered - returned),
        row('from its start to the event of the watch', ({ event }) => event),
        row(
          'from the event of the watch to the new routes (log, whole ms)',
          ({ computed, event }) => computed - event,
        ),
        row('from the event of the watch to the push (log, whole ms)', ({ logged, event }) => logged - event),
        row(
          'from the event of the watch to the push (at a second proxy)',
          ({ pushed, event }) => pushed - event,
        ),
        row('from the event of the watch to the first request that obeys', ({ sent, event }) => sent - event),
      ]),
    ],
    expectations: [
      {
        what: 'the first request that obeys is copied at 100 % and not at 0 %',
        held: right === found.length,
        found: `${right} of ${found.length}`,
      },
      { what: 'requests failed', held: failed === 0, found: String(failed) },
    ],
    data: { edits: found, failed },
  }
}

await runBench(240_000, measure)
