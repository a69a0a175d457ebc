/**
 * The control plane without its sources: objects are set by hand, so that a measurement knows when they are
 * in force.
 */
import { parseHostPort, defaultSettings } from '../../src/control-plane/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import type { HostPort } from '../../src/envoy/bootstrap.ts'
import type { Manifest } from '../../src/manifest/manifest.ts'
import { createPipeline, refreshed } from '../../src/pipeline/pipeline.ts'
import { createXdsServer } from '../../src/server/ads.ts'
import type { ClientState } from '../../src/server/status/client-state.ts'
import { createSnapshotCache } from '../../src/xds/snapshot-cache.ts'

export interface PlaneOfObjects {
  readonly xds: HostPort
  /** The objects that are in force from the next `advance` on, by key. */
  readonly objects: ReadonlyMap<string, Manifest>
  set(manifest: Manifest): void
  delete(key: string): void
  /** Computes what changed, and has it sent. */
  advance(): void
  clients(): readonly ClientState[]
  close(): Promise<void>
}

/** Serves on a free port of loopback. */
export async function startPlaneOfObjects(): Promise<PlaneOfObjects> {
  const pipeline = createPipeline(defaultSettings)
  const objects = new Map<string, Manifest>()
  const snapshots = createSnapshotCache({
    shared: pipeline.shared,
    connect: pipeline.connect,
    disconnect: pipeline.disconnect,
    isReady: pipeline.isConnected,
    wanted: () => {
      setImmediate(() => {
        advance()
      })
    },
    read: (scope, type) =>
      (pipeline.read.get(pipeline.resources, `${scope}|${type}`) ?? []).map(({ resource }) => resource),
  })
  const advance = (): void => {
    snapshots.advance(refreshed(pipeline, pipeline.flush()))
  }
  const server = createXdsServer({ snapshots, observe: () => {} })
  const address = await server.listen('127.0.0.1:0')
  return {
    xds: parseHostPort('xDS address', address),
    objects,
    set(manifest) {
      const key = objectKey(manifest.id)
      objects.set(key, manifest)
      pipeline.setManifest(key, manifest)
    },
    delete(key) {
      objects.delete(key)
      pipeline.deleteManifest(key)
    },
    advance,
    clients: () => server.clients(),
    close: () => server.close(),
  }
}
