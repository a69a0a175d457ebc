import { describe, expect, test } from 'vitest'
import { createGraph } from '../../src/collection/graph.ts'
import type { Input } from '../../src/collection/graph.ts'

interface Case {
  readonly name: string
  readonly edit: (input: Input<unknown>) => void
  readonly changed: readonly string[]
  readonly entries: readonly (readonly [string, unknown])[]
}

const before = { a: { n: 1 }, b: { n: 2 } }

const cases: readonly Case[] = [
  {
    name: 'no edit',
    edit: () => {},
    changed: [],
    entries: [
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ],
  },
  {
    name: 'an added key',
    edit: (i) => i.set('c', { n: 3 }),
    changed: ['c'],
    entries: [
      ['a', { n: 1 }],
      ['b', { n: 2 }],
      ['c', { n: 3 }],
    ],
  },
  {
    name: 'a changed value',
    edit: (i) => i.set('a', { n: 9 }),
    changed: ['a'],
    entries: [
      ['a', { n: 9 }],
      ['b', { n: 2 }],
    ],
  },
  {
    name: 'an equal value',
    edit: (i) => i.set('a', { n: 1 }),
    changed: [],
    entries: [
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ],
  },
  { name: 'a removed key', edit: (i) => i.delete('a'), changed: ['a'], entries: [['b', { n: 2 }]] },
  {
    name: 'the removal of a key that does not exist',
    edit: (i) => i.delete('z'),
    changed: [],
    entries: [
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ],
  },
  {
    name: 'a key added and removed',
    edit: (i) => {
      i.set('c', 1)
      i.delete('c')
    },
    changed: [],
    entries: [
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ],
  },
  {
    name: 'a key removed and set to what it was',
    edit: (i) => {
      i.delete('a')
      i.set('a', { n: 1 })
    },
    changed: [],
    entries: [
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ],
  },
  {
    name: 'several edits of a key: the last counts',
    edit: (i) => {
      i.set('a', 7)
      i.set('a', 8)
    },
    changed: ['a'],
    entries: [
      ['a', 8],
      ['b', { n: 2 }],
    ],
  },
  {
    name: 'undefined as a value is present',
    edit: (i) => i.set('u', undefined),
    changed: ['u'],
    entries: [
      ['a', { n: 1 }],
      ['b', { n: 2 }],
      ['u', undefined],
    ],
  },
]

describe('an input', () => {
  test.each(cases)('$name', ({ edit, changed, entries }) => {
    const graph = createGraph()
    const input = graph.input<unknown>('input')
    for (const [key, value] of Object.entries(before)) input.set(key, value)
    graph.flush()
    edit(input)
    expect([...(graph.flush().changed.get(input) ?? [])]).toEqual(changed)
    expect(graph.entries(input)).toEqual(entries)
  })

  test('holds edits back until the flush', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    input.set('a', 1)
    expect(graph.get(input, 'a')).toBeUndefined()
    expect(graph.entries(input)).toEqual([])
    graph.flush()
    expect(graph.get(input, 'a')).toBe(1)
  })

  test('judges by its own equality, and keeps the old value where the new one is equal', () => {
    const graph = createGraph()
    const input = graph.input<{ readonly id: number; readonly note: string }>(
      'input',
      (a, b) => a.id === b.id,
    )
    input.set('a', { id: 1, note: 'first' })
    graph.flush()
    input.set('a', { id: 1, note: 'second' })
    expect(graph.flush().changed.size).toBe(0)
    expect(graph.get(input, 'a')).toEqual({ id: 1, note: 'first' })
  })
})

describe('entries', () => {
  test('are sorted by code unit, not by a language', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    // U+FF5E is greater than the surrogates of U+1F600, though its code point is smaller.
    for (const key of ['ä', 'b', '\u{FF5E}', 'a', 'Z', '\u{1F600}', 'a10', 'a2', '']) input.set(key, 0)
    graph.flush()
    expect(graph.entries(input).map(([key]) => key)).toEqual([
      '',
      'Z',
      'a',
      'a10',
      'a2',
      'b',
      'ä',
      '\u{1F600}',
      '\u{FF5E}',
    ])
  })

  test('are the same array until the collection changes, then a new one', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const other = graph.input<number>('other')
    for (let n = 0; n < 10; n++) input.set(`k${n}`, n)
    graph.flush()
    const first = graph.entries(input)
    other.set('x', 1)
    graph.flush()
    expect(graph.entries(input)).toBe(first)
    input.delete('k3')
    input.set('k35', 35)
    input.set('k9', 90)
    graph.flush()
    expect(graph.entries(input).map(([key]) => key)).toEqual([
      'k0',
      'k1',
      'k2',
      'k35',
      'k4',
      'k5',
      'k6',
      'k7',
      'k8',
      'k9',
    ])
    expect(graph.entries(input).at(-1)).toEqual(['k9', 90])
    expect(first).toHaveLength(10)
    expect(first[3]).toEqual(['k3', 3])
  })

  test('are right after everything has changed since they were last read', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    for (const key of ['a', 'b', 'c']) input.set(key, 1)
    graph.flush()
    expect(graph.entries(input)).toHaveLength(3)
    for (const key of ['a', 'b', 'c']) input.delete(key)
    input.set('d', 1)
    graph.flush()
    expect(graph.entries(input)).toEqual([['d', 1]])
  })
})
