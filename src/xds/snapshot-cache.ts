import type { Resource } from './resource.ts'
import { resourceTypes } from './resource-types.ts'
import type { TypeName } from './resource-types.ts'
import { scopeKey } from './scope.ts'
import type { Scope, ScopeKey } from './scope.ts'
import type { Snapshot, Snapshots } from './snapshot.ts'

/** Where a cache gets its resources: the incremental pipeline. */
export interface ResourceSource {
  connect(key: ScopeKey, scope: Scope): void
  disconnect(key: ScopeKey): void
  /** Brings the resources up to date; the scopes and types that changed. */
  refresh(): ReadonlyMap<ScopeKey, ReadonlySet<TypeName>>
  read(scope: ScopeKey, type: TypeName): readonly Resource[]
}

export interface SnapshotCache extends Snapshots {
  /** Takes over what changed at the source and tells every subscriber of a changed scope, once. */
  advance(): void
}

interface Entry {
  snapshot: Snapshot
  readonly listeners: Set<(snapshot: Snapshot) => void>
}

/** One immutable snapshot a scope, shared by its subscribers; an unchanged type keeps its very map. A scope without subscribers costs nothing. */
export function createSnapshotCache(source: ResourceSource): SnapshotCache {
  const entries = new Map<ScopeKey, Entry>()

  function advance(): void {
    for (const [key, types] of source.refresh()) {
      const entry = entries.get(key)
      if (entry === undefined) continue
      entry.snapshot = { scope: key, resources: new Map([...entry.snapshot.resources, ...readTypes(key, types)]) }
      for (const listener of [...entry.listeners]) listener(entry.snapshot)
    }
  }

  function readTypes(key: ScopeKey, types: Iterable<TypeName>): readonly (readonly [TypeName, ReadonlyMap<string, Resource>])[] {
    return [...types].map((type) => [type, new Map(source.read(key, type).map((resource) => [resource.name, resource]))])
  }

  function connected(key: ScopeKey, scope: Scope): Entry {
    const known = entries.get(key)
    if (known !== undefined) return known
    source.connect(key, scope)
    advance()
    const all = resourceTypes.map((type) => type.name)
    const entry: Entry = { snapshot: { scope: key, resources: new Map(readTypes(key, all)) }, listeners: new Set() }
    entries.set(key, entry)
    return entry
  }

  return {
    advance,
    subscribe(scope, listener) {
      const key = scopeKey(scope)
      const entry = connected(key, scope)
      // Each subscription is its own, also where two share a function.
      const notify = (snapshot: Snapshot): void => { listener(snapshot) }
      entry.listeners.add(notify)
      return {
        get current() { return entry.snapshot },
        close() {
          if (!entry.listeners.delete(notify) || entry.listeners.size > 0) return
          entries.delete(key)
          source.disconnect(key)
        },
      }
    },
  }
}
