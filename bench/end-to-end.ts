/** From a file to the last proxy: `node bench/end-to-end.ts [--quick] [--json FILE] [--profile DIR]`. */
import { join } from 'node:path'
import { table } from '../src/demo/display.ts'
import type { Mode } from './support/load/discovery-response.ts'
import { typeUrls } from './support/load/discovery-response.ts'
import { startLoadClient } from './support/load/client.ts'
import type { LoadClient } from './support/load/client.ts'
import type { Counts, Holdings } from './support/load/protocol.ts'
import { machineTime } from './support/machine-clock.ts'
import { nodeArgs, startMeasured } from './support/measured-process.ts'
import type { MeasuredProcess } from './support/measured-process.ts'
import type { Aim, Measurement, MeasureSetting } from './support/measure-run.ts'
import { runMeasurement } from './support/measure-run.ts'
import { shareNeedle, writeMeshFleet } from './support/mesh-fleet.ts'
import type { MeshFleet } from './support/mesh-fleet.ts'
import { usageOf } from './support/process-usage.ts'
import { bytes, median, mib, ms, shortType } from './support/figures.ts'
import { dialNeedle } from './support/runtime-layer.ts'
import { sentSince, totalOf } from './support/load/sent-since.ts'
import { startQuietServe } from './support/quiet-serve.ts'

export interface EndToEndSize {
  readonly services: number
  readonly proxies: number
  /** How many kinds of workload the proxies are of, by a label that no configuration mentions. */
  readonly workloads: number
  readonly mode: Mode
  /**
   * Whether the edit is of a file under `serve`, of a manifest in memory, or of every proxy's runtime layer
   * (RTDS), in memory.
   */
  readonly edits: 'file' | 'memory' | 'runtime'
}

/** The figures of one size. Times in milliseconds. */
export interface EndToEnd extends EndToEndSize {
  /** From starting the process until it listens, which is when all files are translated. */
  readonly start: number
  /** From the first connection until the last proxy has all that it waits for. */
  readonly cold: number
  readonly coldCounts: Counts
  readonly holdings: Holdings
  /** From saving until the last proxy holds it: of the median edit, and of all. */
  readonly edit: number
  readonly rounds: readonly Edit[]
  /** The very first, before anything that it runs is compiled. */
  readonly firstEdit: number
  /** Bytes of the server's peak, and of its memory when all is done. */
  readonly peak: number
  readonly memory: number
  /** Milliseconds of server CPU for the start and the cold start together. */
  readonly coldCpu: number
}

export interface Edit {
  readonly time: number
  /** Server CPU, in milliseconds. */
  readonly cpu: number
  readonly bytes: number
  readonly responses: number
  readonly resources: number
  /** Types that something was sent of. */
  readonly types: readonly string[]
  readonly missing: number
}

export const sizes: readonly EndToEndSize[] = [
  { services: 100, proxies: 10, workloads: 1, mode: 'sotw', edits: 'file' },
  { services: 100, proxies: 10, workloads: 1, mode: 'delta', edits: 'file' },
  { services: 100, proxies: 10, workloads: 1, mode: 'delta', edits: 'memory' },
  { services: 100, proxies: 1_000, workloads: 1, mode: 'delta', edits: 'file' },
  { services: 100, proxies: 1_000, workloads: 100, mode: 'delta', edits: 'file' },
  { services: 1_000, proxies: 200, workloads: 1, mode: 'delta', edits: 'file' },
  { services: 1_000, proxies: 1_000, workloads: 1, mode: 'delta', edits: 'file' },
  { services: 1_000, proxies: 1_000, workloads: 1, mode: 'sotw', edits: 'file' },
  { services: 1_000, proxies: 1_000, workloads: 1, mode: 'delta', edits: 'runtime' },
]
export const quickSizes: readonly EndToEndSize[] = [
  { services: 20, proxies: 5, workloads: 1, mode: 'sotw', edits: 'file' },
  { services: 20, proxies: 5, workloads: 3, mode: 'delta', edits: 'file' },
  { services: 20, proxies: 5, workloads: 1, mode: 'delta', edits: 'memory' },
  { services: 20, proxies: 5, workloads: 1, mode: 'sotw', edits: 'runtime' },
]

