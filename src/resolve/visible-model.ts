import type { Collection, Fetch } from '../collection/collection.ts'
import type { Origin } from '../diagnostics/diagnostic.ts'
import type { BackendPolicy, Service } from '../model/backend.ts'
import type { BackendTls } from '../model/tls.ts'
import type { Settings } from '../model/settings.ts'
import { isVisible } from '../model/visibility.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import { destinationKey } from './destinations.ts'
import { reachedServices } from './egress.ts'
import type { EgressScope } from './egress.ts'
import { hostNames } from './host-names.ts'

/**
 * The part of the model that the proxies of one scope see. Every question is a fetch in the graph, so each
 * answer is a dependency.
 */
export interface VisibleModel {
  readonly key: ScopeKey
  readonly scope: Scope
  readonly settings: Settings
  /** Services of exactly that host, of any namespace, as far as the proxies may see them. */
  services(host: string): readonly Service[]
  /** Services of exactly that host that the proxies may not see, and why: for messages only. */
  hidden(host: string): readonly HiddenService[]
  /** Policies in a namespace for exactly that host, a wildcard one too. */
  policies(namespace: string, host: string): readonly BackendPolicy[]
  /** Policies in a namespace for wildcard hosts. */
  wildcardPolicies(namespace: string): readonly BackendPolicy[]
  /** Policies that demand TLS to the host. */
  backendTls(host: string): readonly BackendTls[]
  /** Whether a route of any proxy sends requests there; `subset` undefined: to all endpoints of the host. */
  isDestination(host: string, subset: string | undefined): boolean
  /** Policies of every namespace for exactly that host: for messages only. */
  policiesOf(host: string): readonly BackendPolicy[]
  /** Every host there is: for hints only, as it makes the asker depend on all of them. */
  hosts(): readonly string[]
}

/**
 * `visibility`: it is not exported to the proxy's namespace. `egress`: the proxy's egress rule does not list
 * it.
 */
export interface HiddenService {
  readonly service: Service
  readonly by: { readonly kind: 'visibility' } | { readonly kind: 'egress'; readonly rule: Origin }
}

export interface VisibleCollections {
  readonly settings: Settings
  readonly scopes: Collection<Scope>
  /** By scope; a scope that sees everything visible has no entry. */
  readonly egressScopes: Collection<EgressScope>
  readonly servicesByHost: Collection<readonly Service[]>
  /** The key is `policyKey`. */
  readonly policiesByHost: Collection<readonly BackendPolicy[]>
  readonly policiesOfHosts: Collection<readonly BackendPolicy[]>
  readonly backendTlsByHost: Collection<readonly BackendTls[]>
  /** The key is `destinationKey`; it exists if some route sends requests there. */
  readonly destinations: Collection<true>
}

/** Throws for a scope that does not exist: nothing is planned for one. */
export function visibleModel(collections: VisibleCollections, key: ScopeKey, fetch: Fetch): VisibleModel {
  const {
    settings,
    scopes,
    egressScopes,
    servicesByHost,
    policiesByHost,
    policiesOfHosts,
    backendTlsByHost,
    destinations,
  } = collections
  const scope = fetch(scopes, key)
  if (scope === undefined) throw new Error(`no scope ${key}`)
  const reachable = (services: readonly Service[]): readonly Service[] => {
    const limits = services.length === 0 ? undefined : fetch(egressScopes, key)
    return limits === undefined ? services : reachedServices(limits, services, scope)
  }
  const visible = (host: string): readonly Service[] =>
    (fetch(servicesByHost, host) ?? []).filter((service) => isVisible(service.visibility, scope.namespace))
  return {
    key,
    scope,
    settings,
    services: (host) => reachable(visible(host)),
    hidden: (host) =>
      hiddenAmong(fetch(servicesByHost, host) ?? [], reachable(visible(host)), {
        scope,
        rule: fetch(egressScopes, key)?.rule,
      }),
    policies: (namespace, host) =>
      (fetch(policiesByHost, policyKey({ namespace, host })) ?? []).filter((policy) => policy.host === host),
    wildcardPolicies: (namespace) => fetch(policiesByHost, policyKey({ namespace, host: '*' })) ?? [],
    policiesOf: (host) => fetch(policiesOfHosts, host) ?? [],
    backendTls: (host) => fetch(backendTlsByHost, host) ?? [],
    isDestination: (host, subset) => fetch(destinations, destinationKey(host, subset)) === true,
    hosts: () => hostNames(fetch.all(servicesByHost)),
  }
}

interface Hiding {
  readonly scope: Scope
  readonly rule: Origin | undefined
}

function hiddenAmong(
  services: readonly Service[],
  seen: readonly Service[],
  { scope, rule }: Hiding,
): readonly HiddenService[] {
  return services.flatMap((service): readonly HiddenService[] => {
    if (!isVisible(service.visibility, scope.namespace)) return [{ service, by: { kind: 'visibility' } }]
    const isWhole = seen.some(
      (each) => each.namespace === service.namespace && each.ports.length === service.ports.length,
    )
    return isWhole || rule === undefined ? [] : [{ service, by: { kind: 'egress', rule } }]
  })
}

/** Wildcard policies of a namespace are found together. */
export function policyKey({ namespace, host }: Pick<BackendPolicy, 'namespace' | 'host'>): string {
  return `${namespace}|${host.startsWith('*') ? '*' : host}`
}
