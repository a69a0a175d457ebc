/**
 * Proxies that stop reading, among others: `node bench/stalled-readers.ts [--quick] [--json FILE] [--profile
 * DIR]`.
 */
import { table } from '../src/demo/display.ts'
import { typeUrls } from './support/load/discovery-response.ts'
import { payloadName } from './support/fan-out-payload.ts'
import { median, mib, ms, quantile } from './support/figures.ts'
import { startLoadClient } from './support/load/client.ts'
import { machineTime } from './support/machine-clock.ts'
import type { Measurement, MeasureSetting } from './support/measure-run.ts'
import { runMeasurement } from './support/measure-run.ts'
import { shadowplane, startContender } from './support/one-resource-process.ts'
import { forgetPeak, usageOf } from './support/process-usage.ts'

export interface StallSize {
  readonly streams: number
  readonly stalled: number
  /** Later: so many that what they were sent is more than the server allows to be unanswered. */
  readonly crowd: number
  readonly pushes: number
  /** Bytes of the resource. */
  readonly size: number
}

export interface Stall extends StallSize {
  readonly calm: Phase
  readonly stall: Phase
  readonly crowded: Phase
}

/** So many changes, each awaited by all streams that read. */
export interface Phase {
  /** Milliseconds until the last of them has each change. */
  readonly times: readonly number[]
  readonly missing: number
  /** Server memory in bytes. */
  readonly before: number
  readonly peak: number
  readonly after: number
}

const openTimeout = 60_000
const pushTimeout = 10_000
const crowdPushes = 5

export async function measureStalledReaders(setting: MeasureSetting): Promise<Measurement & Stall> {
  const size = setting.quick
    ? { streams: 20, stalled: 2, crowd: 15, pushes: 10, size: 1_000_000 }
    : { streams: 200, stalled: 20, crowd: 160, pushes: 200, size: 1_000_000 }
  setting.progress(`${size.stalled} stalled readers among ${size.streams}`)
  const found = await stall(size, setting)
  return { ...found, ...report(found) }
}

async function stall(size: StallSize, { signal, profile }: MeasureSetting): Promise<Stall> {
  await using parts = new AsyncDisposableStack()
  const server = parts.adopt(await startContender(shadowplane(profile), signal), (each) => each.close())
  const client = parts.adopt(startLoadClient(signal), (each) => each.close())
  await server.set('first;', size.size)
  const ask = { typeUrl: typeUrls.runtime, names: [payloadName] }
  const opened = await client.run('open', {
    ...server.xds,
    mode: 'delta',
    streams: size.streams,
    ask,
    role: 'sidecar',
    workloads: 1,
    timeout: openTimeout,
  })
  if (opened.missing > 0) throw new Error(`${opened.missing} streams got nothing`)

  async function phase(name: string, pushes: number): Promise<Phase> {
    const before = usageOf(server.pid).memory
    forgetPeak(server.pid)
    const times: number[] = []
    let missing = 0
    for (let index = 0; index < pushes; index += 1) {
      const marker = `${name}-${index};`
      await client.run('expect', { needle: Buffer.from(marker).toString('hex'), timeout: pushTimeout })
      const begun = machineTime()
      const [, held] = await Promise.all([server.set(marker, size.size), client.run('held', undefined)])
      times.push(held.last - begun)
      missing += held.missing
    }
    const { peak, memory } = usageOf(server.pid)
    return { times, missing, before, peak, after: memory }
  }

  await phase('warm', 3)
  const calm = await phase('calm', Math.ceil(size.pushes / 4))
  await client.run('stall', { streams: size.stalled })
  const stalling = await phase('stall', size.pushes)
  await client.run('stall', { streams: size.crowd })
  return { ...size, calm, stall: stalling, crowded: await phase('crowd', crowdPushes) }
}

function report({
  streams,
  stalled,
  crowd,
  pushes,
  size,
  calm,
  stall: stalling,
  crowded,
}: Stall): Measurement {
  const row = (name: string, { times, before, peak, after }: Phase): string[] => [
    name,
    `${times.length}`,
    mib(before),
    mib(peak),
    mib(after),
    ms(median(times)),
    ms(quantile(times, 0.95)),
    ms(Math.max(...times)),
  ]
  return {
    title:
      `Stalled readers: ${stalled} of ${streams} streams stop reading; changes of ${size / 1e6} MB, ` +
      `each until the last of the others has it`,
    lines: table([
      ['', 'changes', 'memory', 'peak', 'after', 'median', '95 %', 'slowest'],
      row('all read', calm),
      row(`${stalled} stalled`, stalling),
      row(`${crowd} stalled`, crowded),
    ]),
    expectations: [
      {
        what: `every stream that reads has every one of ${pushes} changes`,
        held: calm.missing + stalling.missing === 0,
        found: `${stalling.missing} missing`,
      },
      {
        what: `also while ${crowd} are stalled, which take none of the others' share`,
        held: crowded.missing === 0,
        found: `${crowded.missing} missing of ${(streams - crowd) * crowdPushes}`,
      },
    ],
    // Each may have what it was sent last; 200 pushes to 20 streams would be 4 GB.
    aims: [
      {
        what: 'stalled readers: memory more than before',
        aim: '< 100 MiB',
        found: mib(stalling.peak - stalling.before),
        met: stalling.peak - stalling.before < 100 * 2 ** 20,
      },
    ],
    data: { streams, stalled, crowd, pushes, size, calm, stall: stalling, crowded },
  }
}

if (import.meta.main) await runMeasurement(600_000, measureStalledReaders)
