/**
 * The cost of sick shadows for other requests: `node bench/sick-shadow.ts [--program DIR] [--quick] [--envoy
 * FILE] [--json FILE]`.
 */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { findEnvoy } from '../src/envoy/binary.ts'
import { mib } from './support/figures.ts'
import { forgetPeak, usageOf } from './support/process-usage.ts'
import { openSickScene } from './support/sick-shadow/scene.ts'
import type { SickScene } from './support/sick-shadow/scene.ts'
import { measureFloods, measureLoads, measureUploads } from './support/sick-shadow/measures.ts'
import type { Cell, Pace } from './support/sick-shadow/measures.ts'

interface Program {
  readonly version: 'before' | 'now'
  readonly folder: string
}

interface Row extends Cell {
  readonly version: Program['version']
  readonly workers: number
  readonly memory: number
}

interface Settings {
  readonly binary: string
  readonly pace: Pace
  readonly signal: AbortSignal
  readonly progress: (line: string) => void
}

const full: Pace = { rounds: 9, load: 1_500, flood: 1_000, sizes: [1, 20, 50], uploads: 3 }
const quick: Pace = { rounds: 3, load: 600, flood: 400, sizes: [1, 20], uploads: 1 }

/** Measures every program in scenes of its own, one after the other for each number of workers. */
async function measure(programs: readonly Program[], settings: Settings): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const workers of [1, 2]) {
    await using parts = new AsyncDisposableStack()
    const scenes: (Program & { readonly scene: SickScene })[] = []
    for (const program of programs) {
      const scene = parts.adopt(
        await openSickScene({ program: program.folder, workers, ...settings }),
        (each) => each.close(),
      )
      scenes.push({ ...program, scene })
    }
    settings.progress(
      `${workers} ${workers === 1 ? 'worker' : 'workers'}, ` +
        (scenes.every(({ scene }) => scene.isPinned)
          ? 'Envoy on a processor of its own'
          : 'Envoy shares its processors'),
    )
    const run = async (
      what: string,
      measured: (scenes: readonly SickScene[], pace: Pace) => Promise<readonly (readonly Cell[])[]>,
    ): Promise<void> => {
      settings.signal.throwIfAborted()
      settings.progress(what)
      for (const { scene } of scenes) forgetPeak(scene.envoy.pid)
      const found = await measured(
        scenes.map(({ scene }) => scene),
        settings.pace,
      )
      for (const [index, { version, scene }] of scenes.entries()) {
        const memory = usageOf(scene.envoy.pid).peak
        rows.push(...(found[index] ?? []).map((cell) => ({ ...cell, version, workers, memory })))
      }
    }
    await run('open loop', measureLoads)
    await run('answers without end', measureFloods)
    if (workers === 1) await run('uploads', measureUploads)
  }
  return rows
}

function table(rows: readonly Row[], programs: readonly Program[]): readonly string[] {
  const names = [...new Set(rows.map(({ workers, what }) => `${workers}|${what}`))]
  const lines = names.map((name) => {
    const cells = programs.flatMap(({ version }) =>
      rows.filter((row) => row.version === version && `${row.workers}|${row.what}` === name),
    )
    const [workers = '', what = ''] = name.split('|')
    const shown = (figure: (row: Row) => string): string => cells.map(figure).join(' → ')
    const [last] = cells.slice(-1)
    return (
      `| ${what} | ${workers} | ${last?.plain ?? ''} | ${shown((row) => row.shown)} | ` +
      `${shown((row) => row.ratio)} | ${last?.aim ?? ''} ${last?.met === true ? 'met' : 'MISSED'} | ` +
      `${shown((row) => String(row.failed))} | ${shown((row) => mib(row.memory))} |`
    )
  })
  return [
    '| shadow | workers | no mirror | with it | ratio | aim | failed | Envoy |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ]
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      program: { type: 'string' },
      quick: { type: 'boolean', default: false },
      envoy: { type: 'string' },
      json: { type: 'string' },
    },
  })
  const progress = (line: string): void => console.error(line)
  const { path } = await findEnvoy({ flag: values.envoy, env: process.env, progress })
  const now: Program = { version: 'now', folder: join(import.meta.dirname, '..') }
  const programs: readonly Program[] =
    values.program === undefined ? [now] : [{ version: 'before', folder: resolve(values.program) }, now]
  const rows = await measure(programs, {
    binary: path,
    pace: values.quick ? quick : full,
    signal: AbortSignal.timeout(1_200_000),
    progress,
  })
  for (const line of table(rows, programs)) console.log(line)
  console.log(
    `median of rounds; p50/p99 in ms; ${programs.length === 1 ? 'of this program' : 'before → after'}; ` +
      `Envoy: the most memory of each part`,
  )
  const failed = rows.filter(({ version }) => version === 'now').reduce((sum, row) => sum + row.failed, 0)
  console.log(failed === 0 ? 'failed primary requests: 0' : `FAILED primary requests: ${failed}`)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`)
  process.exitCode = failed === 0 ? 0 : 1
}

if (import.meta.main) await main()
