import { describe, expect, test } from 'vitest'
import { mirrorEdges, mirrorLoop } from '../../src/resolve/findings/mirror-loop.ts'
import { forwardTo, mirrorTo, prefix, routeOf, tableOf } from '../support/model-values.ts'

const mirroring = (from: string, ...to: readonly string[]) =>
  tableOf(`shop/${from}`, {
    hosts: [from],
    routes: [routeOf(0, prefix('/'), { action: forwardTo(from, ...to.map((host) => mirrorTo(host))) })],
  })

const cases: readonly (readonly [
  what: string,
  edges: Readonly<Record<string, readonly string[]>>,
  way: string | undefined,
])[] = [
  ['a mirror back', { a: ['b'], b: ['a'] }, 'a → b → a'],
  ['a way of three', { a: ['b'], b: ['c'], c: ['a'] }, 'a → b → c → a'],
  ['the shortest of two ways', { a: ['b'], b: ['c', 'a'], c: ['a'] }, 'a → b → a'],
  ['no way back', { a: ['b'], b: ['c'], c: ['b'] }, undefined],
  ['five hosts, more than are looked for', { a: ['b'], b: ['c'], c: ['d'], d: ['e'], e: ['a'] }, undefined],
]

describe('a mirror that copies of copies come back to', () => {
  test.each(cases)('%s', (_, edges, way) => {
    const all = Object.entries(edges).flatMap(([from, to]) => mirrorEdges(mirroring(from, ...to)))
    const [first] = all
    const found =
      first === undefined ? [] : mirrorLoop(first, (host) => all.filter(({ from }) => from === host))
    expect(found.map(({ code }) => code)).toEqual(way === undefined ? [] : ['mirror/loop'])
    if (way !== undefined) expect(found[0]?.message).toContain(`${way},`)
  })
})

test('wildcard hosts and mirrors of a host to itself make no edge', () => {
  const table = tableOf('shop/web', {
    hosts: ['*.example', 'a'],
    routes: [routeOf(0, prefix('/'), { action: forwardTo('a', mirrorTo('a'), mirrorTo('b')) })],
  })
  expect(mirrorEdges(table).map(({ from, to }) => `${from} → ${to}`)).toEqual(['a → b'])
})
