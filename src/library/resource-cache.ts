import { resourceTypes } from '../xds/resource-types.ts'
import type { TypeName } from '../xds/resource-types.ts'
import type { Resource } from '../xds/resource.ts'
import type { ScopeKey } from '../xds/scope.ts'
import type { Snapshot, Snapshots } from '../xds/snapshot.ts'
import { toResource } from './resource-input.ts'
import type { ResourceInput } from './resource-input.ts'
import { realClock } from '../clock.ts'
import type { After } from '../clock.ts'

/** The resources of each group of proxies. A change is sent at once, and only its difference. */
export interface ResourceCache {
  /**
   * Replaces all resources of the proxies of a group. A resource whose version is the same is not sent again;
   * the version is a hash of the content unless given. Throws TypeError for a resource that cannot be served,
   * and for two of one type and name; then nothing changes. Resources that a listener named itself stay for
   * the drain time (see `ResourceCacheOptions`).
   */
  set(group: string, resources: Iterable<ResourceInput>): void
  /** The same as `set` without resources. */
  delete(group: string): void
  /**
   * Resources of a type that the group should have, by name, those included that stay for connections that
   * drain.
   */
  get(group: string, type: TypeName): ReadonlyMap<string, Resource>
}

export interface ResourceCacheOptions {
  /**
   * Milliseconds that clusters which a listener named itself (a TCP proxy, inline routes, ext_authz) stay
   * after it changed or went, for the connections that it still has; by default 600,000, as Envoy's
   * `--drain-time-s`. 0: they go when the change is ACKed.
   */
  readonly drainTime?: number
}

interface Group {
  snapshot: Snapshot
  readonly draining: DrainingResources
  readonly listeners: Set<(snapshot: Snapshot) => void>
}

/** Throws RangeError for a drain time that is not from 0 to 2,147,483,647 (what a timer takes). */
export function createResourceCache({
  drainTime = envoyDrainTime,
}: ResourceCacheOptions = {}): ResourceCache {
  if (!(drainTime >= 0 && drainTime <= longestTimer))
    throw new RangeError(`drainTime is ${drainTime}: write milliseconds, from 0 to ${longestTimer}`)
  return new GroupedCache(drainTime)
}

const envoyDrainTime = 600_000
const longestTimer = 2 ** 31 - 1

/** Throws TypeError for a cache that `createResourceCache` did not make. */
export function servedBy(cache: ResourceCache): Snapshots {
  if (cache instanceof GroupedCache) return cache.snapshots
  throw new TypeError('the cache is not one of createResourceCache')
}

class GroupedCache implements ResourceCache {
  readonly #groups = new Map<string, Group>()
  readonly #drainTime: number

  constructor(drainTime: number) {
    this.#drainTime = drainTime
  }

  /** Scopes of this library have their group as namespace. */
  readonly snapshots: Snapshots = {
    subscribe: (scope, listener) => {
      const group = this.#group(scope.namespace)
      const notify = (snapshot: Snapshot): void => {
        listener(snapshot)
      }
      group.listeners.add(notify)
      return {
        get current() {
          return group.snapshot
        },
        close: () => {
          group.listeners.delete(notify)
          this.#forgetIfUnused(scope.namespace, group)
        },
      }
    },
  }

  set(name: string, inputs: Iterable<ResourceInput>): void {
    const next = distinct([...inputs].map(toResource))
    const group = this.#group(name)
    this.#replace(name, group, group.draining.served(group.snapshot.resources, next))
  }