const coldTimeout = 120_000
const editTimeout = 30_000

/**
 * The first edits cost more, until what they run is compiled; where an edit takes milliseconds that is most
 * of them.
 */
function editsOf(
  { proxies }: EndToEndSize,
  quick: boolean,
): { readonly warm: number; readonly counted: number } {
  if (quick) return { warm: 1, counted: 5 }
  return proxies <= 10 ? { warm: 40, counted: 40 } : { warm: 2, counted: 9 }
}

export async function measureEndToEnd(
  setting: MeasureSetting,
): Promise<Measurement & { readonly rows: readonly EndToEnd[] }> {
  const rows: EndToEnd[] = []
  for (const size of setting.quick ? quickSizes : sizes) {
    setting.progress(
      `${size.services} services, ${size.proxies} proxies, ${size.mode}, edits in ${size.edits}`,
    )
    rows.push(await endToEnd(size, setting))
  }
  return { rows, ...report(rows) }
}

interface Scene {
  readonly fleet: MeshFleet
  readonly server: MeasuredProcess
  readonly client: LoadClient
}

async function endToEnd(size: EndToEndSize, { signal, profile, quick }: MeasureSetting): Promise<EndToEnd> {
  await using parts = new AsyncDisposableStack()
  const fleet = parts.adopt(await writeMeshFleet(size.services), (each) => each.close())
  const begun = machineTime()
  const started =
    size.edits === 'file'
      ? startQuietServe({ folder: fleet.folder, profile, signal })
      : startMemoryServer(fleet, { profile, signal })
  const server = parts.adopt(await started, (each) => each.close())
  const start = machineTime() - begun
  const client = parts.adopt(startLoadClient(signal), (each) => each.close())
  await client.run('counts', undefined) // the process is there
  const connecting = machineTime()
  const opened = await client.run('open', {
    ...server.xds,
    mode: size.mode,
    streams: size.proxies,
    ask: 'envoy',
    role: 'sidecar',
    workloads: size.workloads,
    timeout: coldTimeout,
  })
  const coldCpu = usageOf(server.pid).cpu
  if (opened.missing > 0)
    throw new Error(
      `${opened.missing} of ${opened.streams} proxies are not complete after ${coldTimeout / 1000} s`,
    )
  const [coldCounts, holdings] = [
    await client.run('counts', undefined),
    await client.run('holdings', undefined),
  ]
  const edits: Edit[] = []
  const { warm, counted: wanted } = editsOf(size, quick)
  for (let index = 0; index < warm + wanted; index += 1)
    edits.push(await oneEdit({ fleet, server, client }, size, index))
  const counted = edits.slice(warm)
  const { peak, memory } = usageOf(server.pid)
  return {
    ...size,
    start,
    cold: opened.last - connecting,
    coldCounts,
    holdings,
    coldCpu,
    peak,
    memory,
    edit: median(counted.map(({ time }) => time)),
    rounds: counted,
    firstEdit: edits[0]?.time ?? Number.NaN,
  }
}

async function oneEdit({ fleet, server, client }: Scene, size: EndToEndSize, round: number): Promise<Edit> {
  const index = (7 + round * 13) % size.services
  const millionths = 123_457 + round * 1_009
  await client.run('expect', {
    needle: size.edits === 'runtime' ? dialNeedle(millionths) : shareNeedle(millionths),
    timeout: editTimeout,
  })
  const before = { counts: await client.run('counts', undefined), cpu: usageOf(server.pid).cpu }
  const begun = machineTime()
  if (size.edits === 'file') await fleet.setShare(index, millionths)
  else if (size.edits === 'runtime') server.write(`dial ${millionths}`)
  else server.write(`share ${index} ${size.services} ${millionths}`)
  const held = await client.run('held', undefined)
  const sent = sentSince(before.counts, await client.run('counts', undefined))
  const total = totalOf(sent)
  return {
    time: held.last - begun,
    missing: held.missing,
    cpu: usageOf(server.pid).cpu - before.cpu,
    ...total,
    types: Object.keys(sent).map(shortType),
  }
}

