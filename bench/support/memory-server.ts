/**
 * The control plane without files, as a process: reads the folder that it is given once, serves it, and reads lines
 * "share INDEX SIZE MILLIONTHS", each a change of one VirtualService in memory. The end of its input ends it.
 */
import { createInterface } from 'node:readline'
import { defaultSettings } from '../../src/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { createPipeline, refreshed } from '../../src/pipeline.ts'
import { createXdsServer } from '../../src/server/ads.ts'
import { createFileSource } from '../../src/sources/file-source.ts'
import { createSnapshotCache } from '../../src/xds/snapshot-cache.ts'
import { mirroringVirtualService } from './mesh-fleet.ts'

const source = createFileSource({ paths: process.argv.slice(2) })
const { manifests } = await source.start()
await source.close()
const pipeline = createPipeline(defaultSettings)
const snapshots = createSnapshotCache({
  shared: pipeline.shared,
  connect: pipeline.connect,
  disconnect: pipeline.disconnect,
  refresh: () => refreshed(pipeline, pipeline.flush()),
  read: (scope, type) => (pipeline.read.get(pipeline.resources, `${scope}|${type}`) ?? []).map(({ resource }) => resource),
})
for (const [key, { manifest }] of manifests) pipeline.setManifest(key, manifest)
snapshots.advance()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0))
const server = createXdsServer({ snapshots, observe: () => {} })
console.log(`listening ${await server.listen('127.0.0.1:0')}`)
for await (const line of createInterface({ input: process.stdin })) {
  const [index = 0, size = 0, millionths = 0] = line.split(' ').slice(1).map(Number)
  const text = mirroringVirtualService({ index, size, millionths })
  for (const { manifest } of parseManifests('memory.yaml', text).manifests) pipeline.setManifest(objectKey(manifest.id), manifest)
  snapshots.advance()
}
process.exit(0)
