/**
 * The control plane without files, as a process: reads the folder that it is given once, serves it, and reads
 * lines "share INDEX SIZE MILLIONTHS", each a change of one VirtualService in memory, and "dial MILLIONTHS",
 * a change of every proxy's runtime layer. The end of its input ends it.
 */
import { createInterface } from 'node:readline'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { createPipeline, refreshed } from '../../src/pipeline/pipeline.ts'
import { createXdsServer } from '../../src/server/ads.ts'
import { createFileSource } from '../../src/sources/files/file-source.ts'
import type { Resource } from '../../src/xds/resource.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import type { ScopeKey } from '../../src/xds/scope.ts'
import { createSnapshotCache } from '../../src/xds/snapshot-cache.ts'
import type { Refreshed, SnapshotCache } from '../../src/xds/snapshot-cache.ts'
import { mirroringVirtualService } from './mesh-fleet.ts'
import { dialedLayer } from './runtime-layer.ts'

const source = createFileSource({ paths: process.argv.slice(2) })
const { manifests } = await source.start()
await source.close()
const pipeline = createPipeline(defaultSettings)
const connected = new Set<ScopeKey>()
let dialed: Resource | undefined
let isDialed = false
const snapshots: SnapshotCache = createSnapshotCache({
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
    snapshots.advance(flushed())
  },
  isReady: pipeline.isConnected,
  read: (scope, type) =>
    type === 'runtime' && dialed !== undefined
      ? [dialed]
      : (pipeline.read.get(pipeline.resources, `${scope}|${type}`) ?? []).map(({ resource }) => resource),
})

function flushed(): Refreshed {
  const result = refreshed(pipeline, pipeline.flush())
  if (!isDialed) return result
  isDialed = false
  return {
    ...result,
    changed: new Map(
      [...connected].map((key) => [key, new Set<TypeName>([...(result.changed.get(key) ?? []), 'runtime'])]),
    ),
  }
}
for (const [key, { manifest }] of manifests) pipeline.setManifest(key, manifest)
snapshots.advance(flushed())
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0))
const server = createXdsServer({ snapshots, observe: () => {} })
console.log(`listening ${await server.listen('127.0.0.1:0')}`)
for await (const line of createInterface({ input: process.stdin })) {
  const [kind, ...words] = line.split(' ')
  if (kind === 'share') share(...words.map(Number))
  else {
    dialed = dialedLayer(Number(words[0]))
    isDialed = true
  }
  snapshots.advance(flushed())
}
process.exit(0)

function share(index = 0, size = 0, millionths = 0): void {
  const text = mirroringVirtualService({ index, size, millionths })
  for (const { manifest } of parseManifests('memory.yaml', text).manifests)
    pipeline.setManifest(objectKey(manifest.id), manifest)
}
