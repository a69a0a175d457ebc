import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Expectation } from '../../src/demo/expectation.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'

/** The common options of all measurements. */
export interface BenchSetting {
  /** Path of the Envoy to run. */
  readonly binary: string
  /** Ends the measurement from outside, or when it takes too long. */
  readonly signal: AbortSignal
  /** Takes a line on what is going on. */
  readonly progress: (line: string) => void
  /** Path of the `main.ts` or `main.js` whose `serve` is measured; absent: that of these sources. */
  readonly program?: string | undefined
}

/** The results of a measurement. */
export interface BenchReport {
  /** For people. */
  readonly lines: readonly string[]
  readonly expectations: readonly Expectation[]
  /** For programs: plain JSON. */
  readonly data: Readonly<Record<string, unknown>>
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const usage = '[--json FILE] [--envoy FILE] [--program FILE]'

/**
 * Runs a measurement as a program: prints what it found, writes `--json FILE`; exit status 1 when an
 * expectation did not hold. `limit`: milliseconds.
 */
export async function runBench(
  limit: number,
  measure: (setting: BenchSetting) => Promise<BenchReport>,
): Promise<void> {
  const flags = readFlags()
  if (flags === undefined) return
  const progress = (line: string): void => console.error(line)
  const stopped = new AbortController()
  const stop = (): void => stopped.abort(new Error('stopped by a signal'))
  const tooLong = setTimeout(() => stopped.abort(new Error(`not done after ${limit / 1000} s`)), limit)
  for (const name of signals) process.once(name, stop)
  try {
    const { path } = await findEnvoy({ flag: flags.envoy, env: process.env, progress })
    const report = await measure({ binary: path, signal: stopped.signal, progress, program: flags.program })
    for (const line of [...report.lines, '', ...report.expectations.map(expectationLine)]) console.log(line)
    if (flags.json !== undefined)
      await writeFile(
        flags.json,
        `${JSON.stringify({ ...report.data, expectations: report.expectations }, null, 2)}\n`,
      )
    process.exitCode = report.expectations.every(({ held }) => held) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  } finally {
    clearTimeout(tooLong)
    for (const name of signals) process.off(name, stop)
  }
}

interface Flags {
  readonly json?: string | undefined
  readonly envoy?: string | undefined
  readonly program?: string | undefined
}

function readFlags(): Flags | undefined {
  try {
    return parseArgs({
      options: { json: { type: 'string' }, envoy: { type: 'string' }, program: { type: 'string' } },
    }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nusage: ${usage}`)
    process.exitCode = 2
    return undefined
  }
}

function expectationLine({ held, what, found }: Expectation): string {
  return `${held ? 'ok    ' : 'FAILED'}  ${what}: ${found}`
}
