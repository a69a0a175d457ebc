import { describe, expect, test } from 'vitest'
import { createGraph } from '../../src/collection/graph.ts'

type Content = Readonly<Record<string, number | undefined>>

interface Case {
  readonly name: string
  readonly first: Content
  readonly second: Content
  readonly union: Content
  readonly changed: readonly string[]
}

const before = { first: { a: 1, both: 1, same: 5 }, second: { b: 2, both: 2, same: 5 } }

const cases: readonly Case[] = [
  { name: 'no edit', first: {}, second: {}, union: { a: 1, b: 2, both: 1, same: 5 }, changed: [] },
  {
    name: 'a key of one',
    first: { a: 3 },
    second: { c: 4 },
    union: { a: 3, b: 2, both: 1, c: 4, same: 5 },
    changed: ['a', 'c'],
  },
  {
    name: 'the later one stays in the shade',
    first: {},
    second: { both: 9 },
    union: { a: 1, b: 2, both: 1, same: 5 },
    changed: [],
  },
  {
    name: 'the later one takes over',
    first: { both: undefined },
    second: {},
    union: { a: 1, b: 2, both: 2, same: 5 },
    changed: ['both'],
  },
  {
    name: 'the later one takes over with its new value',
    first: { both: undefined },
    second: { both: 7 },
    union: { a: 1, b: 2, both: 7, same: 5 },
    changed: ['both'],
  },
  {
    name: 'an equal one takes over',
    first: { same: undefined },
    second: {},
    union: { a: 1, b: 2, both: 1, same: 5 },
    changed: [],
  },
  {
    name: 'the earlier one comes back',
    first: { b: 8 },
    second: {},
    union: { a: 1, b: 8, both: 1, same: 5 },
    changed: ['b'],
  },
  {
    name: 'gone from both',
    first: { both: undefined },
    second: { both: undefined },
    union: { a: 1, b: 2, same: 5 },
    changed: ['both'],
  },
  {
    name: 'moved from one to the other',
    first: { a: undefined },
    second: { a: 1 },
    union: { a: 1, b: 2, both: 1, same: 5 },
    changed: [],
  },
]

describe('union', () => {
  test.each(cases)('$name', ({ first: firstEdits, second: secondEdits, union: expected, changed }) => {
    const graph = createGraph()
    const first = graph.input<number>('first')
    const second = graph.input<number>('second')
    const union = graph.union('union', [first, second])
    const edit = (input: typeof first, edits: Content) => {
      for (const [key, value] of Object.entries(edits)) {
        if (value === undefined) input.delete(key)
        else input.set(key, value)
      }
    }
    edit(first, before.first)
    edit(second, before.second)
    graph.flush()
    edit(first, firstEdits)
    edit(second, secondEdits)
    const report = graph.flush()
    expect(Object.fromEntries(graph.entries(union))).toEqual(expected)
    expect([...(report.changed.get(union) ?? [])].sort()).toEqual(changed)
  })

  test('of no collection is empty', () => {
    const graph = createGraph()
    const union = graph.union<number>('union', [])
    graph.flush()
    expect(graph.entries(union)).toEqual([])
  })
})
