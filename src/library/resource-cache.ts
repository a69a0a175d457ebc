import { resourceTypes } from '../xds/resource-types.ts'
import type { TypeName } from '../xds/resource-types.ts'
import type { Resource } from '../xds/resource.ts'
import type { ScopeKey } from '../xds/scope.ts'
import type { Snapshot, Snapshots } from '../xds/snapshot.ts'
import { toResource } from './resource-input.ts'
import type { ResourceInput } from './resource-input.ts'

/** What each group of proxies should have. A change goes out at once, and is no more than what differs. */
export interface ResourceCache {
  /**
   * Replaces all that the proxies of a group should have. Nothing is sent of resources whose version, a hash of their
   * content unless given, is what it was. Throws TypeError for a resource that cannot be served; then nothing changes.
   */
  set(group: string, resources: Iterable<ResourceInput>): void
  /** As `set` with nothing. */
  delete(group: string): void
  /** Resources of a type that the group should have, by name. */
  get(group: string, type: TypeName): ReadonlyMap<string, Resource>
}

interface Group {
  snapshot: Snapshot
  readonly listeners: Set<(snapshot: Snapshot) => void>
}

export function createResourceCache(): ResourceCache {
  return new GroupedCache()
}

/** Throws TypeError for a cache that `createResourceCache` did not make. */
export function servedBy(cache: ResourceCache): Snapshots {
  if (cache instanceof GroupedCache) return cache.snapshots
  throw new TypeError('the cache is not one of createResourceCache')
}

class GroupedCache implements ResourceCache {
  readonly #groups = new Map<string, Group>()

  /** Scopes of this library have their group as namespace. */
  readonly snapshots: Snapshots = {
    subscribe: (scope, listener) => {
      const group = this.#group(scope.namespace)
      const notify = (snapshot: Snapshot): void => { listener(snapshot) }
      group.listeners.add(notify)
      return {
        get current() { return group.snapshot },
        close: () => {
          group.listeners.delete(notify)
          this.#forgetIfUnused(scope.namespace, group)
        },
      }
    },
  }

  set(name: string, inputs: Iterable<ResourceInput>): void {
    const byType = Map.groupBy([...inputs].map(toResource), (resource) => resource.type)
    const group = this.#group(name)
    const before = group.snapshot.resources
    const resources = new Map(resourceTypes.map(({ name: type }) => [type, merged(before.get(type), byType.get(type) ?? [])]))
    if (resourceTypes.every(({ name: type }) => before.get(type) === resources.get(type))) return
    group.snapshot = { scope: name as ScopeKey, resources }
    for (const listener of [...group.listeners]) listener(group.snapshot)
    this.#forgetIfUnused(name, group)
  }

  delete(name: string): void {
    if (this.#groups.has(name)) this.set(name, [])
  }

  get(name: string, type: TypeName): ReadonlyMap<string, Resource> {
    return this.#groups.get(name)?.snapshot.resources.get(type) ?? new Map<string, Resource>()
  }

  #group(name: string): Group {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const empty = new Map(resourceTypes.map(({ name: type }) => [type, new Map<string, Resource>()] as const))
    const group: Group = { snapshot: { scope: name as ScopeKey, resources: empty }, listeners: new Set() }
    this.#groups.set(name, group)
    return group
  }

  #forgetIfUnused(name: string, group: Group): void {
    const isEmpty = [...group.snapshot.resources.values()].every((resources) => resources.size === 0)
    if (isEmpty && group.listeners.size === 0) this.#groups.delete(name)
  }
}

/** The very map from before where nothing differs, so that a stream can tell by looking at it; unchanged resources stay the same values. */
function merged(before: ReadonlyMap<string, Resource> | undefined, resources: readonly Resource[]): ReadonlyMap<string, Resource> {
  const after = new Map(resources.map((resource) => {
    const old = before?.get(resource.name)
    return [resource.name, old?.version === resource.version ? old : resource]
  }))
  const isSame = before?.size === after.size && [...after].every(([name, resource]) => before.get(name) === resource)
  return isSame ? before : after
}
