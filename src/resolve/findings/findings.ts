import type { Collection, Fetch } from '../../collection/collection.ts'
import type { Graph } from '../../collection/graph.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { Service } from '../../model/backend.ts'
import type { Labels } from '../../model/labels.ts'
import type { Scope } from '../../xds/scope.ts'
import { hostNames } from '../host-names.ts'

/**
 * Derives the findings of each item of a collection, by `<name>|<key>`. An item without findings has no
 * entry.
 */
export type FindIn = <V>(
  name: string,
  input: Collection<V>,
  of: (value: V, fetch: Fetch, key: string) => readonly Diagnostic[],
) => Collection<readonly Diagnostic[]>

export function findIn(graph: Graph): FindIn {
  return (name, input, of) =>
    graph.derive(`diagnostics of ${name}`, input, (value, fetch, key) => {
      const diagnostics = of(value, fetch, key)
      return diagnostics.length === 0 ? [] : [[`${name}|${key}`, diagnostics] as const]
    })
}

/** The services that findings about names look up: by exact host, and every known host for hints. */
export interface KnownHosts {
  services(host: string): readonly Service[]
  hosts(): readonly string[]
}

export function knownHosts(servicesByHost: Collection<readonly Service[]>, fetch: Fetch): KnownHosts {
  return {
    services: (host) => fetch(servicesByHost, host) ?? [],
    hosts: () => hostNames(fetch.all(servicesByHost)),
  }
}

export interface Labelled {
  readonly proxies: Collection<Scope>
  readonly servicesByHost: Collection<readonly Service[]>
}

/** Labels of the proxies, and of the workloads that services select. */
export function knownLabels({ proxies, servicesByHost }: Labelled, fetch: Fetch): readonly Labels[] {
  const selectors = fetch.all(servicesByHost).flatMap(([, same]) => same.map(({ selector }) => selector))
  return [
    ...fetch.all(proxies).map(([, { labels }]) => labels),
    ...selectors.filter((selector) => selector !== undefined),
  ]
}
