import { objectName } from '../diagnostics/diagnostic.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { translated } from './dialect.ts'
import type { Dialect, Surroundings, Translated } from './dialect.ts'
import { istio } from './istio/index.ts'
import { kubernetes } from './kubernetes/index.ts'

export { withMeshConfig } from './istio/mesh-config.ts'

/** The only list of dialects. */
export const dialects: readonly Dialect[] = [kubernetes, istio]

const claims = new Map(dialects.flatMap((dialect) =>
  dialect.kinds.flatMap(({ group, versions, kind }) => versions.map((version) => [`${group}/${version}/${kind}`, dialect] as const))))

/** Translates a manifest by the dialect that claims its kind and version; for one that nobody claims, a line of information. */
export function translateManifest(manifest: Manifest, surroundings: Surroundings): Translated {
  const version = manifest.apiVersion.split('/').at(-1) ?? ''
  const dialect = claims.get(`${manifest.id.group}/${version}/${manifest.id.kind}`)
  return dialect?.translate(manifest, surroundings) ?? translated({ diagnostics: [unclaimed(manifest)] })
}

function unclaimed({ id, apiVersion }: Manifest): Diagnostic {
  const served = dialects.flatMap((dialect) => dialect.kinds).find(({ group, kind }) => group === id.group && kind === id.kind)
  return {
    code: 'manifest/unclaimed-kind',
    severity: 'info',
    message: `${id.kind} ${objectName(id)}: nothing here reads ${apiVersion} ${id.kind}`,
    ...(served === undefined ? {} : { hint: `its versions are ${served.versions.join(', ')}` }),
    origin: { object: id, path: ['kind'] },
  }
}
