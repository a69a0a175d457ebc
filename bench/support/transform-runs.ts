import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { createFileSource } from '../../src/sources/files/file-source.ts'
import { scopeKey, scopeOf } from '../../src/xds/scope.ts'
import type { Node } from '../../src/xds/scope.ts'

/** How often each transform of a pipeline ran, by its name; those that did not run are left out. */
export type TransformRuns = ReadonlyMap<string, number>

export interface TransformRunsOptions {
  /** The folder that is read first. */
  readonly folder: string
  /** The one proxy that is connected. */
  readonly node: Node
  /** The new text of a file, whose objects replace those of the same name. */
  readonly edit: string
}

/** The transforms that run for a cold start and for an edit after it, in a pipeline of this process. */
export async function transformRuns({
  folder,
  node,
  edit,
}: TransformRunsOptions): Promise<{ readonly start: TransformRuns; readonly edit: TransformRuns }> {
  const source = createFileSource({ paths: [folder] })
  const { manifests } = await source.start()
  await source.close()
  const found = scopeOf(node)
  if ('error' in found) throw new Error(found.error)
  const pipeline = createPipeline(defaultSettings)
  pipeline.connect(scopeKey(found.scope), found.scope)
  for (const [key, { manifest }] of manifests) pipeline.setManifest(key, manifest)
  const start = pipeline.flush().runs
  for (const { manifest } of parseManifests('edit.yaml', edit).manifests)
    pipeline.setManifest(objectKey(manifest.id), manifest)
  return { start, edit: pipeline.flush().runs }
}
