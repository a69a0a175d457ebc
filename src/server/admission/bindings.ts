import type { Scope } from '../../xds/scope.ts'

/**
 * The bind addresses and ports of the proxies of a namespace. Each binding has its own listeners, clusters
 * and routes.
 */
export type Binding = Pick<Scope, 'namespace' | 'bindAddress' | 'portMap'>

/**
 * Counts the different bindings (`BIND_ADDRESS`, `PORT_MAP`) of each namespace that streams use now. Each is
 * computed and kept separately, so a client that invents them would otherwise use memory without bound.
 */
export class Bindings {
  readonly #limit: number
  /** Streams by binding, by namespace. */
  readonly #used = new Map<string, Map<string, number>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * The function ends the use, once. Undefined if the binding is new to the namespace, which already has as
   * many as are allowed.
   */
  take({ namespace, bindAddress, portMap }: Binding): (() => void) | undefined {
    const key = JSON.stringify([bindAddress, portMap])
    const used = this.#used.get(namespace) ?? new Map<string, number>()
    if (!used.has(key) && used.size >= this.#limit) return undefined
    this.#used.set(namespace, used.set(key, (used.get(key) ?? 0) + 1))
    let isTaken = true
    return () => {
      if (isTaken) this.#leave(namespace, key)
      isTaken = false
    }
  }

  #leave(namespace: string, key: string): void {
    const used = this.#used.get(namespace)
    const streams = used?.get(key)
    if (used === undefined || streams === undefined) return
    if (streams > 1) used.set(key, streams - 1)
    else used.delete(key)
    if (used.size === 0) this.#used.delete(namespace)
  }
}
