/**
 * One resource to many streams, beside go-control-plane: `node bench/fan-out.ts [--quick] [--json FILE]
 * [--profile DIR]`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { table } from '../src/demo/display.ts'
import { typeUrls } from './support/load/discovery-response.ts'
import type { Mode } from './support/load/discovery-response.ts'
import { payloadName } from './support/fan-out-payload.ts'
import { median, mib } from './support/figures.ts'
import { startLoadClient } from './support/load/client.ts'
import type { LoadClient } from './support/load/client.ts'
import { machineTime } from './support/machine-clock.ts'
import type { Aim, Measurement, MeasureSetting } from './support/measure-run.ts'
import { runMeasurement } from './support/measure-run.ts'
import { buildGoControlPlane, shadowplane, startContender } from './support/one-resource-process.ts'
import type { Contender, OneResourceProcess } from './support/one-resource-process.ts'
import { usageOf } from './support/process-usage.ts'

export interface FanOutSize {
  readonly mode: Mode
  /** Bytes of the resource. */
  readonly size: number
  readonly streams: number
  /** Times that the resource changes. */
  readonly rounds: number
}

/** The figures of one server at one size. */
export interface FanOut {
  readonly server: string
  /** Milliseconds from the change until the last stream has it: of the median round, and of all. */
  readonly median: number
  readonly rounds: readonly number[]
  /** Server CPU a push, in microseconds. */
  readonly cpu: number
  /** Bytes. */
  readonly peak: number
  readonly responses: number
  readonly bytes: number
  readonly missing: number
}

export interface FanOutRow extends FanOutSize {
  readonly ours: FanOut
  readonly peer: FanOut | undefined
}

const modes = ['sotw', 'delta'] as const
export const sizes: readonly FanOutSize[] = modes.flatMap((mode) => [
  { mode, size: 2_000, streams: 1_000, rounds: 100 },
  { mode, size: 2_000, streams: 5_000, rounds: 20 },
  { mode, size: 1_000_000, streams: 1_000, rounds: 10 },
])
export const quickSizes: readonly FanOutSize[] = modes.flatMap((mode) => [
  { mode, size: 2_000, streams: 50, rounds: 2 },
  { mode, size: 1_000_000, streams: 10, rounds: 2 },
])

const openTimeout = 60_000
const roundTimeout = 30_000

