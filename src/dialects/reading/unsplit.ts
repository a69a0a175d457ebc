import type { Manifest } from '../../manifest/manifest.ts'
import type { Settings } from '../../model/settings.ts'
import type { ObjectLookup, Reader, Translated } from '../dialect.ts'

/**
 * The reader of a kind whose translation still decodes. Reading translates the object without any others, and
 * keeps only `rejected`.
 */
export function unsplit(
  translate: (manifest: Manifest, lookup: ObjectLookup) => Translated,
): Reader<Manifest> {
  return {
    read: (manifest, settings) => ({
      value: manifest,
      diagnostics: [],
      rejected: translate(manifest, withoutOthers(settings)).rejected,
    }),
    translate: ({ manifest }, lookup) => translate(manifest, lookup),
  }
}

function withoutOthers(settings: Settings): ObjectLookup {
  return {
    settings,
    manifest: () => undefined,
    value: () => undefined,
    manifestsOf: () => [],
    indexed: () => [],
    firstIndexed: () => undefined,
    isClaimed: () => true,
  }
}
