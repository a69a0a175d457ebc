import { describe, expect, test } from 'vitest'
import { createGraph } from '../../src/collection/graph.ts'

interface Case {
  readonly name: string
  /** One flush a step; a negative value is refused; undefined: the key is deleted. */
  readonly steps: readonly (number | undefined)[]
  /** In force after each step. */
  readonly inForce: readonly (number | undefined)[]
}

const cases: readonly Case[] = [
  { name: 'accepted values pass', steps: [1, 2, undefined], inForce: [1, 2, undefined] },
  { name: 'a refused value leaves the accepted one', steps: [1, -2, -3, 4], inForce: [1, 1, 1, 4] },
  {
    name: 'without an accepted one the refused value is used, each new one too',
    steps: [-1, -2, 3, -4],
    inForce: [-1, -2, 3, 3],
  },
  { name: 'a removal forgets the accepted one', steps: [1, undefined, -2], inForce: [1, undefined, -2] },
  { name: 'a removal while refused', steps: [1, -2, undefined, -3, 4], inForce: [1, 1, undefined, -3, 4] },
  { name: 'back to the accepted value', steps: [1, -2, 1, 2], inForce: [1, 1, 1, 2] },
]

describe('retain', () => {
  test.each(cases)('$name', ({ steps, inForce }) => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const retained = graph.retain('retained', input, (n) => n >= 0)
    const seen = steps.map((step, index) => {
      if (step === undefined) input.delete('a')
      else input.set('a', step)
      const report = graph.flush()
      expect(report.runs).toEqual(step === undefined ? new Map() : new Map([['retained', 1]]))
      expect(report.changed.has(retained)).toBe(inForce[index] !== inForce[index - 1])
      return graph.get(retained, 'a')
    })
    expect(seen).toEqual(inForce)
  })

  test('a refused value changes nothing downstream', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const retained = graph.retain('retained', input, (n) => n >= 0)
    graph.derive('downstream', retained, (n, _fetch, key) => [[key, n]])
    for (const key of ['a', 'b', 'c']) input.set(key, 1)
    graph.flush()
    input.set('b', -1)
    expect(graph.flush().runs).toEqual(new Map([['retained', 1]]))
  })

  test('a judgement that throws is a refusal, and a failure', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const retained = graph.retain('retained', input, (n) => {
      if (n < 0) throw new Error('cannot tell')
      return true
    })
    input.set('a', 1)
    input.set('b', -1)
    graph.flush()
    input.set('a', -2)
    graph.flush()
    expect(graph.entries(retained)).toEqual([
      ['a', 1],
      ['b', -1],
    ])
    expect(graph.failures.map(({ key }) => key)).toEqual(['a', 'b'])
    input.set('a', 2)
    input.delete('b')
    graph.flush()
    expect(graph.entries(retained)).toEqual([['a', 2]])
    expect(graph.failures).toEqual([])
  })
})
