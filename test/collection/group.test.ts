import { describe, expect, test } from 'vitest'
import { createGraph } from '../../src/collection/graph.ts'

interface Tagged {
  readonly id: string
  readonly tags: readonly string[]
}

function tagged(items: Readonly<Record<string, string>>) {
  const graph = createGraph()
  const input = graph.input<Tagged>('input')
  const groups = graph.groupBy('groups', input, (item) => item.tags)
  const set = (key: string, tags: string) =>
    input.set(key, { id: key, tags: tags.split(' ').filter((tag) => tag !== '') })
  for (const [key, tags] of Object.entries(items)) set(key, tags)
  graph.flush()
  const members = () =>
    Object.fromEntries(
      graph.entries(groups).map(([key, group]) => [key, group.map((item) => item.id).join(' ')]),
    )
  return { graph, input, groups, set, members }
}

interface Case {
  readonly name: string
  /** Key to tags; undefined: the key is deleted. */
  readonly edits: Readonly<Record<string, string | undefined>>
  readonly groups: Readonly<Record<string, string>>
  readonly changed: readonly string[]
  readonly runs: number
}

const before = { b: 'x y', a: 'x', d: 'y z', c: 'x' }

const cases: readonly Case[] = [
  { name: 'no edit', edits: {}, groups: { x: 'a b c', y: 'b d', z: 'd' }, changed: [], runs: 0 },
  {
    name: 'a new member stands where its key sorts',
    edits: { aa: 'x' },
    groups: { x: 'a aa b c', y: 'b d', z: 'd' },
    changed: ['x'],
    runs: 1,
  },
  {
    name: 'code units sort',
    edits: { ä: 'x', Z: 'x' },
    groups: { x: 'Z a b c ä', y: 'b d', z: 'd' },
    changed: ['x'],
    runs: 2,
  },
  {
    name: 'a member leaves one group and enters another',
    edits: { b: 'x z' },
    groups: { x: 'a b c', y: 'd', z: 'b d' },
    changed: ['x', 'y', 'z'],
    runs: 1,
  },
  {
    name: 'a removed member',
    edits: { b: undefined },
    groups: { x: 'a c', y: 'd', z: 'd' },
    changed: ['x', 'y'],
    runs: 0,
  },
  {
    name: 'a group that becomes empty disappears',
    edits: { d: 'y' },
    groups: { x: 'a b c', y: 'b d' },
    changed: ['y', 'z'],
    runs: 1,
  },
  {
    name: 'a new group',
    edits: { e: 'w' },
    groups: { w: 'e', x: 'a b c', y: 'b d', z: 'd' },
    changed: ['w'],
    runs: 1,
  },
  {
    name: 'a member without a group',
    edits: { a: '' },
    groups: { x: 'b c', y: 'b d', z: 'd' },
    changed: ['x'],
    runs: 1,
  },
  {
    name: 'a repeated key counts once',
    edits: { e: 'y y y' },
    groups: { x: 'a b c', y: 'b d e', z: 'd' },
    changed: ['y'],
    runs: 1,
  },
  {
    name: 'many edits at once',
    edits: { a: undefined, b: undefined, c: 'y', e: 'y', f: 'y' },
    groups: { y: 'c d e f', z: 'd' },
    changed: ['x', 'y'],
    runs: 3,
  },
]

describe('groupBy', () => {
  test.each(cases)('$name', ({ edits, groups: expected, changed, runs }) => {
    const { graph, input, groups, set, members } = tagged(before)
    for (const [key, tags] of Object.entries(edits)) {
      if (tags === undefined) input.delete(key)
      else set(key, tags)
    }
    const report = graph.flush()
    expect(members()).toEqual(expected)
    expect([...(report.changed.get(groups) ?? [])].sort()).toEqual(changed)
    expect(report.runs).toEqual(runs === 0 ? new Map() : new Map([['groups', runs]]))
  })

  test('a group that did not change keeps its array; one that did is a new array, the old one as it was', () => {
    const { graph, groups, set } = tagged(before)
    const [x, y, z] = ['x', 'y', 'z'].map((key) => graph.get(groups, key))
    set('a', 'x w')
    graph.flush()
    expect(graph.get(groups, 'y')).toBe(y)
    expect(graph.get(groups, 'z')).toBe(z)
    expect(graph.get(groups, 'x')).not.toBe(x)
    expect(x?.map((item) => item.tags)).toEqual([['x'], ['x', 'y'], ['x']])
    expect(graph.get(groups, 'x')?.map((item) => item.tags)).toEqual([['x', 'w'], ['x', 'y'], ['x']])
    expect(graph.get(groups, 'x')?.[1]).toBe(x?.[1])
  })

  test('a group of equal values is no change, whichever keys they come from', () => {
    const graph = createGraph()
    const input = graph.input<{ readonly n: number }>('input')
    const groups = graph.groupBy('groups', input, () => ['all'])
    input.set('a', { n: 1 })
    input.set('b', { n: 2 })
    graph.flush()
    const old = graph.get(groups, 'all')
    input.delete('a')
    input.set('aa', { n: 1 })
    expect([...graph.flush().changed.keys()]).toEqual([input])
    expect(graph.get(groups, 'all')).toBe(old)
    input.set('a', { n: 0 })
    graph.flush()
    expect(graph.get(groups, 'all')).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
  })

  test('keysOf sees the key, and runs only for changed members of a large group', () => {
    const graph = createGraph()
    const input = graph.input<number>('input')
    const groups = graph.groupBy('groups', input, (_n, key) => [key.slice(0, 1)])
    for (let n = 0; n < 2_000; n++) input.set(`${n % 2 === 0 ? 'a' : 'b'}${n}`, n)
    graph.flush()
    input.set('a1000', -1)
    const report = graph.flush()
    expect(report.runs).toEqual(new Map([['groups', 1]]))
    expect([...(report.changed.get(groups) ?? [])]).toEqual(['a'])
    expect(graph.get(groups, 'a')).toHaveLength(1_000)
    expect(graph.get(groups, 'a')?.filter((n) => n === -1)).toHaveLength(1)
  })
})