/** Ours and go-control-plane's in turn, with the same load client. */
export async function measureFanOut(
  setting: MeasureSetting,
): Promise<Measurement & { readonly rows: readonly FanOutRow[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-peer-'))
  try {
    if (!setting.quick) setting.progress("building go-control-plane's server")
    const peer = setting.quick
      ? { missing: 'go-control-plane is left out of a quick run' }
      : buildGoControlPlane(folder)
    const rows: FanOutRow[] = []
    for (const size of setting.quick ? quickSizes : sizes) {
      setting.progress(`${size.mode}, ${size.size} bytes to ${size.streams} streams`)
      const measure = (contender: Contender): Promise<FanOut> => fanOut(contender, size, setting.signal)
      rows.push({
        ...size,
        ours: await measure(shadowplane(setting.profile)),
        peer: 'missing' in peer ? undefined : await measure(peer),
      })
    }
    return { rows, ...report(rows, 'missing' in peer ? [peer.missing] : []) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function fanOut(contender: Contender, size: FanOutSize, signal: AbortSignal): Promise<FanOut> {
  await using parts = new AsyncDisposableStack()
  const server = parts.adopt(await startContender(contender, signal), (each) => each.close())
  const client = parts.adopt(startLoadClient(signal), (each) => each.close())
  await server.set('change-0;', size.size)
  const ask = { typeUrl: typeUrls.runtime, names: [payloadName] }
  const opened = await client.run('open', {
    ...server.xds,
    mode: size.mode,
    streams: size.streams,
    ask,
    role: 'sidecar',
    workloads: 1,
    timeout: openTimeout,
  })
  if (opened.missing > 0)
    throw new Error(`${contender.name}: ${opened.missing} of ${opened.streams} streams got nothing`)
  await round({ server, client }, 'warm-1;', size)
  await round({ server, client }, 'warm-2;', size)
  const before = { usage: usageOf(server.pid), counts: await client.run('counts', undefined) }
  const rounds: Round[] = []
  for (let index = 1; index <= size.rounds; index += 1)
    rounds.push(await round({ server, client }, `change-${index};`, size))
  const after = { usage: usageOf(server.pid), counts: await client.run('counts', undefined) }
  const count = (counts: typeof after.counts, of: 'responses' | 'bytes'): number =>
    counts[typeUrls.runtime]?.[of] ?? 0
  return {
    server: contender.name,
    median: median(rounds.map(({ time }) => time)),
    rounds: rounds.map(({ time }) => time),
    cpu: ((after.usage.cpu - before.usage.cpu) * 1000) / (size.rounds * size.streams),
    peak: after.usage.peak,
    responses: count(after.counts, 'responses') - count(before.counts, 'responses'),
    bytes: count(after.counts, 'bytes') - count(before.counts, 'bytes'),
    missing: rounds.reduce((sum, { missing }) => sum + missing, 0),
  }
}

interface Round {
  readonly time: number
  readonly missing: number
}

async function round(
  { server, client }: { readonly server: OneResourceProcess; readonly client: LoadClient },
  marker: string,
  { size }: FanOutSize,
): Promise<Round> {
  await client.run('expect', { needle: Buffer.from(marker).toString('hex'), timeout: roundTimeout })
  const start = machineTime()
  const [, held] = await Promise.all([server.set(marker, size), client.run('held', undefined)])
  return { time: held.last - start, missing: held.missing }
}

function report(rows: readonly FanOutRow[], notes: readonly string[]): Measurement {
  const ratio = (ours: number, peer: number | undefined): string =>
    peer === undefined ? '' : (ours / peer).toFixed(2)
  return {
    title: 'Fan-out: one resource changes; until the last stream has it (median of the rounds)',
    lines: [
      ...notes,
      ...table([
        ['mode', 'bytes', 'streams', 'ours', 'peer', 'ratio', 'CPU a push', 'peer', 'ratio', 'peak', 'peer'],
        ...rows.map(({ mode, size, streams, ours, peer }) => [
          mode,
          `${size}`,
          `${streams}`,
          `${ours.median.toFixed(0)} ms`,
          peer === undefined ? '' : `${peer.median.toFixed(0)} ms`,
          ratio(ours.median, peer?.median),
          `${ours.cpu.toFixed(0)} µs`,
          peer === undefined ? '' : `${peer.cpu.toFixed(0)} µs`,
          ratio(ours.cpu, peer?.cpu),
          mib(ours.peak),
          peer === undefined ? '' : mib(peer.peak),
        ]),
      ]),
    ],
    expectations: rows.map(({ mode, size, streams, rounds, ours }) => ({
      what: `${mode}, ${size} bytes: each of ${streams} streams is sent each of ${rounds} changes once`,
      held: ours.missing === 0 && ours.responses === streams * rounds,
      found: `${ours.responses} responses, ${ours.missing} missing`,
    })),
    aims: rows.flatMap(aimsOf),
    data: { rows },
  }
}

function aimsOf({ mode, size, streams, ours, peer }: FanOutRow): readonly Aim[] {
  const name = `fan-out, ${mode}, ${size / 1000} KB × ${streams}`
  const memory: readonly Aim[] =
    size < 1_000_000
      ? []
      : [{ what: `${name}: peak`, found: mib(ours.peak), aim: '< 300 MiB', met: ours.peak < 300 * 2 ** 20 }]
  if (peer === undefined) return memory
  const cpu: readonly Aim[] =
    size > 2_000
      ? []
      : [
          {
            what: `${name}: CPU a push`,
            found: `${(ours.cpu / peer.cpu).toFixed(2)} of LinearCache's`,
            aim: '≤ 0.8',
            met: ours.cpu <= 0.8 * peer.cpu,
          },
        ]
  return [
    {
      what: `${name}: last stream`,
      found: `${(ours.median / peer.median).toFixed(2)} of LinearCache's`,
      aim: '≤ 1',
      met: ours.median <= peer.median,
    },
    ...cpu,
    ...memory,
  ]
}

if (import.meta.main) await runMeasurement(900_000, measureFanOut)
