/**
 * One VirtualService on a sidecar with bound listeners and on one with interception, each in a network
 * namespace: `node bench/interception.ts`. Needs root.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { table } from '../src/demo/display.ts'
import type { Expectation } from '../src/demo/expectation.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import type { InterceptionFigures, SidecarFigures, WorldOptions } from './support/interception/calls.ts'
import { mirrorPercentage } from './support/interception/world.ts'
import { missingForInterception } from './support/interception/network-program.ts'

export interface InterceptionOptions extends BenchSetting {
  /** Requests of each sidecar. */
  readonly requests: number
  /** How many standard deviations the copies may be off. */
  readonly deviations: number
}

/**
 * Sends the requests through each sidecar and counts at the backends, then tries what else interception has
 * to do. Rejects if the machine lacks something.
 */
export async function measureInterception(
  options: InterceptionOptions,
): Promise<BenchReport & InterceptionFigures> {
  const missing = await missingForInterception()
  if (missing !== undefined) throw new Error(missing)
  const { sidecars, expectations } = await lookInside(options)
  const share = mirrorPercentage / 100
  const mean = options.requests * share
  const deviation = Math.sqrt(mean * (1 - share))
  const all = [
    ...sidecars.flatMap((each) => expectationsOf(each, { mean, tolerance: options.deviations * deviation })),
    ...expectations,
  ]
  const head = ['sidecar', 'requests', 'answered', 'failed', 'expected copies', 'sd', 'copies', 'off by']
  const rows = sidecars.map(({ mode, sent, answered, copies }) => [
    mode,
    `${sent}`,
    `${answered}`,
    `${sent - answered}`,
    mean.toFixed(0),
    deviation.toFixed(1),
    `${copies}`,
    `${((copies - mean) / deviation).toFixed(2)} sd`,
  ])
  return { lines: table([head, ...rows]), sidecars, expectations: all, data: { sidecars } }
}

/** Everything happens in namespaces of its own, which are gone when the program has ended. */
function lookInside({ binary, requests, signal }: InterceptionOptions): Promise<InterceptionFigures> {
  const options: WorldOptions = { binary, requests }
  const child = spawn(
    'unshare',
    [
      '--net',
      process.execPath,
      join(import.meta.dirname, 'support/interception/outside.ts'),
      JSON.stringify(options),
    ],
    { signal, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let [output, said] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) =>
      status === 0
        ? resolve(JSON.parse(output) as InterceptionFigures)
        : reject(new Error(`status ${status}: ${said}`)),
    )
  })
}

function expectationsOf(
  { mode, sent, answered, failure, copies, wrongHosts }: SidecarFigures,
  { mean, tolerance }: { readonly mean: number; readonly tolerance: number },
): readonly Expectation[] {
  return [
    {
      what: `${mode}: every answer is a 200 from the primary`,
      held: answered === sent,
      found: failure === '' ? `${answered} of ${sent}` : `${sent - answered} failed; the first: ${failure}`,
    },
    {
      what: `${mode}: copies within ${tolerance.toFixed(0)} of ${mean.toFixed(0)}`,
      held: Math.abs(copies - mean) <= tolerance,
      found: `${copies}`,
    },
    {
      what: `${mode}: every copy has its Host with -shadow`,
      held: wrongHosts === 0,
      found: `${copies - wrongHosts} of ${copies}`,
    },
  ]
}

if (import.meta.main) {
  await runBench(120_000, (setting) => measureInterception({ ...setting, requests: 10_000, deviations: 4 }))
}
