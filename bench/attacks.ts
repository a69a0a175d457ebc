/**
 * Attacks on the xDS port and through files: `node bench/attacks.ts [--program DIR] [--only NAME,…] [--server
 * NAME,…] [--quick] [--json FILE]`.
 */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runAttack } from './support/attacks/attack-run.ts'
import type { AttackCase, AttackFigures, Pace } from './support/attacks/attack-run.ts'
import { attacks } from './support/attacks/attacks.ts'
import { fileAttacks } from './support/attacks/file-attacks.ts'
import { median, mib, ms, quantile } from './support/figures.ts'

const servers = ['serve', 'serve, certificates', 'library'] as const
const usage =
  `[--program DIR] [--only ${Object.keys(attacks)[0]},…] [--server ${servers.join('|')}]… ` +
  `[--quick] [--json FILE]`

/** The aims of the report. */
const aims = { stall: 250, ratio: 2 }

interface Result extends AttackCase {
  readonly version: 'before' | 'now'
  readonly figures: AttackFigures | { readonly error: string }
}

/** Every attack on every server that it has a meaning for. */
function cases(only: readonly string[], chosen: readonly string[]): readonly Omit<AttackCase, 'program'>[] {
  const names = [...Object.keys(attacks), ...Object.keys(fileAttacks)].filter(
    (name) => only.length === 0 || only.includes(name),
  )
  return names.flatMap((attack) =>
    servers
      .filter((server) => chosen.length === 0 || chosen.includes(server))
      .filter(
        (server) =>
          server === 'serve' ||
          (attack in attacks && !(server === 'library' && attacks[attack]?.only === 'serve')),
      )
      .map((server) => ({ attack, server })),
  )
}

function row({ attack, server, version, figures }: Result): string {
  const what = attacks[attack]?.what ?? fileAttacks[attack]?.what ?? ''
  const head = [`${attack}: ${what}`, server, version]
  if ('error' in figures) return tableRow([...head, figures.error, '', '', '', '', ''])
  const { idle, attacked, stall, memory, logged, newcomer, isRunning } = figures
  const ratio = quantile(attacked, 0.99) / quantile(idle, 0.99)
  const times = (values: readonly number[]): string =>
    `${shown(median(values))} / ${shown(quantile(values, 0.99))} (${values.length})`
  return tableRow([
    ...head,
    isRunning ? `${mib(memory.before)} → ${mib(memory.peak)}` : 'the process ended',
    `${shownWork(stall.attacked.work)} ` +
      `(${ms(stall.attacked.time)})${stall.attacked.work <= aims.stall ? '' : ' ✗'}`,
    times(idle),
    times(attacked),
    `${Number.isFinite(ratio) ? ratio.toFixed(1) : '∞'}${ratio <= aims.ratio ? '' : ' ✗'}`,
    newcomer,
    `${(logged / 1024).toFixed(0)} KiB`,
  ])
}

function shownWork(milliseconds: number): string {
  return Number.isNaN(milliseconds) ? 'no answer' : ms(milliseconds)
}

function shown(milliseconds: number): string {
  return milliseconds === Infinity ? '> 30 s' : ms(milliseconds)
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

async function measure(
  only: readonly string[],
  chosen: readonly string[],
  { before, pace }: { readonly before: string | undefined; readonly pace: Pace },
): Promise<readonly Result[]> {
  const programs = [
    ...(before === undefined ? [] : [['before', resolve(before)] as const]),
    ['now', join(import.meta.dirname, '..')] as const,
  ]
  const results: Result[] = []
  for (const each of cases(only, chosen)) {
    for (const [version, program] of programs) {
      const figures = await runAttack({ ...each, program }, pace, AbortSignal.timeout(180_000)).catch(
        (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
      )
      const result: Result = { ...each, program, version, figures }
      results.push(result)
      console.log(row(result))
    }
  }
  return results
}

const { values } = parseArgs({
  options: {
    program: { type: 'string' },
    only: { type: 'string', default: '' },
    server: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
} else {
  const pace = values.quick ? { idle: 1_000, attacked: 2_000 } : { idle: 3_000, attacked: 6_000 }
  const head = [
    'attack',
    'server',
    '',
    'memory → peak',
    `longest stall of the loop: its own work (by the clock); aim ≤ ${aims.stall} ms`,
    'edit → ACK idle: median / p99 (edits)',
    'during',
    `p99 ratio (aim ≤ ${aims.ratio})`,
    'new proxy',
    'log',
  ]
  console.log(tableRow(head))
  console.log(tableRow(head.map(() => '---')))
  const results = await measure(
    values.only.split(',').filter((name) => name !== ''),
    values.server,
    { before: values.program, pace },
  )
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`)
}
