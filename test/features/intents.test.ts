import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { renderTable } from '../conformance/table.ts'
import { serve } from '../support/serving.ts'
import { dialectNames, isRead, isUnsayable } from './dialect.ts'
import type { DialectName } from './dialect.ts'
import type { Intent } from './intent.ts'
import { edgeOf, ground } from './intents/ground.ts'
import { intents } from './intents/index.ts'
import { complete, sightOf } from './observe.ts'
import { cellOf, renderPage } from './page.ts'

const held = new Map<string, boolean>()
const keyOf = (intent: Intent, dialect: DialectName): string => `${dialect}: ${intent.wants}`

const columns = intents.flatMap((intent) =>
  dialectNames.map((dialect) => ({
    intent,
    dialect,
    column: intent.written[dialect],
    name: keyOf(intent, dialect),
  })),
)

describe('each intent is the same copies in each dialect that can say it', () => {
  test.for(columns)('$name', async ({ intent, dialect, column, name }, { skip }) => {
    if (isUnsayable(column)) return skip(`NOT_SUPPORTED: ${column.cannot}`)
    if (!isRead(dialect)) return skip(`${dialect} is not read yet`)
    held.set(name, false)
    const edge = edgeOf(dialect, intent)
    const serving = await serve({ 'ground.yaml': ground, 'intent.yaml': column.yaml })
    for (const mode of ['delta', 'sotw'] as const) {
      const proxy = await complete(await serving.proxy(edge.identity, mode))
      for (const ask of column.different?.asks ?? intent.asks)
        expect(sightOf(proxy, edge, ask)).toEqual(ask.sees)
    }
    expect(serving.mistakes()).toEqual(column.says ?? [])
    held.set(name, true)
  })
})

test('every file of intents/ has its row', () => {
  const files = readdirSync(join(import.meta.dirname, 'intents')).filter(
    (name) => !['index.ts', 'ground.ts', 'words.ts'].includes(name),
  )
  expect(intents.length).toBe(files.length)
})

test('docs/features.md holds the matrix', async () => {
  await expect(renderPage(intents)).toMatchFileSnapshot('../../docs/features.md')
})

afterAll(() => {
  const verdict = (intent: Intent, dialect: DialectName): string => {
    const result = held.get(keyOf(intent, dialect))
    return result === undefined
      ? cellOf(intent, dialect)
      : result
        ? `held: ${cellOf(intent, dialect)}`
        : 'FAILED'
  }
  console.log(
    renderTable(
      ['intent', ...dialectNames],
      intents.map((intent) => [intent.wants, ...dialectNames.map((dialect) => verdict(intent, dialect))]),
    ),
  )
  console.log(
    columns
      .flatMap(({ column, name }) =>
        isUnsayable(column) ? [`NOT_SUPPORTED  ${name}: ${column.cannot}`] : [],
      )
      .join('\n'),
  )
})
