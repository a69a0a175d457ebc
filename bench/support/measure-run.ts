import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { table } from '../../src/demo/display.ts'
import type { Expectation } from '../../src/demo/expectation.ts'

/** The common options of measurements without an Envoy. */
export interface MeasureSetting {
  /** Small sizes, in seconds: bytes and counts are as meaningful as ever, durations are not. */
  readonly quick: boolean
  /** For those that run for a set time. */
  readonly minutes: number
  /** A folder for CPU profiles of our servers; undefined for none. */
  readonly profile: string | undefined
  /** Ends the measurement from outside, or when it takes too long. */
  readonly signal: AbortSignal
  readonly progress: (line: string) => void
}

/** The aim; a machine that is slower, or busy, may miss it. */
export interface Aim {
  readonly what: string
  readonly found: string
  readonly aim: string
  readonly met: boolean
}

/** The results. */
export interface Measurement {
  readonly title: string
  /** For people. */
  readonly lines: readonly string[]
  /** Expectations about bytes and numbers, never about time. */
  readonly expectations: readonly Expectation[]
  readonly aims: readonly Aim[]
  /** For programs: plain JSON. */
  readonly data: Readonly<Record<string, unknown>>
}

export type Measure = (setting: MeasureSetting) => Promise<Measurement>

const usage = '[--quick] [--json FILE] [--minutes N] [--profile DIR]'
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs measurements as a program: prints what each found, writes `--json FILE`; exit status 1 when an
 * expectation did not hold. `limit`: milliseconds.
 */
export async function runMeasurement(limit: number, ...measures: readonly Measure[]): Promise<void> {
  const flags = readFlags()
  if (flags === undefined) return
  const stopped = new AbortController()
  const stop = (): void => stopped.abort(new Error('stopped by a signal'))
  const tooLong = setTimeout(() => stopped.abort(new Error(`not done after ${limit / 1000} s`)), limit)
  for (const name of signals) process.once(name, stop)
  const setting = { ...flags, signal: stopped.signal, progress: (line: string): void => console.error(line) }
  try {
    const found: Measurement[] = []
    for (const measure of measures) {
      found.push(await measure(setting))
      print(found.at(-1))
    }
    if (!flags.quick) for (const line of aimsTable(found.flatMap(({ aims }) => aims))) console.log(line)
    const json = {
      node: process.version,
      cpus: cpus().length,
      measurements: found.map(({ title, expectations, aims, data }) => ({
        title,
        expectations,
        aims,
        ...data,
      })),
    }
    if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(json, null, 2)}\n`)
    process.exitCode = found.every(({ expectations }) => expectations.every(({ held }) => held)) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  } finally {
    clearTimeout(tooLong)
    for (const name of signals) process.off(name, stop)
  }
}

function print(found: Measurement | undefined): void {
  if (found === undefined) return
  const failed = found.expectations.filter(({ held }) => !held)
  const outcome =
    failed.length === 0
      ? [`ok      ${found.expectations.length} expectations of bytes and counts`]
      : failed.map((each) => `FAILED  ${each.what}: ${each.found}`)
  console.log([found.title, '', ...found.lines, '', ...outcome, ''].join('\n'))
}

function aimsTable(aims: readonly Aim[]): readonly string[] {
  return aims.length === 0
    ? []
    : table([
        ['aim', 'found', 'hoped for', ''],
        ...aims.map(({ what, found, aim, met }) => [what, found, aim, met ? 'met' : 'MISSED']),
      ])
}

interface Flags {
  readonly quick: boolean
  readonly json: string | undefined
  readonly minutes: number
  readonly profile: string | undefined
}

function readFlags(): Flags | undefined {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        minutes: { type: 'string', default: '30' },
        profile: { type: 'string' },
      },
    })
    const minutes = Number(values.minutes)
    if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: write a number above 0`)
    return { quick: values.quick, json: values.json, minutes, profile: values.profile }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nusage: ${usage}`)
    process.exitCode = 2
    return undefined
  }
}
