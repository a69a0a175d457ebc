import { describe, expect, test } from 'vitest'
import { createGraph } from '../../src/collection/graph.ts'

type Emission = Readonly<Record<string, number>>

/** An input whose items are emitted unchanged: { output key: value }. */
function emitting(items: Readonly<Record<string, Emission>>) {
  const graph = createGraph()
  const input = graph.input<Emission>('input')
  const output = graph.derive('output', input, (item) => Object.entries(item))
  for (const [key, item] of Object.entries(items)) input.set(key, item)
  return { graph, input, output, first: graph.flush() }
}

interface Case {
  readonly name: string
  readonly before: Readonly<Record<string, Emission>>
  /** undefined: the key is deleted. */
  readonly edits: Readonly<Record<string, Emission | undefined>>
  readonly after: Emission
  readonly changed: readonly string[]
  readonly runs: number
}

const cases: readonly Case[] = [
  {
    name: 'only the changed key runs',
    before: { a: { x: 1 }, b: { y: 1 }, c: { z: 1 } },
    edits: { b: { y: 2 } },
    after: { x: 1, y: 2, z: 1 },
    changed: ['y'],
    runs: 1,
  },
  {
    name: 'an equal item runs nothing',
    before: { a: { x: 1 } },
    edits: { a: { x: 1 } },
    after: { x: 1 },
    changed: [],
    runs: 0,
  },
  {
    name: 'a new key runs once',
    before: { a: { x: 1 } },
    edits: { b: { y: 1 } },
    after: { x: 1, y: 1 },
    changed: ['y'],
    runs: 1,
  },
  {
    name: 'a removed key takes its outputs along and runs nothing',
    before: { a: { x: 1, y: 1 }, b: { z: 1 } },
    edits: { a: undefined },
    after: { z: 1 },
    changed: ['x', 'y'],
    runs: 0,
  },
  {
    name: 'fewer outputs remove the others',
    before: { a: { x: 1, y: 1, z: 1 } },
    edits: { a: { y: 1 } },
    after: { y: 1 },
    changed: ['x', 'z'],
    runs: 1,
  },
  { name: 'no output at all', before: { a: { x: 1 } }, edits: { a: {} }, after: {}, changed: ['x'], runs: 1 },
  {
    name: 'an output with another key',
    before: { a: { x: 1 } },
    edits: { a: { y: 1 } },
    after: { y: 1 },
    changed: ['x', 'y'],
    runs: 1,
  },
  {
    name: 'an equal output does not propagate',
    before: { a: { x: 1 } },
    edits: { a: { x: 1, y: 2 } },
    after: { x: 1, y: 2 },
    changed: ['y'],
    runs: 1,
  },
  {
    name: 'of two items with one output key the smaller item counts',
    before: { a: { x: 1 }, b: { x: 2 } },
    edits: { c: { x: 3 } },
    after: { x: 1 },
    changed: [],
    runs: 1,
  },
  {
    name: 'a smaller item takes over',
    before: { b: { x: 2 } },
    edits: { a: { x: 1 } },
    after: { x: 1 },
    changed: ['x'],
    runs: 1,
  },
  {
    name: 'smaller means code units',
    before: { ä: { x: 1 }, b: { x: 2 } },
    edits: { Z: { x: 3 } },
    after: { x: 3 },
    changed: ['x'],
    runs: 1,
  },
  {
    name: 'when the first stops, the next takes over without a run',
    before: { a: { x: 1 }, b: { x: 2 }, c: { x: 3 } },
    edits: { a: undefined },
    after: { x: 2 },
    changed: ['x'],
    runs: 0,
  },
  {
    name: 'the next takes over from an item that emits something else',
    before: { a: { x: 1 }, b: { x: 2 } },
    edits: { a: { y: 1 } },
    after: { x: 2, y: 1 },
    changed: ['x', 'y'],
    runs: 1,
  },
  {
    name: 'taking over with an equal value is no change',
    before: { a: { x: 1 }, b: { x: 1 } },
    edits: { a: undefined },
    after: { x: 1 },
    changed: [],
    runs: 0,
  },
  {
    name: 'two items trade an output in one flush',
    before: { a: { x: 1 }, b: { y: 2 } },
    edits: { a: { y: 2 }, b: { x: 1 } },
    after: { x: 1, y: 2 },
    changed: [],
    runs: 2,
  },
  {
    name: 'the loser changes',
    before: { a: { x: 1 }, b: { x: 2 } },
    edits: { b: { x: 9 } },
    after: { x: 1 },
    changed: [],
    runs: 1,
  },
]

