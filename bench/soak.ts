/** Memory over a long time: `node bench/soak.ts [--minutes 30] [--quick] [--json FILE]`. */
import { setTimeout as delay } from 'node:timers/promises'
import { table } from '../src/demo/display.ts'
import { bytes, median, mib, ms, quantile } from './support/figures.ts'
import { startLoadClient } from './support/load/client.ts'
import type { TypeCount } from './support/load/protocol.ts'
import { machineTime } from './support/machine-clock.ts'
import type { Measurement, MeasureSetting } from './support/measure-run.ts'
import { runMeasurement } from './support/measure-run.ts'
import { shareNeedle, writeMeshFleet } from './support/mesh-fleet.ts'
import { usageOf } from './support/process-usage.ts'
import { startQuietServe } from './support/quiet-serve.ts'
import { sentSince, totalOf } from './support/load/sent-since.ts'

export interface SoakSize {
  readonly services: number
  readonly proxies: number
  readonly edits: number
  /** Milliseconds from one edit to the next. */
  readonly every: number
}

export interface Soak extends SoakSize {
  /** Server memory in bytes after each edit. */
  readonly memory: readonly number[]
  /** Milliseconds until the last proxy has each edit. */
  readonly times: readonly number[]
  readonly missing: number
  readonly sent: TypeCount
  /** Milliseconds of server CPU. */
  readonly cpu: number
  readonly peak: number
}

const coldTimeout = 60_000
const editTimeout = 20_000

/** One edit a second under `serve`, of each VirtualService in turn; each is awaited by all proxies. */
export async function measureSoak(setting: MeasureSetting): Promise<Measurement & Soak> {
  const size = setting.quick
    ? { services: 20, proxies: 10, edits: 20, every: 0 }
    : { services: 100, proxies: 100, edits: Math.round(setting.minutes * 60), every: 1_000 }
  const found = await soak(size, setting)
  return { ...found, ...report(found) }
}

async function soak(size: SoakSize, { signal, profile, progress }: MeasureSetting): Promise<Soak> {
  await using parts = new AsyncDisposableStack()
  const fleet = parts.adopt(await writeMeshFleet(size.services), (each) => each.close())
  const server = parts.adopt(await startQuietServe({ folder: fleet.folder, profile, signal }), (each) =>
    each.close(),
  )
  const client = parts.adopt(startLoadClient(signal), (each) => each.close())
  const opened = await client.run('open', {
    ...server.xds,
    mode: 'delta',
    streams: size.proxies,
    ask: 'envoy',
    role: 'sidecar',
    workloads: 1,
    timeout: coldTimeout,
  })
  if (opened.missing > 0) throw new Error(`${opened.missing} proxies are not complete`)
  const [before, cpu] = [await client.run('counts', undefined), usageOf(server.pid).cpu]
  const [memory, times]: [number[], number[]] = [[], []]
  let missing = 0
  for (let index = 0; index < size.edits; index += 1) {
    const next = machineTime() + size.every
    // 100,003 to 399,993, each another one for as long as it matters.
    const millionths = 100_003 + ((index * 7_919) % 299_990)
    await client.run('expect', { needle: shareNeedle(millionths), timeout: editTimeout })
    const begun = machineTime()
    await fleet.setShare(index % size.services, millionths)
    const held = await client.run('held', undefined)
    times.push(held.last - begun)
    missing += held.missing
    memory.push(usageOf(server.pid).memory)
    if (index % 60 === 0) progress(`${index} of ${size.edits} edits, ${mib(memory.at(-1) ?? 0)}`)
    if (next > machineTime()) await delay(next - machineTime(), undefined, { signal })
  }
  const usage = usageOf(server.pid)
  const sent = totalOf(sentSince(before, await client.run('counts', undefined)))
  return { ...size, memory, times, missing, sent, cpu: usage.cpu - cpu, peak: usage.peak }
}

function report({
  services,
  proxies,
  edits,
  every,
  memory,
  times,
  missing,
  sent,
  cpu,
  peak,
}: Soak): Measurement {
  // The median of a tenth of the run, at its start, in its middle and at its end.
  const tenth = Math.max(1, Math.floor(edits / 10))
  const at = (from: number): number => median(memory.slice(from, from + tenth))
  const [start, middle, end] = [at(0), at(Math.floor((edits - tenth) / 2)), at(edits - tenth)]
  return {
    title:
      `Soak: ${edits} edits${every === 0 ? '' : ', one a second'}, ${services} services, ${proxies} ` +
      `delta proxies`,
    lines: [
      ...table([
        ['', 'start', 'middle', 'end', 'peak'],
        ['memory', mib(start), mib(middle), mib(end), mib(peak)],
      ]),
      `each edit: median ${ms(median(times))}, 99 % within ${ms(quantile(times, 0.99))}; ` +
        `${bytes(sent.bytes / edits)} sent, ${ms(cpu / edits)} of CPU`,
    ],
    expectations: [
      {
        what: 'every proxy takes every edit by one response',
        held: missing === 0 && sent.responses === edits * proxies,
        found: `${sent.responses} responses, ${missing} missing`,
      },
    ],
    aims: [
      {
        what: 'soak: memory at the end, of that in the middle',
        found: (end / middle).toFixed(2),
        aim: '≤ 1.05',
        met: end <= 1.05 * middle,
      },
    ],
    data: { services, proxies, edits, every, memory, times, missing, sent, cpu, peak },
  }
}

if (import.meta.main) await runMeasurement(24 * 3_600_000, measureSoak)
