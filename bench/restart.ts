/** The control plane killed under load and started again: `node bench/restart.ts [--json FILE]`. */
import { table } from '../src/demo/display.ts'
import type { Expectation } from '../src/demo/expectation.ts'
import type { Tally } from '../src/demo/tally.ts'
import { waitFor } from '../src/demo/wait.ts'
import type { BootstrapOptions } from '../src/envoy/bootstrap.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { routesInForce } from './support/routes-in-force.ts'
import { openScene, production } from './support/scene.ts'
import type { Scene } from './support/scene.ts'
import { startServe } from './support/serve-process.ts'
import type { EventOf, ServeProcess } from './support/serve-process.ts'
import { startLoad } from './support/steady-load.ts'

export interface RestartOptions extends BenchSetting {
  readonly modes: readonly BootstrapOptions['mode'][]
  /** Requests a second. */
  readonly rate: number
  /** Requests before the kill, while the control plane is gone, and after Envoy is back on it. */
  readonly requests: number
}

/** A response as the control plane logged it. */
export interface Sent {
  readonly type: string
  readonly sent: readonly string[]
  readonly removed: readonly string[]
  readonly bytes: number
}

/** The results of the restarts of one protocol variant. */
export interface RestartResult {
  readonly mode: BootstrapOptions['mode']
  readonly tally: Tally
  /** Milliseconds from the start of the load to its end. */
  readonly duration: number
  /** Milliseconds from listening again to Envoy's new stream. */
  readonly reconnected: number
  /** To an Envoy that comes for the first time. */
  readonly first: readonly Sent[]
  /** After a restart over unchanged files. */
  readonly unchanged: readonly Sent[]
  /** After a restart with one percentage edited meanwhile. */
  readonly edited: readonly Sent[]
  /** Parts per million in Envoy's config dump after that. */
  readonly millionths: number
}

const editedPercentage = 20
const markerPercentage = 40

/**
 * Kills the control plane twice under load: once over unchanged files, and once with an edit while it is
 * down.
 */
export async function measureRestart(
  options: RestartOptions,
): Promise<BenchReport & { readonly results: readonly RestartResult[] }> {
  const results: RestartResult[] = []
  for (const mode of options.modes) {
    options.progress(`restarts under ${options.rate} requests a second, Envoy in ${mode} mode`)
    results.push(await measureMode(mode, options))
  }
  return { results, ...report(results) }
}

async function measureMode(mode: BootstrapOptions['mode'], options: RestartOptions): Promise<RestartResult> {
  const { requests, signal } = options
  const scene = await openScene({ ...options, mode })
  try {
    const first = responses(scene.serve)
    const load = scene.keep(
      startLoad({ port: scene.port, rate: options.rate, hosts: { [scene.host]: production } }),
    )
    const startedAt = performance.now()
    await load.more(requests, signal)
    await scene.serve.kill()
    await load.more(requests, signal)
    const again = await restart(scene, signal)
    const listening = await again.until('listening', 0)
    const connected = await again.until('connected', 0)
    await load.more(requests, signal)
    await load.close()
    const duration = performance.now() - startedAt
    const unchanged = await settled(scene, again, signal)
    const edited = await restartEdited(scene, again, signal)
    return {
      mode,
      first,
      unchanged,
      duration,
      tally: load.tally(),
      reconnected: connected.at - listening.at,
      ...edited,
    }
  } finally {
    await scene.close()
  }
}

async function restartEdited(
  scene: Scene,
  running: ServeProcess,
  signal: AbortSignal,
): Promise<Pick<RestartResult, 'edited' | 'millionths'>> {
  await running.kill()
  await scene.workspace.setPercentage(editedPercentage)
  const last = await restart(scene, signal)
  const millionths = await inForce(scene, editedPercentage, signal)
  return { millionths, edited: await settled(scene, last, signal) }
}

/**
 * Everything that was sent before one more edit, whose ACK comes after all that Envoy asked for on its new
 * stream.
 */
