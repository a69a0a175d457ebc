import type { Resource } from '../../src/xds/resource.ts'
import { resourceTypes } from '../../src/xds/resource-types.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope, ScopeKey } from '../../src/xds/scope.ts'
import type { Snapshot, Snapshots } from '../../src/xds/snapshot.ts'

/** The one fake of the server's tests: every scope has the resources that the test sets. */
export interface SettableSnapshots extends Snapshots {
  set(resources: readonly Resource[]): void
  /** From now on there is no snapshot for those that come, until the next `set`. */
  withhold(): void
  /** Scopes with a subscriber, one for each. */
  readonly subscribed: readonly Scope[]
}

export function settableSnapshots(initial: readonly Resource[]): SettableSnapshots {
  const subscribers = new Map<(snapshot: Snapshot) => void, Scope>()
  let isWithheld = false
  let resources = group(initial, new Map())
  const snapshot = (scope: ScopeKey): Snapshot => ({ scope, resources })
  return {
    subscribe: (scope, listener) => {
      const own = (next: Snapshot): void => listener(next)
      subscribers.set(own, scope)
      return {
        current: isWithheld ? undefined : snapshot(scopeKey(scope)),
        close: () => subscribers.delete(own),
      }
    },
    withhold: () => {
      isWithheld = true
    },
    set: (next) => {
      isWithheld = false
      resources = group(next, resources)
      for (const [listener, scope] of [...subscribers]) listener(snapshot(scopeKey(scope)))
    },
    get subscribed() {
      return [...subscribers.values()]
    },
  }
}

/** The contract of snapshots: an unchanged type keeps its very map. */
function group(resources: readonly Resource[], before: Snapshot['resources']): Snapshot['resources'] {
  return new Map(
    resourceTypes.map(({ name: type }) => {
      const next = new Map(
        resources.filter((resource) => resource.type === type).map((resource) => [resource.name, resource]),
      )
      const old = before.get(type)
      const same =
        old !== undefined &&
        old.size === next.size &&
        [...next].every(([name, { version }]) => old.get(name)?.version === version)
      return [type, same ? old : next]
    }),
  )
}
