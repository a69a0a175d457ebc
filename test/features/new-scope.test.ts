import { expect, onTestFinished, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import type { ControlPlaneEvent } from '../../src/observe/event.ts'
import { node } from '../../src/envoy/node.ts'
import { EnvoyDouble } from '../support/envoy-double.ts'
import { folderWith } from '../support/folder.ts'
import { gatewayProxy } from '../support/serving.ts'
import { istioGateway } from './ground.ts'

const size = 600

const shop = (index: number): string =>
  `apiVersion: v1
kind: Service
metadata: {name: shop-${index}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop-${index}}
spec: {hosts: [shop-${index}], http: [{route: [{destination: {host: shop-${index}}}], mirror: {host: ` +
  `shop-${(index + 1) % size}}}]}
`

/** Turns of the event loop from now on. */
function countTurns(): { readonly soFar: () => number } {
  let turns = 0
  let next = setImmediate(function turn() {
    turns += 1
    next = setImmediate(turn)
  })
  onTestFinished(() => {
    clearImmediate(next)
  })
  return { soFar: () => turns }
}

test('what a large scope that nobody had should have is computed between turns, in which others are served', async () => {
  const folder = folderWith({
    'gateway.yaml': istioGateway,
    'shops.yaml': Array.from({ length: size }, (_, index) => shop(index)).join('---\n'),
  })
  const turns = countTurns()
  const seen: { readonly event: ControlPlaneEvent; readonly turn: number }[] = []
  const plane = await startControlPlane(
    { paths: [folder], listen: '127.0.0.1:0', admin: '127.0.0.1:0', settings: defaultSettings },
    (event) => {
      seen.push({ event, turn: turns.soFar() })
    },
  )
  onTestFinished(() => plane.close())
  const connect = (identity: Parameters<typeof node>[0]): EnvoyDouble => {
    const proxy = new EnvoyDouble(plane.xdsAddress, { mode: 'delta', node: node(identity) })
    onTestFinished(() => proxy.close())
    return proxy
  }
  const gateway = connect(gatewayProxy)
  await gateway.until('a listener', (each) => each.held('listener').size > 0)
  const sidecars = ['a', 'b', 'c'].map((namespace) => connect({ role: 'sidecar', namespace, labels: {} }))
  await Promise.all(
    sidecars.map((sidecar) =>
      sidecar.until(
        'all clusters',
        (each) => each.held('cluster').size >= size && each.held('route').size > 0,
      ),
    ),
  )
  for (const namespace of ['a', 'b', 'c']) {
    const ofSidecar = seen.filter(
      ({ event }) =>
        'proxy' in event && typeof event.proxy === 'object' && event.proxy.scope.namespace === namespace,
    )
    const [connected, pushed] = (['connected', 'pushed'] as const).map((kind) =>
      ofSidecar.find(({ event }) => event.kind === kind),
    )
    expect((pushed?.turn ?? 0) - (connected?.turn ?? 0)).toBeGreaterThan(10)
  }
})
