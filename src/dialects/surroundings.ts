import type { Collection, Fetch } from '../collection/collection.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Settings } from '../model/settings.ts'
import type { Surroundings } from './dialect.ts'
import { isClaimed } from './index.ts'

export interface ManifestCollections {
  readonly settings: Settings
  /** By object key. */
  readonly manifests: Collection<Manifest>
  /** By `kindKey`. */
  readonly manifestsByKind: Collection<readonly Manifest[]>
  /** By the keys of `indexKeys`. */
  readonly manifestsByIndex: Collection<readonly Manifest[]>
}

/** Answers a dialect's questions through the graph, so that asking is depending. */
export function surroundings({ settings, manifests, manifestsByKind, manifestsByIndex }: ManifestCollections, fetch: Fetch): Surroundings {
  return {
    settings,
    manifest: (id) => fetch(manifests, objectKey(id)),
    manifestsOf: (kind, namespace) => fetch(manifestsByKind, kindKey({ ...kind, namespace })) ?? [],
    indexed: (key) => fetch(manifestsByIndex, key) ?? [],
    isClaimed,
  }
}

/** Key of all manifests of a kind in a namespace. */
export function kindKey({ group, kind, namespace }: Omit<ObjectId, 'name'>): string {
  return `${group}/${kind}/${namespace}`
}
