import type { Collection, Fetch } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import {
  dialectFor,
  indexKeys,
  isInRevision,
  meshSettings,
  readManifest,
  translateUnclaimed,
} from '../dialects/index.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Settings } from '../model/settings.ts'
import { isSecret, kindKey, lookupIn, oldest } from './lookup.ts'

interface InForceInputs {
  readonly settings: Settings
  readonly manifests: Collection<Manifest>
}

export type InForce = ReturnType<typeof inForceStage>

/** The manifests in force: of each object the newest, or the last one that was not rejected. */
export function inForceStage(graph: Graph, { settings, manifests }: InForceInputs) {
  const claimed = graph.derive('claimed manifests', manifests, (manifest, _, key) =>
    dialectFor(manifest) === undefined || !isInRevision(manifest, settings) ? [] : [[key, manifest] as const],
  )
  const unclaimed = graph.derive('unclaimed manifests', manifests, (manifest, _, key) =>
    dialectFor(manifest) === undefined ? [[key, translateUnclaimed(manifest)] as const] : [],
  )
  const read = graph.derive('read', claimed, (manifest, _, key) => [
    [key, readManifest(manifest, settings)] as const,
  ])
  const inForce = graph.retain('in force', read, ({ rejected }) => !rejected)

  // Dialects look other objects up among those in force, too.
  const manifestsInForce = graph.derive('manifests in force', inForce, ({ manifest }, _, key) => [
    [key, manifest] as const,
  ])
  const secretManifests = graph.derive('secret manifests', manifestsInForce, (manifest, _, key) =>
    isSecret(manifest.id) ? [[key, manifest] as const] : [],
  )
  const manifestsByKind = graph.groupBy('manifests by kind', manifestsInForce, ({ id }) => [kindKey(id)])
  const manifestsByIndex = graph.groupBy('manifests by index', manifestsInForce, indexKeys)
  const firstByIndex = graph.derive('first of each index', manifestsByIndex, (each, _, key) => [
    [key, oldest(each)] as const,
  ])
  const declaredSettings = graph.derive('mesh settings', manifestsInForce, (manifest) =>
    meshSettings(manifest, settings),
  )
  const settingsIn = (fetch: Fetch) => fetch(declaredSettings, 'mesh') ?? settings
  const lookup = (fetch: Fetch) =>
    lookupIn(
      {
        settings: settingsIn(fetch),
        manifests: manifestsInForce,
        read: inForce,
        secretManifests,
        manifestsByKind,
        manifestsByIndex,
        firstByIndex,
      },
      fetch,
    )
  return {
    unclaimed,
    read,
    inForce,
    manifestsInForce,
    secretManifests,
    manifestsByKind,
    declaredSettings,
    settingsIn,
    lookup,
  }
}
