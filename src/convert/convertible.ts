import type { Collection } from '../collection/collection.ts'
import type { Convertible } from './conversion.ts'
import type { Settings } from '../model/settings.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'

/** The model of a pipeline, after a flush. */
export function convertibleOf({ read, manifests, model }: Pipeline, chosen: Settings): Convertible {
  const all = <V>(collection: Collection<V>): readonly V[] =>
    read.entries(collection).map(([, value]) => value)
  return {
    settings: read.get(model.settings, 'mesh') ?? chosen,
    manifests: all(manifests),
    tables: read
      .entries(model.tables)
      .map(([key, table]) => ({ table, declared: read.get(model.declaredTables, key) })),
    tlsTables: all(model.tlsTables),
    listeners: all(model.listeners),
    services: all(model.services),
    endpoints: all(model.endpoints),
    policies: all(model.policies),
    backendTls: all(model.backendTls),
    egressRules: all(model.egressRules),
  }
}
