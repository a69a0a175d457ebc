import { describe, expect, test } from 'vitest'
import { createGraph } from '../../src/collection/graph.ts'
import type { Input } from '../../src/collection/graph.ts'

/** Each item names the key that it looks up; `*` lists them all. */
function lookups() {
  const graph = createGraph()
  const prices = graph.input<number>('prices')
  const orders = graph.input<string>('orders')
  const bills = graph.derive('bills', orders, (order, fetch, key) => {
    const seen =
      order === '*'
        ? fetch.all(prices).map(([name, price]) => `${name}=${price}`)
        : [`${order}=${fetch(prices, order)}`]
    return [[key, seen.join()]]
  })
  for (const [key, price] of [
    ['apple', 1],
    ['pear', 2],
  ] as const)
    prices.set(key, price)
  for (const [key, order] of [
    ['1', 'apple'],
    ['2', 'pear'],
    ['3', 'apple'],
    ['4', 'fig'],
    ['5', '*'],
  ] as const)
    orders.set(key, order)
  graph.flush()
  return { graph, prices, orders, bills }
}

interface Case {
  readonly name: string
  readonly edit: (prices: Input<number>, orders: Input<string>) => void
  readonly runs: number
  readonly bills: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'nothing read has changed',
    edit: (prices) => prices.set('apple', 1),
    runs: 0,
    bills: ['apple=1', 'pear=2', 'apple=1', 'fig=undefined', 'apple=1,pear=2'],
  },
  {
    name: 'a key that two have read, and one has listed',
    edit: (prices) => prices.set('apple', 9),
    runs: 3,
    bills: ['apple=9', 'pear=2', 'apple=9', 'fig=undefined', 'apple=9,pear=2'],
  },
  {
    name: 'a key that was absent',
    edit: (prices) => prices.set('fig', 5),
    runs: 2,
    bills: ['apple=1', 'pear=2', 'apple=1', 'fig=5', 'apple=1,fig=5,pear=2'],
  },
  {
    name: 'a key that nobody reads but the list',
    edit: (prices) => prices.set('plum', 5),
    runs: 1,
    bills: ['apple=1', 'pear=2', 'apple=1', 'fig=undefined', 'apple=1,pear=2,plum=5'],
  },
  {
    name: 'a removed key',
    edit: (prices) => prices.delete('pear'),
    runs: 2,
    bills: ['apple=1', 'pear=undefined', 'apple=1', 'fig=undefined', 'apple=1'],
  },
  {
    name: 'the item and what it reads change together: one run',
    edit: (prices, orders) => {
      prices.set('pear', 7)
      orders.set('2', 'apple')
    },
    runs: 2,
    bills: ['apple=1', 'apple=1', 'apple=1', 'fig=undefined', 'apple=1,pear=7'],
  },
  {
    name: 'a reader is removed together with what it reads',
    edit: (prices, orders) => {
      prices.set('pear', 7)
      orders.delete('2')
    },
    runs: 1,
    bills: ['apple=1', 'apple=1', 'fig=undefined', 'apple=1,pear=7'],
  },
]

describe('fetch', () => {
  test.each(cases)('$name', ({ edit, runs, bills: expected }) => {
    const { graph, prices, orders, bills } = lookups()
    edit(prices, orders)
    expect(graph.flush().runs).toEqual(runs === 0 ? new Map() : new Map([['bills', runs]]))
    expect(graph.entries(bills).map(([, bill]) => bill)).toEqual(expected)
    expect(graph.flush().runs.size).toBe(0)
  })

  test('only the reads of the last run count', () => {
    const { graph, prices, orders } = lookups()
    orders.set('1', 'pear')
    orders.delete('5')
    expect(graph.flush().runs.get('bills')).toBe(1)
    prices.set('apple', 3)
    expect(graph.flush().runs.get('bills')).toBe(1)
    prices.set('pear', 3)
    expect(graph.flush().runs.get('bills')).toBe(2)
    orders.delete('1')
    orders.delete('2')
    graph.flush()
    prices.set('pear', 4)
    expect(graph.flush().runs.size).toBe(0)
  })

  test('what is read may be any collection created before, and the input itself', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const groups = graph.groupBy('groups', input, (n) => [n % 2 === 0 ? 'even' : 'odd'])
    const ranks = graph.derive('ranks', input, (n, fetch, key) => {
      const group = fetch(groups, n % 2 === 0 ? 'even' : 'odd') ?? []
      return [[key, `${group.indexOf(n) + 1} of ${group.length}, ${fetch(input, 'a')}`]]
    })
    for (const [key, n] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      input.set(key, n)
    expect(graph.flush().runs.get('ranks')).toBe(3)
    expect(graph.entries(ranks)).toEqual([
      ['a', '1 of 2, 1'],
      ['b', '1 of 1, 1'],
      ['c', '2 of 2, 1'],
    ])
    input.set('d', 4)
    expect(graph.flush().runs.get('ranks')).toBe(2)
    input.set('a', 5)
    expect(graph.flush().runs.get('ranks')).toBe(4)
  })

  test('no half-updated state is ever seen: a diamond runs once, on the new values of both sides', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const left = graph.derive('left', input, (n, _fetch, key) => [[key, n]])
    const right = graph.derive('right', input, (n, _fetch, key) => [[key, -n]])
    const sums: number[] = []
    graph.derive('sum', left, (n, fetch, key) => {
      sums.push(n + (fetch(right, key) ?? Number.NaN))
      return [[key, n]]
    })
    for (let n = 0; n < 5; n++) {
      input.set('a', n)
      expect(graph.flush().runs.get('sum')).toBe(1)
    }
    expect(sums).toEqual([0, 0, 0, 0, 0])
  })

  test('the list is the same array for all readers', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const seen = new Set<unknown>()
    graph.derive('readers', input, (_n, fetch, key) => {
      seen.add(fetch.all(input))
      return [[key, 0]]
    })
    for (const key of ['a', 'b', 'c']) input.set(key, 0)
    expect(graph.flush().runs.get('readers')).toBe(3)
    expect(seen).toEqual(
      new Set([
        [
          ['a', 0],
          ['b', 0],
          ['c', 0],
        ],
      ]),
    )
    expect(seen.size).toBe(1)
  })
})
