import { expect, test } from 'vitest'
import { answers, routeFor, snapshotWorld } from './snapshot-world.ts'

// Sidecars that no selector separates share a snapshot; a new selector separates them.

const world = () => snapshotWorld('at once')

test('workloads that no selector tells apart share one scope', () => {
  const { connected, sidecar } = world()
  const [a, b] = [sidecar('a'), sidecar('b')]
  expect(a.subscription.current).toBe(b.subscription.current)
  expect(connected.size).toBe(1)
})

test(
  'gateways that no selector tells apart share one scope, and a Gateway takes those apart that it ' +
    'selects',
  () => {
    const { connected, sidecar, write } = world()
    const [a, b] = [sidecar('a', 'gateway'), sidecar('b', 'gateway')]
    expect(a.subscription.current).toBe(b.subscription.current)
    expect(connected.size).toBe(1)
    write(`apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: default}
spec: {selector: {app: a}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
`)
    expect(connected.size).toBe(2)
    expect([a, b].map(({ subscription }) => subscription.current?.resources.get('listener')?.size)).toEqual([
      1, 0,
    ])
    expect([a, b].map(({ told }) => told.length)).toEqual([1, 0])
  },
)

test('a selector takes those that it names apart, tells them once, and leaves the others as they are', () => {
  const { connected, sidecar, write } = world()
  const [a, b, c] = [sidecar('a'), sidecar('b'), sidecar('c')]
  write(routeFor('sourceLabels: {app: a}', 418))
  expect(connected.size).toBe(2)
  expect(b.subscription.current).toBe(c.subscription.current)
  expect([a, b, c].map((each) => answers(each, 418))).toEqual([true, false, false])
  expect([a, b, c].map(({ told }) => told.length)).toEqual([1, 1, 1])
  expect(a.told.at(-1)).toBe(a.subscription.current)

  write(routeFor('sourceLabels: {app: b}', 418))
  expect([a, b, c].map((each) => answers(each, 418))).toEqual([false, true, false])
  expect(a.subscription.current).toBe(c.subscription.current)
})

test('without the selector they are together again, and nothing of what they shared is left behind', () => {
  const { connected, sidecar, write } = world()
  const sidecars = ['a', 'b', 'c'].map((app) => sidecar(app))
  write(routeFor('sourceLabels: {app: a}', 418))
  write(routeFor('uri: {exact: /x}', 418))
  expect(connected.size).toBe(1)
  expect(sidecars.map((each) => answers(each, 418))).toEqual([true, true, true])
  for (const { subscription } of sidecars) subscription.close()
  expect(connected.size).toBe(0)
})

test('who comes later finds the scope that it shares', () => {
  const { connected, sidecar, write } = world()
  write(routeFor('sourceLabels: {app: a}', 418))
  const [b, a, c] = [sidecar('b'), sidecar('a'), sidecar('c')]
  expect(connected.size).toBe(2)
  expect(b.subscription.current).toBe(c.subscription.current)
  expect(answers(a, 418)).toBe(true)
  a.subscription.close()
  a.subscription.close()
  expect(connected.size).toBe(1)
})

test('what two scopes have in common is encoded, and kept, once', () => {
  const { connected, sidecar } = world()
  const [a, b] = ['here', 'there']
    .map(
      (namespace) =>
        sidecar('a', 'sidecar', namespace).subscription.current?.resources.get('cluster')?.values() ?? [],
    )
    .map((each) => [...each])
  expect([connected.size, a?.length, b?.length]).toEqual([2, 1, 1])
  expect(a?.[0]?.bytes).toBe(b?.[0]?.bytes)
})
