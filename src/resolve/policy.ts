import type { BackendPolicy, BackendSettings, Service } from '../model/backend.ts'
import { compareSpecificity, compareText, hostIsWithin } from '../model/names.ts'
import { isVisible } from '../model/visibility.ts'
import type { Sight } from './sight.ts'

/**
 * The policy that a client in the scope's namespace gets for a service: the first namespace of its own, the service's
 * and the root one that has a policy for the host; of several for one host, the oldest, with the others' new subsets.
 */
export function policyFor(service: Pick<Service, 'host' | 'namespace'>, sight: Sight): BackendPolicy | undefined {
  const namespaces = [...new Set([sight.scope.namespace, service.namespace, sight.settings.rootNamespace])]
  for (const namespace of namespaces) {
    const visible = policiesIn(namespace, service.host, sight).filter((policy) => isVisible(policy.visibility, sight.scope.namespace))
    const [first, ...others] = inOrder(visible)
    if (first !== undefined) return others.reduce(withNewSubsets, first)
  }
  return undefined
}

/** The oldest first, then by name: of several for one host, the first has it. */
export function inOrder(policies: readonly BackendPolicy[]): readonly BackendPolicy[] {
  return policies.toSorted((a, b) => compareText(a.created, b.created) || compareText(a.name, b.name))
}

function policiesIn(namespace: string, host: string, sight: Sight): readonly BackendPolicy[] {
  const exact = sight.policies(namespace, host)
  if (exact.length > 0) return exact
  const covering = sight.wildcardPolicies(namespace).filter((policy) => hostIsWithin(host, policy.host))
  const [closest] = covering.map((policy) => policy.host).toSorted(compareSpecificity)
  return covering.filter((policy) => policy.host === closest)
}

function withNewSubsets(policy: BackendPolicy, other: BackendPolicy): BackendPolicy {
  const added = other.subsets.filter((subset) => !policy.subsets.some((each) => each.name === subset.name))
  return added.length === 0 ? policy : { ...policy, subsets: [...policy.subsets, ...added] }
}

/** Every set of settings in a policy, whatever its ports and subsets. */
export function settingsOf({ settings, subsets }: Pick<BackendPolicy, 'settings' | 'subsets'>): readonly BackendSettings[] {
  return [settings, ...subsets.map((subset) => subset.settings)].flatMap(({ all, ports }) => [all, ...Object.values(ports)])
}

/** Settings of one port, of a subset if one is named. */
export function settingsFor(policy: BackendPolicy | undefined, port: number, subset: string | undefined): BackendSettings {
  const settings = subset === undefined ? policy?.settings : policy?.subsets.find((each) => each.name === subset)?.settings
  return settings?.ports[port] ?? settings?.all ?? {}
}
