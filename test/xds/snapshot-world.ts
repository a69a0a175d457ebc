import { defaultSettings } from '../../src/control-plane/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { createPipeline, refreshed } from '../../src/pipeline/pipeline.ts'
import type { Scope, ScopeKey } from '../../src/xds/scope.ts'
import type { Snapshot, SnapshotSubscription } from '../../src/xds/snapshot.ts'
import { createSnapshotCache } from '../../src/xds/snapshot-cache.ts'
import type { SnapshotCache } from '../../src/xds/snapshot-cache.ts'

const service =
  'apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{name: http, port: 80}]}\n'

/** A route for those of a condition, which is answered with this status. */
export const routeFor = (condition: string, status: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - {match: [{${condition}}], directResponse: {status: ${status}}}
  - route: [{destination: {host: shop}}]
`

export interface Sidecar {
  readonly app: string
  readonly subscription: SnapshotSubscription
  /** Received snapshots, in order. */
  readonly told: readonly Snapshot[]
}

/** A snapshot cache over the real pipeline, which computes at once, or when the test says so. */
export interface SnapshotWorld {
  readonly connected: ReadonlySet<ScopeKey>
  /** The number of computations. */
  readonly wanted: () => number
  write(text: string): void
  /** Computes so many pieces; true when that was the last one, and the cache has taken over what there is. */
  compute(pieces: number): boolean
  /** Scopes with resources in the graph, after all that is due. */
  inGraph(): readonly string[]
  sidecar(app: string, role?: Scope['role'], namespace?: string): Sidecar
}

export function snapshotWorld(computing: 'at once' | 'when told'): SnapshotWorld {
  const pipeline = createPipeline(defaultSettings)
  const connected = new Set<ScopeKey>()
  let wanted = 0
  const cache: SnapshotCache = createSnapshotCache({
    shared: pipeline.shared,
    connect: (key, scope) => {
      connected.add(key)
      pipeline.connect(key, scope)
    },
    disconnect: (key) => {
      connected.delete(key)
      pipeline.disconnect(key)
    },
    wanted: () => {
      wanted += 1
      if (computing === 'at once') advance()
    },
    isReady: pipeline.isConnected,
    read: (scope, type) =>
      (pipeline.read.get(pipeline.resources, `${scope}|${type}`) ?? []).map(({ resource }) => resource),
  })
  const advance = (): void => {
    cache.advance(refreshed(pipeline, computing === 'at once' ? pipeline.flush() : pipeline.prepared()))
  }
  const set = (text: string): void => {
    for (const { manifest } of parseManifests('test.yaml', text).manifests)
      pipeline.setManifest(objectKey(manifest.id), manifest)
  }
  set(service)
  pipeline.flush()
  return {
    connected,
    wanted: () => wanted,
    write(text) {
      set(text)
      if (computing === 'at once') advance()
    },
    compute(pieces) {
      let left = pieces
      const isDone = pipeline.prepare(() => left-- > 0)
      if (isDone) advance()
      return isDone
    },
    inGraph() {
      pipeline.flush()
      return [...new Set(pipeline.read.entries(pipeline.scopedResources).map(([, { scope }]) => scope))]
    },
    sidecar(app, role = 'sidecar', namespace = 'default') {
      const told: Snapshot[] = []
      const scope: Scope = {
        role,
        namespace,
        labels: { app, track: 'stable' },
        anyGateway: false,
        bindAddress: '',
        portMap: {},
        virtualHosts: 'inline',
      }
      return {
        app,
        told,
        subscription: cache.subscribe(scope, (snapshot) => {
          told.push(snapshot)
        }),
      }
    },
  }
}

const routeBytes = ({ subscription }: Sidecar): string =>
  [...(subscription.current?.resources.get('route')?.values() ?? [])]
    .map(({ bytes }) => bytes.toString('latin1'))
    .join()

/** Whether some route of the sidecar is answered with this status. */
export const answers = (sidecar: Sidecar, status: number): boolean =>
  routeBytes(sidecar).includes(
    Buffer.from([0x08, (status % 128) + 128, Math.floor(status / 128)]).toString('latin1'),
  )
