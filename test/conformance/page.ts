import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(import.meta.dirname, '../../docs/istio-differences.md')

/** A difference that appears in more cases than this is listed as "many". */
export const many = 20

/** A row of one of the two tables of docs/istio-differences.md. */
export interface Row {
  readonly id: string
  /** Numbers of the cases that show it, in order; `many` where there are more than that. */
  readonly cases: readonly string[] | 'many'
}

export interface Gap extends Row {
  /**
   * Whether a diagnostic tells the user that something he wrote has no effect: only then a case counts as not
   * supported.
   */
  readonly told: boolean
}

export interface Page {
  readonly onPurpose: readonly Row[]
  readonly notSupported: readonly Gap[]
}

/** Reads the page. Throws if a table or a cell is not of the form that it promises. */
export function readPage(): Page {
  const text = readFileSync(file, 'utf8')
  return {
    onPurpose: tableBelow(text, '## On purpose').map(row),
    notSupported: tableBelow(text, '## Not supported yet').map((cells) => ({
      ...row(cells),
      told: cells[3]?.startsWith('`') === true,
    })),
  }
}

function tableBelow(text: string, heading: string): readonly (readonly string[])[] {
  const section = text.split('\n## ').find((each) => heading.endsWith(each.split('\n', 1)[0] ?? ''))
  const lines = (section ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
  if (lines.length === 0) throw new Error(`${file} has no table below ${heading}`)
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

function row(cells: readonly string[]): Row {
  const [id, ...rest] = cells
  const cases = rest.at(-1) ?? ''
  const name = /^`([a-z0-9-]+)`$/.exec(id ?? '')?.[1]
  if (name === undefined || cells.length !== 5)
    throw new Error(`${file}: a row must be | \`id\` | … | … | … | cases |: ${cells.join(' | ')}`)
  return { id: name, cases: casesOf(cases) }
}

function casesOf(cell: string): Row['cases'] {
  if (cell === 'many') return 'many'
  if (cell === 'none') return []
  const numbers = cell.split(', ')
  if (!numbers.every((number) => /^\d{3}$/.test(number)))
    throw new Error(`${file}: write the numbers of cases, many or none: ${cell}`)
  return numbers
}
