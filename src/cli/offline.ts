import { mayBeRead } from '../dialects/index.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { LocateOrigin } from '../diagnostics/located.ts'
import { createPipeline, diagnosticsOf } from '../pipeline/pipeline.ts'
import type { Settings } from '../model/settings.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { createFileSource } from '../sources/files/file-source.ts'
import { locateIn } from '../sources/locate.ts'
import { settingsOf } from './flags/settings-flags.ts'
import type { SettingsFlags } from './flags/settings-flags.ts'

/** A configuration read once, with nothing served: what `translate` and `validate` work on. */
export interface Offline {
  readonly pipeline: Pipeline
  /** The settings of the flags; a mesh config among the files takes precedence. */
  readonly settings: Settings
  readonly locate: LocateOrigin
  /** After a flush: everything found, by the source and by the pipeline. */
  diagnostics(): readonly Diagnostic[]
}

/** Reads the files and runs the pipeline. Rejects with UsageError for a path or flag that is wrong. */
export async function readOffline(paths: readonly string[], flags: SettingsFlags): Promise<Offline> {
  const { settings, diagnostics } = await settingsOf(flags)
  const pipeline = createPipeline(settings)
  const source = createFileSource({ paths, mayBeRead })
  const state = await source.start()
  await source.close()
  for (const [key, { manifest }] of state.manifests) pipeline.setManifest(key, manifest)
  pipeline.flush()
  return {
    pipeline,
    settings,
    locate: locateIn(state.manifests),
    diagnostics: () => [...diagnostics, ...state.diagnostics, ...diagnosticsOf(pipeline)],
  }
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}
