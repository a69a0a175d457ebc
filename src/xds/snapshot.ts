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

/** The server's view of the rest of the system: snapshots by scope. */
export interface Snapshots {
  /**
   * Adds the caller to the proxies of the scope, which is translated while it has any. Calls `listener` with
   * every snapshot of the scope except the one that exists already.
   */
  subscribe(scope: Scope, listener: (snapshot: Snapshot) => void): SnapshotSubscription
}

export interface SnapshotSubscription {
  /** Undefined until there is a first one, for example for a new scope: `listener` is called with it. */
  readonly current: Snapshot | undefined
  /** Releases the scope. Safe to call twice. */
  close(): void
}
