import type { Collection, Fetch } from '../collection/collection.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { compareText } from '../model/names.ts'
import type { Settings } from '../model/settings.ts'
import type { ObjectLookup, Reader } from '../dialects/dialect.ts'
import { isClaimed } from '../dialects/index.ts'
import type { ReadManifest } from '../dialects/index.ts'

export interface ManifestCollections {
  readonly settings: Settings
  /** The keys are object keys. */
  readonly manifests: Collection<Manifest>
  /** The same objects with their decoded content. */
  readonly read: Collection<ReadManifest>
  /** The Secrets among them, kept separately so that reads of them can be tracked. */
  readonly secretManifests: Collection<Manifest>
  /** The key is `kindKey`. */
  readonly manifestsByKind: Collection<readonly Manifest[]>
  /** The keys are those of `indexKeys`. */
  readonly manifestsByIndex: Collection<readonly Manifest[]>
  /** The `oldest` object of each such key. */
  readonly firstByIndex: Collection<string>
}

/** A dialect's lookups as fetches of the graph, so that each is a dependency. */
export function lookupIn(
  {
    settings,
    manifests,
    read,
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
    value: <V>(_: Reader<V>, id: ObjectId) => fetch(read, objectKey(id))?.value as V | undefined,
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
