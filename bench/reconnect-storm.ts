/**
 * All proxies lose their connection at once and come back: `node bench/reconnect-storm.ts [--quick] [--json
 * FILE] [--profile DIR]`.
 */
import { table } from '../src/demo/display.ts'
import { bytes, mib, ms, shortType } from './support/figures.ts'
import { startLoadClient } from './support/load/client.ts'
import type { Counts } from './support/load/protocol.ts'
import { machineTime } from './support/machine-clock.ts'
import type { Measurement, MeasureSetting } from './support/measure-run.ts'
import { runMeasurement } from './support/measure-run.ts'
import { shareNeedle, writeMeshFleet } from './support/mesh-fleet.ts'
import { usageOf } from './support/process-usage.ts'
import { startQuietServe } from './support/quiet-serve.ts'
import { sentSince, totalOf } from './support/load/sent-since.ts'

export interface StormSize {
  readonly services: number
  readonly proxies: number
}

export interface Storm extends StormSize {
  /** Bytes sent to the proxies at their first start, for comparison. */
  readonly cold: Counts
  /** The cost of an edit before the storm. */
  readonly edit: Counts
  /** All that was sent from the storm until every proxy has the edit that follows it. */
  readonly storm: Counts
  /** Bytes beside those of the edit. */
  readonly resent: number
  readonly missing: number
  /** Milliseconds from dropping the connections until the last proxy has that edit. */
  readonly time: number
  /** Milliseconds of server CPU for it. */
  readonly cpu: number
  readonly peak: number
}

const coldTimeout = 120_000
const editTimeout = 60_000

/**
 * Drops all delta streams and connects them again with their holdings, then edits one percentage: when every
 * proxy has the edit, everything before it has arrived. All bytes above those of the edit were sent again.
 */
export async function measureReconnectStorm(setting: MeasureSetting): Promise<Measurement & Storm> {
  const size = setting.quick ? { services: 20, proxies: 20 } : { services: 100, proxies: 1_000 }
  const found = await storm(size, setting)
  return { ...found, ...report(found) }
}

async function storm(size: StormSize, { signal, profile, progress }: MeasureSetting): Promise<Storm> {
  await using parts = new AsyncDisposableStack()
  progress(`${size.services} services, ${size.proxies} proxies, dropped and back`)
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
  const edit = async (index: number, millionths: number) => {
    await client.run('expect', { needle: shareNeedle(millionths), timeout: editTimeout })
    await fleet.setShare(index, millionths)
    return client.run('held', undefined)
  }
  const cold = await client.run('counts', undefined)
  await edit(1, 111_119)
  const edited = await client.run('counts', undefined)
  const [begun, cpu] = [machineTime(), usageOf(server.pid).cpu]
  await client.run('reconnect', undefined)
  const held = await edit(2, 222_229)
  const [editCounts, stormCounts] = [
    sentSince(cold, edited),
    sentSince(edited, await client.run('counts', undefined)),
  ]
  const usage = usageOf(server.pid)
  return {
    ...size,
    cold,
    edit: editCounts,
    storm: stormCounts,
    resent: totalOf(stormCounts).bytes - totalOf(editCounts).bytes,
    missing: held.missing,
    time: held.last - begun,
    cpu: usage.cpu - cpu,
    peak: usage.peak,
  }
}

function report(found: Storm): Measurement {
  const types = [...new Set([found.cold, found.edit, found.storm].flatMap((counts) => Object.keys(counts)))]
  const cell = (counts: Counts, type: string): string => bytes(counts[type]?.bytes ?? 0)
  const responses = totalOf(found.storm).responses
  return {
    title:
      `Reconnect storm: ${found.proxies} delta streams dropped and back, ${found.services} services, ` +
      `nothing changed; then one edit`,
    lines: [
      ...table([
        ['type', 'first start', 'one edit', 'storm and one edit'],
        ...types.map((type) => [
          shortType(type),
          cell(found.cold, type),
          cell(found.edit, type),
          cell(found.storm, type),
        ]),
      ]),
      `sent again: ${bytes(found.resent)}; until the last proxy is back and has the edit: ` +
        `${ms(found.time)}, ${ms(found.cpu)} of CPU; peak ${mib(found.peak)}`,
    ],
    expectations: [
      {
        what: 'every proxy comes back and takes the edit',
        held: found.missing === 0,
        found: `${found.missing} missing`,
      },
      {
        what: 'nothing but the edit is sent',
        held: responses === found.proxies,
        found: `${responses} responses to ${found.proxies} proxies`,
      },
    ],
    aims: [
      {
        what: 'reconnect storm: bytes sent again',
        aim: '0',
        found: bytes(found.resent),
        met: found.resent <= 0.01 * totalOf(found.edit).bytes,
      },
    ],
    data: { ...found },
  }
}

if (import.meta.main) await runMeasurement(300_000, measureReconnectStorm)
