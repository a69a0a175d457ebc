import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { projectRoot } from '../support/command.ts'
import { absentMessage, sharedFolder, sharedIsAbsent } from '../support/shared.ts'
import { emissaryCases } from './emissary-cases.ts'
import type { EmissaryCase } from './emissary-cases.ts'
import { renderTable } from './table.ts'

const folder = join(sharedFolder, 'conformance/emissary')

interface Data {
  readonly config: readonly { readonly name: string }[]
  readonly traffic: readonly { readonly name: string }[]
  readonly defaults_and_rules: readonly { readonly fact: string }[]
  readonly derived: readonly { readonly mapping_weight: unknown }[]
}

/** The cases of the data, as `config …`, `traffic …`, the text of a fact, or `weight …`. */
function names(): readonly string[] {
  if (sharedIsAbsent) return []
  const data = parse(readFileSync(join(folder, 'cases.yaml'), 'utf8')) as Data
  return [
    ...data.config.map(({ name }) => `config ${name}`),
    ...data.traffic.map(({ name }) => `traffic ${name}`),
    ...data.defaults_and_rules.map(({ fact }) => fact),
    ...data.derived.map((each) => `weight ${String(each.mapping_weight)}`),
  ]
}

/** The id of each row of the table "On purpose", with the cases that show it. */
function documented(): readonly (readonly [id: string, cases: readonly string[]])[] {
  const page = readFileSync(join(projectRoot, 'docs/emissary.md'), 'utf8')
  const section = page.split('\n## ').find((each) => each.startsWith('On purpose')) ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
      const cases = cells.at(-1) ?? ''
      return [cells[0]?.replaceAll('`', '') ?? '', cases === 'none' ? [] : cases.split(', ')]
    })
}

/** The cases whose name equals, or begins, the name in the data. */
function casesFor(name: string): readonly EmissaryCase[] {
  return emissaryCases.filter((each) => name.startsWith(each.begins))
}

const verdicts = new Map<string, string>()

describe.skipIf(sharedIsAbsent)(
  'what Emissary does with a Mapping, done here, but for the documented differences',
  () => {
    test.each(names())('%s', (name) => {
      const [only, ...more] = casesFor(name)
      verdicts.set(name, 'failed')
      expect(more.map(({ id }) => id)).toEqual([])
      if (only === undefined) throw new Error(`no check for: ${name}`)
      only.check(readFileSync(join(folder, 'test_shadow.input.yaml'), 'utf8'))
      verdicts.set(
        name,
        only.differences.length > 0 ? `intended difference: ${only.differences.join(', ')}` : 'passed',
      )
    })
  },
)

describe('docs/emissary.md', () => {
  test('lists each difference with the cases that show it', () => {
    const shown = new Map<string, string[]>()
    for (const { id, differences } of emissaryCases)
      for (const difference of differences) shown.set(difference, [...(shown.get(difference) ?? []), id])
    expect(Object.fromEntries(documented().filter(([, cases]) => cases.length > 0))).toEqual(
      Object.fromEntries(shown),
    )
  })
})

afterAll(() => {
  if (sharedIsAbsent) console.warn(`skipped: ${absentMessage}`)
  else
    console.log(
      renderTable(
        ['case', 'verdict'],
        [...verdicts].map(([name, verdict]) => [name.slice(0, 90), verdict]),
      ),
    )
})
