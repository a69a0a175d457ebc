import { valueAt } from '../../manifest/issue.ts'
import { readEmbedded } from '../../manifest/embedded.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { Settings } from '../../model/settings.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { withMeshConfig } from './mesh-config.ts'
import type { ReadSettings } from './mesh-config.ts'
import { reportOn } from '../reading/report.ts'

/** The ConfigMap in which Istio's installation keeps the MeshConfig, as YAML in a text. */
export const meshConfigMap = { namespace: 'istio-system', name: 'istio' } as const
const key = 'mesh'

/** Reports on the MeshConfig in its ConfigMap. */
export function translateConfigMap(manifest: Manifest, { settings }: ObjectLookup): Translated {
  const read = readConfigMap(manifest, settings)
  return read === undefined
    ? translated({})
    : translated({ diagnostics: read.diagnostics, rejected: read.rejected })
}

/** The settings with those of the ConfigMap's MeshConfig over them; undefined for every other object. */
export function settingsOfConfigMap(manifest: Manifest, chosen: Settings): Settings | undefined {
  return readConfigMap(manifest, chosen)?.settings
}

function readConfigMap(manifest: Manifest, chosen: Settings): ReadSettings | undefined {
  const path = ['data', key]
  if (manifest.id.kind !== 'ConfigMap' || valueAt(manifest.object, path) === undefined) return undefined
  const embedded = readEmbedded(manifest, path)
  if ('manifest' in embedded) return withMeshConfig(chosen, embedded.manifest, path)
  const report = reportOn(manifest)
  report.reject('yaml/syntax', [...path, embedded.mistake.line], {
    message: `line ${embedded.mistake.line + 1} of the text data.mesh: ${embedded.mistake.message}`,
  })
  return { settings: chosen, diagnostics: report.diagnostics, rejected: true }
}
