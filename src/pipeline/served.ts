import type { Collection, Fetch } from '../collection/collection.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Service } from '../model/backend.ts'
import type { GatewayListener } from '../model/gateway.ts'
import { hasLabels } from '../model/labels.ts'
import type { Labels } from '../model/labels.ts'
import type { Translated } from '../dialects/dialect.ts'
import { kindKey } from './lookup.ts'

export interface ServedCollections {
  /** The keys are object keys. */
  readonly accepted: Collection<Translated>
  readonly listeners: Collection<GatewayListener>
  readonly servicesByNamespace: Collection<readonly Service[]>
  /** The key is `kindKey`. */
  readonly manifestsByKind: Collection<readonly Manifest[]>
}

/** Answers through the graph what is served; asking is depending. */
export function servedWith(
  { accepted, listeners, servicesByNamespace, manifestsByKind }: ServedCollections,
  fetch: Fetch,
) {
  return {
    services: (namespace: string | undefined): readonly Service[] =>
      namespace === undefined
        ? fetch.all(servicesByNamespace).flatMap(([, each]) => each)
        : (fetch(servicesByNamespace, namespace) ?? []),
    listeners: (): readonly GatewayListener[] => fetch.all(listeners).map(([, each]) => each),
    has: (id: ObjectId): boolean => isServed(fetch(accepted, objectKey(id))),
    selected: (of: Omit<ObjectId, 'name'>, labels: Labels): readonly ObjectId[] =>
      (fetch(manifestsByKind, kindKey(of)) ?? [])
        .filter((manifest) => hasLabels(manifest.labels, labels))
        .map(({ id }) => id),
  }
}

function isServed(translation: Translated | undefined): boolean {
  if (translation === undefined) return false
  const { routeTables, listeners, services, tlsTables } = translation
  return [routeTables, listeners, services, tlsTables].some((each) => each.length > 0)
}
