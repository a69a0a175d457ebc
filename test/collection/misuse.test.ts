import { describe, expect, test } from 'vitest'
import type { Collection, Fetch } from '../../src/collection/collection.ts'
import { createGraph } from '../../src/collection/graph.ts'
import type { Graph } from '../../src/collection/graph.ts'

interface Case {
  readonly name: string
  /** Called from inside a transform of the collection "derived". */
  readonly misuse: (at: {
    graph: Graph
    fetch: Fetch
    self: Collection<unknown>
    later: Collection<number>
  }) => unknown
  readonly message: string
}

const cases: readonly Case[] = [
  {
    name: 'a fetch of a later collection',
    misuse: ({ fetch, later }) => fetch(later, 'a'),
    message: '"derived" fetches from "later", which was created after it; create it first',
  },
  {
    name: 'a list of a later collection',
    misuse: ({ fetch, later }) => fetch.all(later),
    message: '"derived" fetches from "later", which was created after it; create it first',
  },
  {
    name: 'a fetch from itself',
    misuse: ({ fetch, self }) => fetch(self, 'a'),
    message: '"derived" fetches from itself; read its input instead',
  },
  {
    name: 'a fetch of another graph',
    misuse: ({ fetch }) => fetch(createGraph().input('elsewhere'), 'a'),
    message: '"derived" fetches from "elsewhere", which belongs to another graph',
  },
  {
    name: 'a fetch of something that is no collection of a graph',
    misuse: ({ fetch }) => fetch({ name: 'homemade' }, 'a'),
    message: '"derived" fetches from "homemade", which belongs to another graph',
  },
  {
    name: 'a look that is no dependency',
    misuse: ({ graph, later }) => graph.get(later, 'a'),
    message: 'a look at "later" inside a flush: a transform reads through fetch and changes nothing',
  },
  {
    name: 'a flush',
    misuse: ({ graph }) => graph.flush(),
    message: 'flush inside a flush: a transform reads through fetch and changes nothing',
  },
  {
    name: 'a new collection',
    misuse: ({ graph }) => graph.input('new'),
    message: 'the creation of "new" inside a flush: a transform reads through fetch and changes nothing',
  },
]

function misusing(call: (fetch: Fetch, self: Collection<unknown>, later: Collection<number>) => unknown) {
  const graph = createGraph()
  const input = graph.input<number>('input')
  const collections: { self: Collection<unknown>; later: Collection<number> } = { self: input, later: input }
  collections.self = graph.derive('derived', input, (_n, fetch, key) => {
    call(fetch, collections.self, collections.later)
    return [[key, 0]]
  })
  collections.later = graph.input<number>('later')
  input.set('a', 1)
  return graph
}

describe('a programming error', () => {
  test.each(cases)('$name throws out of the flush', ({ misuse, message }) => {
    const graph: Graph = misusing((fetch, self, later) => misuse({ graph, fetch, self, later }))
    expect(() => graph.flush()).toThrow(message)
    expect(graph.failures).toEqual([])
  })

  test.each(cases)(
    '$name throws out of the flush even if the transform catches it',
    ({ misuse, message }) => {
      const graph: Graph = misusing((fetch, self, later) => {
        try {
          misuse({ graph, fetch, self, later })
        } catch {
          throw new Error('hidden')
        }
      })
      expect(() => graph.flush()).toThrow(message)
    },
  )

  test('an edit inside a flush', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    graph.groupBy('groups', input, (n) => {
      input.set('b', n)
      return []
    })
    input.set('a', 1)
    expect(() => graph.flush()).toThrow('an edit of "input" inside a flush')
  })

  test('leaves a graph that refuses every further use, as it may be half updated', () => {
    const graph = misusing((fetch, self) => fetch(self, 'a'))
    const input = createGraph().input<number>('other')
    expect(() => graph.flush()).toThrow('from itself')
    expect(() => graph.flush()).toThrow('flush after a flush that failed')
    expect(() => graph.entries(input)).toThrow('a look at "other" after a flush that failed')
  })

  test('a fetch after the run has ended', () => {
    const kept: Fetch[] = []
    const graph = createGraph()
    const input = graph.input<number>('input')
    graph.derive('derived', input, (_n, fetch, key) => {
      kept.push(fetch)
      return [[key, 0]]
    })
    input.set('a', 1)
    graph.flush()
    expect(() => kept.map((fetch) => fetch(input, 'a'))).toThrow(
      '"derived" fetches from "input" after its run for "a" has ended',
    )
    expect(graph.flush().runs.size).toBe(0)
  })

  test('a name twice', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    expect(() => graph.union('input', [input])).toThrow('there is a collection "input" already')
  })

  test('an input of another graph', () => {
    const graph = createGraph()
    const foreign = createGraph().input<number>('foreign')
    const message = 'collection "foreign" belongs to another graph'
    expect(() => graph.derive('derived', foreign, () => [])).toThrow(message)
    expect(() => graph.groupBy('groups', foreign, () => [])).toThrow(message)
    expect(() => graph.union('union', [foreign])).toThrow(message)
    expect(() => graph.retain('retained', foreign, () => true)).toThrow(message)
    expect(() => graph.get(foreign, 'a')).toThrow(message)
    expect(() => graph.entries(foreign)).toThrow(message)
    // A refused name is still free.
    expect(graph.input('derived').name).toBe('derived')
  })
})
