import { objectKey } from '../diagnostics/diagnostic.ts'
import type { LocateOrigin } from '../diagnostics/located.ts'
import type { PlacedManifest } from '../manifest/manifest.ts'

/** Finds the places of origins in the manifests' present files. */
export function locateIn(manifests: ReadonlyMap<string, PlacedManifest>): LocateOrigin {
  return (origin) => manifests.get(objectKey(origin.object))?.locate(origin.path, origin.part)
}
