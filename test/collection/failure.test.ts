import { describe, expect, test } from 'vitest'
import { createGraph } from '../../src/collection/graph.ts'

/** Items are fetched keys; a transform throws if the fetched number is negative. */
function fragile() {
  const graph = createGraph()
  const numbers = graph.input<number>('numbers')
  const items = graph.input<string>('items')
  const roots = graph.derive('roots', items, (name, fetch, key) => {
    const n = fetch(numbers, name) ?? 0
    if (n < 0) throw new RangeError(`${n} has no root`)
    return [[key, Math.sqrt(n)]]
  })
  numbers.set('m', 4)
  numbers.set('n', 9)
  items.set('a', 'm')
  items.set('b', 'n')
  graph.flush()
  return { graph, numbers, items, roots }
}

describe('a transform that throws', () => {
  test('keeps the last good output of that key; the other keys go on', () => {
    const { graph, numbers, roots } = fragile()
    numbers.set('m', -1)
    numbers.set('n', 16)
    const report = graph.flush()
    expect(report.runs).toEqual(new Map([['roots', 2]]))
    expect([...(report.changed.get(roots) ?? [])]).toEqual(['b'])
    expect(graph.entries(roots)).toEqual([
      ['a', 2],
      ['b', 4],
    ])
    expect(graph.failures).toEqual([
      { transform: 'roots', key: 'a', error: new RangeError('-1 has no root') },
    ])
  })

  test('has no output when it never had one', () => {
    const { graph, numbers, items, roots } = fragile()
    numbers.set('x', -1)
    items.set('c', 'x')
    graph.flush()
    expect(graph.get(roots, 'c')).toBeUndefined()
    expect(graph.failures.map((failure) => failure.key)).toEqual(['c'])
  })

  test('runs again when what the failed run read changes, and recovers', () => {
    const { graph, numbers, roots } = fragile()
    numbers.set('m', -1)
    graph.flush()
    expect(graph.flush().runs.size).toBe(0)
    numbers.set('m', 25)
    expect(graph.flush().runs).toEqual(new Map([['roots', 1]]))
    expect(graph.get(roots, 'a')).toBe(5)
    expect(graph.failures).toEqual([])
  })

  test(
    'depends on the reads of the failed run and of the last good one, not on those of failed runs ' +
      'before',
    () => {
      const { graph, numbers, items } = fragile()
      for (const name of ['x', 'y']) numbers.set(name, -1)
      items.set('a', 'x')
      graph.flush()
      items.set('a', 'y')
      graph.flush()
      const runsAfter = (name: string) => {
        numbers.set(name, -5)
        return graph.flush().runs.get('roots') ?? 0
      }
      expect([runsAfter('x'), runsAfter('y'), runsAfter('m')]).toEqual([0, 1, 1])
      items.set('a', 'n')
      graph.flush()
      expect(graph.failures).toEqual([])
      expect([runsAfter('y'), runsAfter('m')]).toEqual([0, 0])
    },
  )

  test('is forgotten with its item, outputs included', () => {
    const { graph, numbers, items, roots } = fragile()
    numbers.set('m', -1)
    graph.flush()
    items.delete('a')
    expect(graph.flush().runs.size).toBe(0)
    expect(graph.entries(roots)).toEqual([['b', 3]])
    expect(graph.failures).toEqual([])
    numbers.set('m', -2)
    expect(graph.flush().runs.size).toBe(0)
  })

  test('half an iteration emits nothing', () => {
    const graph = createGraph()
    const input = graph.input<boolean>('input')
    const output = graph.derive('output', input, function* (fails) {
      yield ['x', fails] as const
      if (fails) throw new Error('half way')
      yield ['y', fails] as const
    })
    input.set('a', false)
    graph.flush()
    input.set('a', true)
    expect(graph.flush().changed.has(output)).toBe(false)
    expect(graph.entries(output)).toEqual([
      ['x', false],
      ['y', false],
    ])
  })

  test('failures are sorted by collection in order of creation, then by key', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const refuse = () => {
      throw new Error('no')
    }
    graph.derive('z', input, refuse)
    graph.groupBy('a', input, refuse)
    graph.retain('m', input, refuse)
    for (const key of ['c', 'B', 'a']) input.set(key, 1)
    graph.flush()
    expect(graph.failures.map(({ transform, key }) => `${transform}/${key}`)).toEqual([
      'z/B',
      'z/a',
      'z/c',
      'a/B',
      'a/a',
      'a/c',
      'm/B',
      'm/a',
      'm/c',
    ])
    for (const key of ['c', 'B', 'a']) input.delete(key)
    graph.flush()
    expect(graph.failures).toEqual([])
  })

  test('in keysOf: the last good value stays in its groups', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const groups = graph.groupBy('groups', input, (n) => {
      if (n < 0) throw new Error('negative')
      return [n > 9 ? 'large' : 'small']
    })
    input.set('a', 1)
    input.set('b', 2)
    graph.flush()
    input.set('a', -1)
    expect(graph.flush().changed.has(groups)).toBe(false)
    expect(graph.entries(groups)).toEqual([['small', [1, 2]]])
    input.set('a', 10)
    graph.flush()
    expect(graph.entries(groups)).toEqual([
      ['large', [10]],
      ['small', [2]],
    ])
    expect(graph.failures).toEqual([])
  })
})