describe('derive', () => {
  test.each(cases)('$name', ({ before, edits, after, changed, runs }) => {
    const { graph, input, output, first } = emitting(before)
    expect(first.runs.get('output')).toBe(Object.keys(before).length)
    for (const [key, item] of Object.entries(edits)) {
      if (item === undefined) input.delete(key)
      else input.set(key, item)
    }
    const report = graph.flush()
    expect(Object.fromEntries(graph.entries(output))).toEqual(after)
    expect([...(report.changed.get(output) ?? [])].sort()).toEqual(changed)
    expect(report.runs).toEqual(runs === 0 ? new Map() : new Map([['output', runs]]))
    expect(graph.flush()).toEqual({ changed: new Map(), runs: new Map() })
  })

  test('runs only as far as values differ', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const parity = graph.derive('parity', input, (n, _fetch, key) => [[key, { odd: n % 2 === 1 }]])
    const words = graph.derive('words', parity, ({ odd }, _fetch, key) => [[key, odd ? 'odd' : 'even']])
    input.set('a', 1)
    expect(graph.flush().runs).toEqual(
      new Map([
        ['parity', 1],
        ['words', 1],
      ]),
    )
    const old = graph.get(parity, 'a')
    input.set('a', 3)
    const report = graph.flush()
    expect(report.runs).toEqual(new Map([['parity', 1]]))
    expect([...report.changed.keys()]).toEqual([input])
    expect(graph.get(parity, 'a')).toBe(old)
    expect(graph.get(words, 'a')).toBe('odd')
  })

  test('of several outputs with one key in one run, the first counts', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const output = graph.derive('output', input, (n) => [
      ['x', n],
      ['x', n + 1],
    ])
    input.set('a', 1)
    graph.flush()
    expect(graph.entries(output)).toEqual([['x', 1]])
  })

  test('a transform may be a generator', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const factor = graph.input<number>('factor')
    const output = graph.derive('output', input, function* (n, fetch, key) {
      yield [`${key}/plain`, n] as const
      yield [`${key}/times`, n * (fetch(factor, 'f') ?? 1)] as const
    })
    input.set('a', 2)
    graph.flush()
    factor.set('f', 10)
    expect(graph.flush().runs.get('output')).toBe(1)
    expect(graph.entries(output)).toEqual([
      ['a/plain', 2],
      ['a/times', 20],
    ])
  })

  test('a collection created after the first flush begins with everything there is', () => {
    const { graph, input } = emitting({ a: { x: 1 }, b: { y: 2 } })
    const late = graph.derive('late', input, (item, _fetch, key) => [[key, Object.keys(item)]])
    expect(graph.entries(late)).toEqual([])
    const report = graph.flush()
    expect(report.runs).toEqual(new Map([['late', 2]]))
    expect(graph.entries(late)).toEqual([
      ['a', ['x']],
      ['b', ['y']],
    ])
  })

  test('a burst of edits runs each key once', () => {
    const { graph, input } = emitting({})
    for (let n = 0; n < 1_000; n++) input.set(`k${n}`, { x: n })
    for (let n = 0; n < 1_000; n++) input.set(`k${n}`, { [`x${n}`]: n })
    expect(graph.flush().runs).toEqual(new Map([['output', 1_000]]))
    input.set('k500', { x500: -1 })
    const report = graph.flush()
    expect(report.runs).toEqual(new Map([['output', 1]]))
    expect([...report.changed.values()].map((keys) => [...keys])).toEqual([['k500'], ['x500']])
  })
})
