import type { Collection, Fetch } from '../collection/collection.ts'
import type { BackendPolicy, Service } from '../model/backend.ts'
import type { Settings } from '../model/settings.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'

/** What the proxies of one scope can see of the model. Each question is answered through the graph, so that asking is depending. */
export interface Sight {
  readonly key: ScopeKey
  readonly scope: Scope
  readonly settings: Settings
  /** Services of exactly that host, of any namespace. */
  services(host: string): readonly Service[]
  /** Policies in a namespace for exactly that host. */
  policies(namespace: string, host: string): readonly BackendPolicy[]
  /** Policies in a namespace for wildcard hosts. */
  wildcardPolicies(namespace: string): readonly BackendPolicy[]
  /** Every host there is: for hints only, as it makes the asker depend on all of them. */
  hosts(): readonly string[]
}

export interface SightCollections {
  readonly settings: Settings
  readonly scopes: Collection<Scope>
  readonly servicesByHost: Collection<readonly Service[]>
  /** By `policyKey`. */
  readonly policiesByHost: Collection<readonly BackendPolicy[]>
}

/** Throws for a scope that is not there: nothing is planned for one. */
export function sight(collections: SightCollections, key: ScopeKey, fetch: Fetch): Sight {
  const { settings, scopes, servicesByHost, policiesByHost } = collections
  const scope = fetch(scopes, key)
  if (scope === undefined) throw new Error(`no scope ${key}`)
  return {
    key,
    scope,
    settings,
    services: (host) => fetch(servicesByHost, host) ?? [],
    policies: (namespace, host) => fetch(policiesByHost, policyKey({ namespace, host })) ?? [],
    wildcardPolicies: (namespace) => fetch(policiesByHost, policyKey({ namespace, host: '*' })) ?? [],
    hosts: () => fetch.all(servicesByHost).map(([host]) => host),
  }
}

/** Wildcard policies of a namespace are found together. */
export function policyKey({ namespace, host }: Pick<BackendPolicy, 'namespace' | 'host'>): string {
  return `${namespace}|${host.startsWith('*') ? '*' : host}`
}