  #replace(name: string, group: Group, next: readonly Resource[]): void {
    const byType = Map.groupBy(next, (resource) => resource.type)
    const before = group.snapshot.resources
    const resources = new Map(
      resourceTypes.map(({ name: type }) => [type, merged(before.get(type), byType.get(type) ?? [])]),
    )
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
    const draining = new DrainingResources({
      drainTime: this.#drainTime,
      onOver: (over) => {
        const all = [...group.snapshot.resources.values()].flatMap((resources) => [...resources.values()])
        this.#replace(
          name,
          group,
          all.filter((each) => each !== over),
        )
      },
    })
    const group: Group = {
      snapshot: { scope: name as ScopeKey, resources: empty },
      draining,
      listeners: new Set(),
    }
    this.#groups.set(name, group)
    return group
  }

  #forgetIfUnused(name: string, group: Group): void {
    const isEmpty = [...group.snapshot.resources.values()].every((resources) => resources.size === 0)
    if (isEmpty && group.listeners.size === 0) this.#groups.delete(name)
  }
}

function distinct(resources: readonly Resource[]): readonly Resource[] {
  const seen = new Set<string>()
  for (const { type, name } of resources) {
    const key = JSON.stringify([type, name])
    if (seen.has(key))
      throw new TypeError(
        `two resources of type ${type} have the name ${JSON.stringify(name)}: a group has one of each name`,
      )
    seen.add(key)
  }
  return resources
}

/**
 * The same map as before if nothing differs, so that a stream recognizes it; unchanged
 * resources stay the same values.
 */
function merged(
  before: ReadonlyMap<string, Resource> | undefined,
  resources: readonly Resource[],
): ReadonlyMap<string, Resource> {
  const after = new Map(
    resources.map((resource) => {
      const old = before?.get(resource.name)
      return [resource.name, old?.version === resource.version ? old : resource]
    }),
  )
  const isSame =
    before?.size === after.size && [...after].every(([name, resource]) => before.get(name) === resource)
  return isSame ? before : after
}

interface DrainingOptions {
  /** Milliseconds. */
  readonly drainTime: number
  readonly schedule?: After
  /** Called when the time of a resource is over, and it is no longer among `served`. */
  readonly onOver: (resource: Resource) => void
}

/**
 * Resources that a group no longer has, and that its proxies may still use. When a listener changes, Envoy
 * lets the connections that it has go on as they began, with the routes and filters of the former listener,
 * for its drain time (`--drain-time-s`). So the clusters that a listener named itself, with their endpoints
 * and secrets, stay as long after the last listener that did.
 */
class DrainingResources {
  readonly #options: DrainingOptions
  readonly #held = new Map<string, { readonly resource: Resource; readonly cancel: () => void }>()

  constructor(options: DrainingOptions) {
    this.#options = options
  }

  /** The resources to serve after a change: the new ones, and those of before that are still needed. */
  served(before: Snapshot['resources'], next: readonly Resource[]): readonly Resource[] {
    const current = new Map(next.map((resource) => [keyOf(resource), resource]))
    for (const key of current.keys()) this.#release(key)
    const listeners = [...(before.get('listener')?.values() ?? [])].filter(
      (listener) => current.get(keyOf(listener))?.version !== listener.version,
    )
    const named = new Set(listeners.flatMap(({ references }) => references))
    const gone = (type: 'cluster' | 'endpoint' | 'secret'): readonly Resource[] =>
      [...(before.get(type)?.values() ?? [])].filter((resource) => !current.has(keyOf(resource)))
    const clusters = gone('cluster').filter(({ name }) => named.has(name))
    for (const name of clusters.flatMap(({ references }) => references)) named.add(name)
    const needed = [...gone('endpoint'), ...gone('secret')].filter(({ name }) => named.has(name))
    for (const resource of [...clusters, ...needed]) this.#hold(resource)
    return [...next, ...[...this.#held.values()].map(({ resource }) => resource)]
  }

  #hold(resource: Resource): void {
    const { drainTime, schedule = realClock.after, onOver } = this.#options
    const key = keyOf(resource)
    if (drainTime === 0 || this.#held.has(key)) return
    const cancel = schedule(drainTime, () => {
      this.#held.delete(key)
      onOver(resource)
    })
    this.#held.set(key, { resource, cancel })
  }

  #release(key: string): void {
    this.#held.get(key)?.cancel()
    this.#held.delete(key)
  }
}

function keyOf({ type, name }: Resource): string {
  return JSON.stringify([type, name])
}
