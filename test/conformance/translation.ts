import { readFileSync } from 'node:fs'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { withMeshConfig } from '../../src/dialects/index.ts'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import type { JsonObject } from '../../src/manifest/manifest.ts'
import type { Settings } from '../../src/model/settings.ts'
import { createPipeline, diagnosticsOf } from '../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import { createFileSource } from '../../src/sources/files/file-source.ts'
import type { Resource } from '../../src/xds/resource.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'

export interface Translation {
  readonly resources: readonly Resource[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads a file or folder with the real source, and gives it to a pipeline with no proxies yet. */
export async function pipelineOver(path: string, meshConfig?: string): Promise<Pipeline> {
  const source = createFileSource({ paths: [path] })
  const { manifests } = await source.start()
  await source.close()
  const pipeline = createPipeline(meshConfig === undefined ? defaultSettings : settingsOver(meshConfig))
  for (const [key, { manifest }] of manifests) pipeline.setManifest(key, manifest)
  pipeline.flush()
  return pipeline
}

/** The resources of a proxy of the scope. */
export function translationFor(pipeline: Pipeline, scope: Scope): Translation {
  const key = scopeKey(scope)
  pipeline.connect(key, scope)
  pipeline.flush()
  const diagnostics = diagnosticsOf(pipeline)
  const failure = diagnostics.find(({ code }) => code === 'internal/transform-failed')
  if (failure !== undefined) throw new Error(failure.message)
  const resources = pipeline.read
    .entries(pipeline.scopedResources)
    .map(([, each]) => each)
    .filter((each) => each.scope === key)
  return { resources: resources.map(({ resource }) => resource), diagnostics }
}

function settingsOver(meshConfig: string): Settings {
  const object = JSON.parse(readFileSync(meshConfig, 'utf8')) as JsonObject
  const { settings, diagnostics } = withMeshConfig(defaultSettings, {
    id: { group: '', kind: 'MeshConfig', namespace: '', name: 'mesh' },
    apiVersion: '',
    labels: {},
    annotations: {},
    created: '',
    exactNumbers: {},
    object,
  })
  if (diagnostics.length > 0)
    throw new Error(`${meshConfig}: ${diagnostics.map(({ message }) => message).join('; ')}`)
  return settings
}
