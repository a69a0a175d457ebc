/**
 * Our server over one resource, as a process: reads lines "set MARKER SIZE" and answers each with "set
 * MARKER"; the end of its input ends it.
 */
import { createInterface } from 'node:readline'
import { createXdsServer } from '../../src/server/ads.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Snapshot, Snapshots } from '../../src/xds/snapshot.ts'
import { payload } from './fan-out-payload.ts'

const listeners = new Set<(snapshot: Snapshot) => void>()
const everyone = scopeKey({
  role: 'sidecar',
  namespace: 'default',
  labels: {},
  anyGateway: false,
  bindAddress: '',
  portMap: {},
  virtualHosts: 'inline',
})
let current: Snapshot = { scope: everyone, resources: new Map() }

/** Nothing before the server: every stream is handed the same snapshot. */
const snapshots: Snapshots = {
  subscribe(_, listener) {
    const notify = (snapshot: Snapshot): void => listener(snapshot)
    listeners.add(notify)
    return {
      get current() {
        return current
      },
      close: () => void listeners.delete(notify),
    }
  },
}

for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0))
const server = createXdsServer({ snapshots, observe: () => {} })
console.log(`listening ${await server.listen('127.0.0.1:0')}`)
for await (const line of createInterface({ input: process.stdin })) {
  const [, marker = '', size] = line.split(' ')
  const resource = payload(marker, Number(size))
  current = { scope: everyone, resources: new Map([[resource.type, new Map([[resource.name, resource]])]]) }
  for (const notify of [...listeners]) notify(current)
  console.log(`set ${marker}`)
}
process.exit(0)
