import type { Resource } from './resource.ts'
import type { TypeName } from './resource-types.ts'
import type { Scope, ScopeKey } from './scope.ts'

/**
 * All that the proxies of one scope should have, at one moment. Immutable: an unchanged type keeps its very
 * map.
 */
export interface Snapshot {
  readonly scope: ScopeKey
  readonly resources: ReadonlyMap<TypeName, ReadonlyMap<string, Resource>>
}

/** What the server needs of the rest of the system: snapshots by scope. */
export interface Snapshots {
  /**
   * Counts the caller as one more proxy of the scope, which is translated from the first one on, and calls
   * `listener` with every snapshot of the scope but the one that is there at once.
   */
  subscribe(scope: Scope, listener: (snapshot: Snapshot) => void): SnapshotSubscription
}

export interface SnapshotSubscription {
  /** Undefined until there is a first one, as for a scope that nobody had: `listener` is called with it. */
  readonly current: Snapshot | undefined
  /** Releases the scope. Safe to call twice. */
  close(): void
}