async function settled(scene: Scene, serve: ServeProcess, signal: AbortSignal): Promise<readonly Sent[]> {
  await scene.workspace.setPercentage(markerPercentage)
  await inForce(scene, markerPercentage, signal)
  return responses(serve).slice(0, -1)
}

async function inForce({ envoy }: Scene, percentage: number, signal: AbortSignal): Promise<number> {
  return waitFor({
    what: `${percentage} % in Envoy`,
    signal,
    timeout: 20_000,
    look: async () => {
      const [policy] = (await routesInForce(envoy)).flatMap(({ mirrors }) => mirrors)
      return policy?.numerator === percentage * 10_000 ? policy.numerator : undefined
    },
  })
}

/** At the port that Envoy knows. */
async function restart(scene: Scene, signal: AbortSignal): Promise<ServeProcess> {
  const { host, port } = scene.serve.xds
  return scene.keep(await startServe({ paths: [scene.workspace.folder], listen: `${host}:${port}`, signal }))
}

function responses(serve: ServeProcess): readonly Sent[] {
  return serve
    .of('pushed')
    .map(({ type, sent, removed, bytes }: EventOf<'pushed'>) => ({ type, sent, removed, bytes }))
}

function report(results: readonly RestartResult[]): BenchReport {
  const head = [
    '',
    'requests',
    'seconds',
    'failed',
    'Envoy back after',
    'first connection',
    'unchanged',
    'one edit while down',
  ]
  const rows = results.map(({ mode, tally, duration, reconnected, first, unchanged, edited }) => [
    mode,
    `${tally.sent}`,
    (duration / 1000).toFixed(1),
    `${tally.failed}`,
    `${reconnected.toFixed(0)} ms`,
    total(first),
    total(unchanged),
    total(edited),
  ])
  return {
    lines: [
      ...table([head, ...rows]),
      ...results.flatMap(({ mode, first, unchanged, edited }) => [
        '',
        `${mode}: sent to the first connection`,
        ...first.map(describe),
        `${mode}: sent after the restart, nothing changed`,
        ...listed(unchanged),
        `${mode}: sent after the restart, one percentage edited while it was down`,
        ...listed(edited),
      ]),
    ],
    expectations: results.flatMap(expectations),
    data: { results },
  }
}

function total(sent: readonly Sent[]): string {
  return `${sent.length} responses, ${sent.reduce((sum, { bytes }) => sum + bytes, 0)} B`
}

function listed(sent: readonly Sent[]): readonly string[] {
  return sent.length === 0 ? ['    nothing'] : sent.map(describe)
}

function describe({ type, sent, removed, bytes }: Sent): string {
  return (
    `    ${type}: ` +
    `${sent.join(', ') || 'no resource'}${removed.length === 0 ? '' : `; removed ${removed.join(', ')}`} ` +
    `(${bytes} B)`
  )
}

function expectations({ mode, tally, unchanged, edited, millionths }: RestartResult): readonly Expectation[] {
  const changed = edited.map(({ type, sent, removed }) =>
    [type, ...sent, ...removed.map((name) => `-${name}`)].join(' '),
  )
  return [
    {
      what: `${mode}: no request failed`,
      held: tally.failed === 0 && tally.answered === tally.sent && tally.sent > 0,
      found:
        tally.failed === 0
          ? `${tally.answered} of ${tally.sent} answered`
          : `${tally.failed} of ${tally.sent} failed; the first: ${tally.failure ?? ''}`,
    },
    ...(mode === 'sotw'
      ? []
      : [
          {
            what: `${mode}: nothing is sent again for unchanged configuration`,
            held: unchanged.length === 0,
            found: total(unchanged),
          },
          {
            what: `${mode}: after an edit while it was down, exactly the changed resource is sent`,
            held: changed.join() === 'virtual-host http.80/*:80',
            found: changed.join(', '),
          },
        ]),
    {
      what: `${mode}: the edit is in force`,
      held: millionths === editedPercentage * 10_000,
      found: `${millionths} ppm`,
    },
  ]
}

if (import.meta.main) {
  await runBench(180_000, (setting) =>
    measureRestart({ ...setting, modes: ['delta', 'sotw'], rate: 500, requests: 1_700 }),
  )
}
