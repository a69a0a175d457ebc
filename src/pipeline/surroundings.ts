import type { Collection, Fetch } from '../collection/collection.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { compareText } from '../model/names.ts'
import type { Settings } from '../model/settings.ts'
import type { ObjectLookup } from '../dialects/dialect.ts'
import { isClaimed } from '../dialects/index.ts'

export interface ManifestCollections {
  readonly settings: Settings
  /** By object key. */
  readonly manifests: Collection<Manifest>
  /** Those of them that are Secrets, apart: which of them are asked for is of interest. */
  readonly secretManifests: Collection<Manifest>
  /** By `kindKey`. */
  readonly manifestsByKind: Collection<readonly Manifest[]>
  /** By the keys of `indexKeys`. */
  readonly manifestsByIndex: Collection<readonly Manifest[]>
  /** Of each such key, what `oldest` says. */
  readonly firstByIndex: Collection<string>
}

/** Answers a dialect's questions through the graph, so that asking is depending. */
export function surroundings(
  {
    settings,
    manifests,
    secretManifests,
    manifestsByKind,
    manifestsByIndex,
    firstByIndex,
  }: ManifestCollections,
  fetch: Fetch,
): ObjectLookup {
  return {
    settings,
    manifest: (id) => fetch(isSecret(id) ? secretManifests : manifests, objectKey(id)),
    manifestsOf: (kind, namespace) => fetch(manifestsByKind, kindKey({ ...kind, namespace })) ?? [],
    indexed: (key) => fetch(manifestsByIndex, key) ?? [],
    firstIndexed: (key) => fetch(firstByIndex, key),
    isClaimed,
  }
}

export function isSecret({ group, kind }: Pick<ObjectId, 'group' | 'kind'>): boolean {
  return group === '' && kind === 'Secret'
}

/** Key of all manifests of a kind in a namespace. */
export function kindKey({ group, kind, namespace }: Omit<ObjectId, 'name'>): string {
  return `${group}/${kind}/${namespace}`
}

/** Key of the oldest object: by creation time, then namespace and name. */
export function oldest(manifests: readonly Manifest[]): string {
  const [first] = manifests.toSorted(
    (a, b) =>
      compareText(a.created, b.created) ||
      compareText(a.id.namespace, b.id.namespace) ||
      compareText(a.id.name, b.id.name),
  )
  return first === undefined ? '' : objectKey(first.id)
}
