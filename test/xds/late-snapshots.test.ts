import { expect, test } from 'vitest'
import { answers, routeFor, snapshotWorld } from './snapshot-world.ts'

// A scope that nobody had is computed piece by piece: meanwhile others have what they had, and nobody sees a
// half of anything.

const world = () => snapshotWorld('when told')

/** More than there are. */
const all = 1_000_000
/** Fewer than one new scope has. */
const some = 30

test('a scope that nobody had has a snapshot when it has been computed, which is told once', () => {
  const { sidecar, compute } = world()
  const a = sidecar('a')
  for (let pieces = 0; pieces < 20; pieces += 1) {
    expect(compute(1)).toBe(false)
    expect(a.subscription.current).toBeUndefined()
  }
  expect(compute(all)).toBe(true)
  expect(a.told).toEqual([a.subscription.current])
  expect(a.subscription.current?.resources.get('cluster')?.size).toBe(1)
  compute(all)
  expect(a.told).toHaveLength(1)
})

test('a scope that somebody has is there at once, also while another is computed', () => {
  const { sidecar, compute } = world()
  const known = sidecar('a')
  compute(all)
  const other = sidecar('a', 'sidecar', 'elsewhere')
  compute(20)
  const next = sidecar('b')
  expect(next.subscription.current).toBe(known.subscription.current)
  expect(other.subscription.current).toBeUndefined()
  expect(compute(all)).toBe(true)
  expect([known, other, next].map(({ told }) => told.length)).toEqual([1, 1, 0])
})

test('those that come while another is computed wait for the next round, and are computed together', () => {
  const { sidecar, compute } = world()
  const first = sidecar('a', 'sidecar', 'n-0')
  compute(some)
  const others = Array.from({ length: 5 }, (_, index) => sidecar('a', 'sidecar', `n-${index + 1}`))
  compute(all)
  expect([first, ...others].map(({ subscription }) => subscription.current !== undefined)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ])
  compute(all)
  expect([first, ...others].map(({ told }) => told.length)).toEqual([1, 1, 1, 1, 1, 1])
})

test('an edit that comes meanwhile is in the next snapshot, and no half of it in any', () => {
  const { sidecar, compute, write } = world()
  const known = sidecar('a')
  compute(all)
  const before = known.subscription.current
  const other = sidecar('a', 'sidecar', 'elsewhere')
  compute(some)
  write(routeFor('uri: {exact: /x}', 418))
  compute(some)
  expect(known.subscription.current).toBe(before)
  compute(all)
  expect([answers(known, 418), answers(other, 418)]).toEqual([false, false])
  compute(all)
  expect([answers(known, 418), answers(other, 418)]).toEqual([true, true])
})

test.each([
  ['before anything is computed', 0],
  ['in the middle', some],
])('who goes %s leaves nothing behind', (_, pieces) => {
  const { sidecar, compute, connected, inGraph } = world()
  const gone = sidecar('a')
  compute(pieces)
  gone.subscription.close()
  gone.subscription.close()
  expect(connected.size).toBe(0)
  compute(all)
  expect(gone.told).toEqual([])
  expect(inGraph()).toEqual([])
})

test.each([0, 1, some])('who goes after %i pieces and comes again is served', (pieces) => {
  const { sidecar, compute, connected, inGraph } = world()
  const gone = sidecar('a')
  compute(pieces)
  gone.subscription.close()
  const [again, other] = [sidecar('a'), sidecar('b')]
  compute(all)
  compute(all)
  expect([gone, again, other].map(({ told }) => told.length)).toEqual([0, 1, 1])
  expect(again.subscription.current?.resources.get('cluster')?.size).toBe(1)
  expect([connected.size, inGraph().length]).toEqual([1, 1])
})

test(
  'whom a selector tells apart keeps what it has until its own is there, and never has what is for ' +
    'others',
  () => {
    const { sidecar, compute, write, connected, inGraph } = world()
    const [a, b] = [sidecar('a'), sidecar('b')]
    compute(all)
    write(routeFor('sourceLabels: {app: a}', 418))
    const before = a.subscription.current
    expect(compute(all)).toBe(true)
    expect(a.subscription.current).toBe(before)
    while (a.subscription.current === before) compute(50)
    expect([a, b].map((each) => answers(each, 418))).toEqual([true, false])
    expect([a, b].map(({ told }) => told.length)).toEqual([2, 2])
    compute(all)
    expect([connected.size, inGraph().length]).toEqual([2, 2])
  },
)

test('a selector that goes again before its scopes are there moves nobody', () => {
  const { sidecar, compute, write, connected, inGraph } = world()
  const [a, b] = [sidecar('a'), sidecar('b')]
  compute(all)
  write(routeFor('sourceLabels: {app: a}', 418))
  compute(all)
  write(routeFor('uri: {exact: /x}', 418))
  compute(100)
  compute(all)
  compute(all)
  expect(a.subscription.current).toBe(b.subscription.current)
  expect(answers(a, 418)).toBe(true)
  expect([connected.size, inGraph().length]).toEqual([1, 1])
})

test('who is moved and goes before its own is there leaves neither behind', () => {
  const { sidecar, compute, write, connected, inGraph } = world()
  const a = sidecar('a')
  compute(all)
  write(routeFor('sourceLabels: {app: a}', 418))
  compute(all)
  expect(connected.size).toBe(2)
  a.subscription.close()
  expect(connected.size).toBe(0)
  compute(all)
  expect([a.told.length, inGraph().length]).toEqual([1, 0])
})

test('asks for what is missing, and for nothing else', () => {
  const { sidecar, compute, wanted } = world()
  sidecar('a')
  expect(wanted()).toBe(1)
  compute(all)
  sidecar('b')
  expect(wanted()).toBe(1)
})
