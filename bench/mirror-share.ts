/**
 * How many requests a real Envoy mirrors, against how many it should: `node bench/mirror-share.ts [--json
 * FILE]`.
 */
import { table } from '../src/demo/display.ts'
import type { Expectation } from '../src/demo/expectation.ts'
import type { Tally } from '../src/demo/tally.ts'
import { waitFor } from '../src/demo/wait.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { drained, mirrorStats } from './support/mirror-drain.ts'
import { repeat } from './support/request.ts'
import { routesInForce } from './support/routes-in-force.ts'
import { mirrorCluster, openScene, production } from './support/scene.ts'
import type { Scene } from './support/scene.ts'

export interface MirrorShareOptions extends BenchSetting {
  /** Percentages as the user writes them. */
  readonly percentages: readonly number[]
  /** Requests at each percentage. */
  readonly requests: number
  /** How many standard deviations a count may be off. */
  readonly deviations: number
}

/** The result for one percentage. */
export interface Share {
  readonly percentage: number
  /** Parts per million in Envoy's config dump. */
  readonly millionths: number
  readonly tally: Tally
  readonly mean: number
  readonly deviation: number
  /** Copies that the circuit breakers refused. */
  readonly overflow: number
}

/** Far below the 128 requests of a mirror's circuit breakers. */
const lanes = 24

/** Sends the requests at each percentage, and counts at the backends. */
export async function measureMirrorShare(
  options: MirrorShareOptions,
): Promise<BenchReport & { readonly shares: readonly Share[] }> {
  const scene = await openScene(options)
  try {
    const shares: Share[] = []
    for (const percentage of options.percentages) {
      options.progress(`${options.requests} requests at ${percentage} %`)
      shares.push(await measureShare(scene, percentage, options))
    }
    return { shares, ...report(shares, options, scene) }
  } finally {
    await scene.close()
  }
}

async function measureShare(
  scene: Scene,
  percentage: number,
  { requests, signal }: MirrorShareOptions,
): Promise<Share> {
  const millionths = Math.round(percentage * 10_000)
  const step = `${percentage}`
  await scene.workspace.setPercentage(percentage)
  await waitFor({
    what: `${percentage} % in Envoy`,
    signal,
    look: async () => (await inForce(scene)) === millionths || undefined,
  })
  // The config dump is the main thread's: the worker takes the new route before it reads another request
  // after this one.
  await repeat(lanes, lanes, async () => {
    await scene.send('between')
  })
  await drained(scene, signal)
  const before = await refusals(scene)
  await repeat(requests, lanes, async () => {
    signal.throwIfAborted()
    await scene.send(step)
  })
  await drained(scene, signal)
  const share = millionths / 1_000_000
  return {
    percentage,
    millionths,
    tally: scene.ledger.tally(step),
    overflow: (await refusals(scene)) - before,
    mean: requests * share,
    deviation: Math.sqrt(requests * share * (1 - share)),
  }
}

/** Undefined while there is no route at all; 0 where no policy copies. */
async function inForce(scene: Scene): Promise<number | undefined> {
  const [route] = await routesInForce(scene.envoy)
  return route === undefined
    ? undefined
    : (route.mirrors.find(({ cluster }) => cluster === mirrorCluster)?.numerator ?? 0)
}

async function refusals(scene: Scene): Promise<number> {
  const stats = await mirrorStats(scene.envoy)
  return stats('upstream_rq_pending_overflow') + stats('upstream_cx_overflow')
}

function report(
  shares: readonly Share[],
  { requests, deviations }: MirrorShareOptions,
  { copyHost }: Scene,
): BenchReport {
  const head = [
    'percentage',
    'ppm in Envoy',
    'requests',
    `from ${production}`,
    'failed',
    'expected',
    'sd',
    'mirrored',
    'off by',
    'overflow',
  ]
  const rows = shares.map(({ percentage, millionths, tally, mean, deviation, overflow }) => [
    `${percentage} %`,
    `${millionths}`,
    `${tally.sent}`,
    `${tally.answered - tally.failed}`,
    `${tally.failed}`,
    mean.toFixed(1),
    deviation.toFixed(1),
    `${tally.copies}`,
    deviation === 0 ? `${tally.copies - mean}` : `${((tally.copies - mean) / deviation).toFixed(2)} sd`,
    `${overflow}`,
  ])
  return {
    lines: table([head, ...rows]),
    expectations: shares.flatMap((share) => expectations(share, { requests, deviations, copyHost })),
    data: { shares },
  }
}

function expectations(
  { percentage, tally, mean, deviation, overflow }: Share,
  {
    requests,
    deviations,
    copyHost,
  }: { readonly requests: number; readonly deviations: number; readonly copyHost: string },
): readonly Expectation[] {
  return [
    {
      what:
        `${percentage} %: copies within ${deviations} standard deviations of ${mean.toFixed(1)} (± ` +
        `${(deviations * deviation).toFixed(1)})`,
      held: tally.sent === requests && Math.abs(tally.copies - mean) <= deviations * deviation,
      found: `${tally.copies} of ${tally.sent}`,
    },
    {
      what: `${percentage} %: every answer is a 200 from ${production}`,
      held: tally.answered === requests && tally.failed === 0,
      found:
        tally.failed === 0
          ? `${tally.answered}`
          : `${tally.failed} failed; the first: ${tally.failure ?? ''}`,
    },
    {
      what: `${percentage} %: every copy has the Host ${copyHost}`,
      held: tally.wrongHosts === 0,
      found: `${tally.copies - tally.wrongHosts} of ${tally.copies}`,
    },
    {
      what: `${percentage} %: no copy was refused by a circuit breaker`,
      held: overflow === 0,
      found: `${overflow}`,
    },
  ]
}

if (import.meta.main) {
  await runBench(300_000, (setting) =>
    measureMirrorShare({ ...setting, percentages: [50, 0.57, 33.3333], requests: 20_000, deviations: 3 }),
  )
}
