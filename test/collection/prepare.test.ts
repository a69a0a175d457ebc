import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGraph } from '../../src/collection/graph.ts'

/** Words by their length, and how many other words each has beside it. */
function words() {
  const graph = createGraph()
  const input = graph.input<string>('words')
  const lengths = graph.derive('lengths', input, (word, _, key) => [[key, word.length]])
  const byLength = graph.groupBy('by length', lengths, (length) => [String(length)])
  const crowd = graph.derive('crowd', lengths, (length, fetch, key) => [
    [key, fetch(byLength, String(length))?.length ?? 0],
  ])
  return { graph, input, lengths, crowd }
}

/** So many pieces at a time. */
function pieces(count: number): () => boolean {
  let left = count
  return () => left-- > 0
}

describe('a flush that is prepared piece by piece', () => {
  test('comes to what a flush at once comes to, and reports the same', () => {
    const edits = fc.array(
      fc.array(
        fc.tuple(
          fc.constantFrom('a', 'b', 'c', 'd'),
          fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
        ),
        { maxLength: 6 },
      ),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(edits, fc.integer({ min: 1, max: 5 }), (rounds, size) => {
        const [whole, sliced] = [words(), words()]
        for (const round of rounds) {
          for (const [key, word] of round) {
            for (const { input } of [whole, sliced]) {
              if (word === undefined) input.delete(key)
              else input.set(key, word)
            }
          }
          while (!sliced.graph.prepare(pieces(size)));
          const [expected, report] = [whole.graph.flush(), sliced.graph.flush()]
          expect(report.runs).toEqual(expected.runs)
          expect([...report.changed].map(([{ name }, keys]) => [name, [...keys].toSorted()])).toEqual(
            [...expected.changed].map(([{ name }, keys]) => [name, [...keys].toSorted()]),
          )
          expect(sliced.graph.entries(sliced.crowd)).toEqual(whole.graph.entries(whole.crowd))
        }
      }),
    )
  })

  test('is never seen half done: a read sees the last completed flush, after every piece', () => {
    const { graph, input, lengths, crowd } = words()
    input.set('a', 'one')
    input.set('c', 'four')
    graph.flush()
    const before = [graph.entries(lengths), graph.entries(crowd)]
    input.set('a', 'three')
    input.set('b', 'seven')
    input.delete('c')
    while (!graph.prepare(pieces(1))) {
      expect([graph.entries(lengths), graph.entries(crowd)]).toEqual(before)
      expect(['a', 'b', 'c'].map((key) => graph.get(lengths, key))).toEqual([3, undefined, 4])
      expect(graph.entries(lengths)).toBe(graph.entries(lengths))
    }
    expect(graph.entries(crowd)).toEqual([
      ['a', 2],
      ['b', 2],
    ])
    expect([...(graph.flush().changed.get(crowd) ?? [])].toSorted()).toEqual(['a', 'b', 'c'])
    expect(graph.flush().changed.size).toBe(0)
  })

  test('takes in edits that come in between, in one report', () => {
    const { graph, input, lengths, crowd } = words()
    input.set('a', 'one')
    expect(graph.prepare(pieces(4))).toBe(false)
    input.set('a', 'three')
    input.set('b', 'seven')
    const { changed } = graph.flush()
    expect([...(changed.get(lengths) ?? [])].toSorted()).toEqual(['a', 'b'])
    expect(graph.entries(crowd)).toEqual([
      ['a', 2],
      ['b', 2],
    ])
  })

  test('leaves edits that come after it has begun to the next one, and says so', () => {
    const { graph, input, crowd } = words()
    input.set('a', 'one')
    expect(graph.prepare(pieces(8))).toBe(false)
    input.set('b', 'two')
    expect(graph.prepare(() => true)).toBe(true)
    expect([...(graph.prepared().changed.get(crowd) ?? [])]).toEqual(['a'])
    expect([graph.isDue, graph.entries(crowd)]).toEqual([true, [['a', 1]]])
    expect(graph.prepare(() => true)).toBe(true)
    expect([...(graph.prepared().changed.get(crowd) ?? [])]).toEqual(['a', 'b'])
    expect([graph.isDue, graph.entries(crowd)]).toEqual([
      false,
      [
        ['a', 2],
        ['b', 2],
      ],
    ])
  })

  test('is reported once, with what a look had to finish', () => {
    const { graph, input, crowd } = words()
    input.set('a', 'one')
    expect(graph.prepare(pieces(2))).toBe(false)
    expect([...(graph.prepared().changed.get(crowd) ?? [])]).toEqual(['a'])
    expect([graph.isDue, graph.prepared().changed.size]).toEqual([false, 0])
  })

  test('is done when nothing has changed', () => {
    const { graph } = words()
    expect(graph.prepare(() => true)).toBe(true)
    expect(graph.prepare(() => false)).toBe(true)
  })

  test('is broken by a programming error, as a flush is', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    graph.derive('derived', input, () => {
      graph.prepare(() => true)
      return []
    })
    input.set('a', 1)
    expect(() => graph.prepare(() => true)).toThrow('inside a flush')
    expect(() => graph.flush()).toThrow('after a flush that failed')
  })
})
