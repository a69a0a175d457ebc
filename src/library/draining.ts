import { scheduleTimeout } from '../server/limits.ts'
import type { Schedule } from '../server/limits.ts'
import type { Resource } from '../xds/resource.ts'
import type { Snapshot } from '../xds/snapshot.ts'

export interface DrainingOptions {
  /** Milliseconds. */
  readonly drainTime: number
  readonly schedule?: Schedule
  /** Called when the time of a resource is over, and it is no longer among `served`. */
  readonly onOver: (resource: Resource) => void
}

/**
 * Resources that a group no longer has, and that its proxies may still use. When a listener changes, Envoy
 * lets the connections that it has go on as they began, with the routes and filters of the former listener,
 * for its drain time (`--drain-time-s`). So the clusters that a listener named itself, with their endpoints
 * and secrets, stay as long after the last listener that did.
 */
export class DrainingResources {
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
    const { drainTime, schedule = scheduleTimeout, onOver } = this.#options
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