function startMemoryServer(
  fleet: MeshFleet,
  { profile, signal }: Pick<MeasureSetting, 'profile' | 'signal'>,
): Promise<MeasuredProcess> {
  const program = join(import.meta.dirname, 'support/memory-server.ts')
  return startMeasured({
    command: process.execPath,
    args: [...nodeArgs(program, profile), fleet.folder],
    listening: /^listening (\S+)$/,
    signal,
  })
}

function report(rows: readonly EndToEnd[]): Measurement {
  return {
    title: 'End to end: files → last proxy (S services, each mirrored by a VirtualService; N sidecars)',
    lines: table([
      [
        'S',
        'N',
        'workloads',
        'mode',
        'edit of',
        'start',
        'cold, all N',
        'CPU so far',
        'first edit',
        'one edit',
        'slowest',
        'bytes',
        'CPU',
        'memory',
        'peak',
      ],
      ...rows.map((row) => [
        `${row.services}`,
        `${row.proxies}`,
        `${row.workloads}`,
        row.mode,
        row.edits,
        ms(row.start),
        ms(row.cold),
        ms(row.coldCpu),
        ms(row.firstEdit),
        ms(row.edit),
        ms(Math.max(...row.rounds.map(({ time }) => time))),
        bytes(median(row.rounds.map((each) => each.bytes))),
        ms(median(row.rounds.map(({ cpu }) => cpu))),
        mib(row.memory),
        mib(row.peak),
      ]),
    ]),
    expectations: rows.flatMap((row) => {
      const name = `S ${row.services}, N ${row.proxies} of ${row.workloads}, ${row.mode}, ${row.edits}`
      const clusters = row.holdings[typeUrls.cluster] ?? { least: 0, most: 0 }
      const lost = row.rounds.reduce((sum, { missing }) => sum + missing, 0)
      const types = [...new Set(row.rounds.flatMap((each) => each.types))]
      return [
        {
          what: `${name}: every proxy holds a cluster of each service`,
          held: clusters.least >= row.services && clusters.least === clusters.most,
          found: `${clusters.least} to ${clusters.most}`,
        },
        {
          what: `${name}: every proxy takes every edit by one response`,
          held: lost === 0 && row.rounds.every(({ responses }) => responses === row.proxies),
          found: `${lost} missing, ${row.rounds.map(({ responses }) => responses).join(', ')} responses`,
        },
        {
          what: `${name}: an edit is sent as one type alone`,
          held: types.length === 1,
          found: types.join(', '),
        },
      ]
    }),
    aims: rows.flatMap(aimsOf),
    data: { rows },
  }
}

function aimsOf(row: EndToEnd): readonly Aim[] {
  const { services, proxies, mode, edits } = row
  const name = `S ${services}, N ${proxies}, ${mode}`
  const time = (what: string, found: number, aim: number): Aim => ({
    what: `${name}: ${what}`,
    found: ms(found),
    aim: `≤ ${aim} ms`,
    met: found <= aim,
  })
  if (proxies === 10)
    return [
      time(
        edits === 'file' ? 'one edit of a file' : 'one edit in memory',
        row.edit,
        edits === 'file' ? 20 : 5,
      ),
    ]
  if (services * proxies < 1_000_000 || edits === 'runtime') return []
  if (mode === 'sotw') return [time('one edit', row.edit, 1_500)]
  const sent = median(row.rounds.map((each) => each.bytes))
  return [
    time('cold', row.cold, 6_000),
    time('one edit', row.edit, 150),
    { what: `${name}: bytes for the edit`, found: bytes(sent), aim: '≤ 2 MB', met: sent <= 2e6 },
    { what: `${name}: peak`, found: mib(row.peak), aim: '≤ 600 MiB', met: row.peak <= 600 * 2 ** 20 },
  ]
}

if (import.meta.main) await runMeasurement(900_000, measureEndToEnd)
