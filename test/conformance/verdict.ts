import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/command.ts'

/** A row of a table of differences from a peer. */
export interface Difference {
  readonly id: string
  /** Ids of the cases that show it. */
  readonly cases: readonly string[]
  /** `not supported`: its cell for us begins so. */
  readonly verdict: 'intended difference' | 'not supported'
}

/**
 * The rows below a heading of a page: `| id | … | … | … | cases |`, the cases separated by commas, or `none`.
 * Throws without rows.
 */
export function differencesIn(page: string, heading: string): readonly Difference[] {
  const text = readFileSync(join(projectRoot, page), 'utf8')
  const section = text.slice(text.indexOf(`\n${heading}\n`) + heading.length + 2).split('\n## ', 1)[0] ?? ''
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  if (!text.includes(`\n${heading}\n`) || rows.length === 0)
    throw new Error(`${page} has no table below ${heading}`)
  return rows.map((cells) => {
    const [id = '', ...rest] = cells
    if (cells.length !== 5) throw new Error(`${page}: a row must have five cells: ${cells.join(' | ')}`)
    const cases = rest.at(-1) ?? ''
    return {
      id: id.replaceAll('`', ''),
      cases: cases === 'none' ? [] : cases.split(', '),
      verdict: cells[2]?.startsWith('not supported') === true ? 'not supported' : 'intended difference',
    }
  })
}

/** One thing that a peer does, and ours; only the fields that the peer's data states are compared. */
export interface PeerCase {
  /** The id in the table of differences. */
  readonly id: string
  readonly name: string
  readonly wanted: object
  readonly ours: object
}

export interface Judged extends PeerCase {
  readonly verdict: 'passed' | Difference['verdict'] | 'failed'
}

/**
 * A case that is as the peer has it has passed, one that the table lists and that is otherwise differs as
 * intended, and all others have failed.
 */
export function judged(cases: readonly PeerCase[], differences: readonly Difference[]): readonly Judged[] {
  return cases.map((each) => ({
    ...each,
    verdict: states(each.wanted, each.ours)
      ? 'passed'
      : (differences.find((difference) => difference.cases.includes(each.id))?.verdict ?? 'failed'),
  }))
}

/**
 * Whether `ours` has all that `wanted` states. A field that is false is one that is absent, and lists are as
 * long as each other.
 */
function states(wanted: unknown, ours: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(ours) &&
      ours.length === wanted.length &&
      wanted.every((each, index) => states(each, ours[index]))
    )
  if (typeof wanted !== 'object' || wanted === null)
    return wanted === ours || (wanted === false && ours === undefined)
  return (
    typeof ours === 'object' &&
    ours !== null &&
    Object.entries(wanted).every(([name, each]) =>
      states(each, new Map<string, unknown>(Object.entries(ours)).get(name)),
    )
  )
}
