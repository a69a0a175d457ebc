import { expect, test } from 'vitest'
import { defaultSettings } from '../../src/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { createPipeline, refreshed } from '../../src/pipeline.ts'
import type { Scope, ScopeKey } from '../../src/xds/scope.ts'
import type { Snapshot, SnapshotSubscription } from '../../src/xds/snapshot.ts'
import { createSnapshotCache } from '../../src/xds/snapshot-cache.ts'

// Sidecars that nothing tells apart share what is computed, and are told apart when a selector comes.

const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{name: http, port: 80}]}\n'

const routeFor = (condition: string, status: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - {match: [{${condition}}], directResponse: {status: ${status}}}
  - route: [{destination: {host: shop}}]
`

interface Sidecar {
  readonly app: string
  readonly subscription: SnapshotSubscription
  /** Those that it was handed, in order. */
  readonly told: readonly Snapshot[]
}

function world() {
  const pipeline = createPipeline(defaultSettings)
  const connected = new Set<ScopeKey>()
  const cache = createSnapshotCache({
    shared: pipeline.shared,
    connect: (key, scope) => { connected.add(key); pipeline.connect(key, scope) },
    disconnect: (key) => { connected.delete(key); pipeline.disconnect(key) },
    refresh: () => refreshed(pipeline, pipeline.flush()),
    read: (scope, type) => (pipeline.read.get(pipeline.resources, `${scope}|${type}`) ?? []).map(({ resource }) => resource),
  })
  const write = (text: string): void => {
    for (const { manifest } of parseManifests('test.yaml', text).manifests) pipeline.setManifest(objectKey(manifest.id), manifest)
    cache.advance()
  }
  write(service)
  return {
    connected, write,
    sidecar(app: string, role: Scope['role'] = 'sidecar'): Sidecar {
      const told: Snapshot[] = []
      const scope: Scope = {
        role, namespace: 'default', labels: { app, track: 'stable' }, anyGateway: false, domain: 'default.svc.cluster.local',
        bindAddress: '', portMap: {}, virtualHosts: 'inline',
      }
      return { app, told, subscription: cache.subscribe(scope, (snapshot) => { told.push(snapshot) }) }
    },
  }
}

const routeBytes = ({ subscription }: Sidecar): string => [...subscription.current.resources.get('route')?.values() ?? []].map(({ bytes }) => bytes.toString('latin1')).join()
const answers = (sidecar: Sidecar, status: number): boolean => routeBytes(sidecar).includes(Buffer.from([0x08, (status % 128) + 128, Math.floor(status / 128)]).toString('latin1'))

test('workloads that no selector tells apart share one scope', () => {
  const { connected, sidecar } = world()
  const [a, b] = [sidecar('a'), sidecar('b')]
  expect(a.subscription.current).toBe(b.subscription.current)
  expect(connected.size).toBe(1)
})

test('a gateway keeps its labels', () => {
  const { connected, sidecar } = world()
  sidecar('a', 'gateway')
  sidecar('b', 'gateway')
  expect(connected.size).toBe(2)
})

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
