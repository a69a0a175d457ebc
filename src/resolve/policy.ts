import type { BackendPolicy, BackendSettings, Service } from '../model/backend.ts'
import { compareSpecificity, compareText, hostIsWithin } from '../model/names.ts'
import { isVisible } from '../model/visibility.ts'
import type { VisibleModel } from './visible-model.ts'

/**
 * The policy that a client in the scope's namespace gets for a service: of the first search that finds one,
 * the most specific host's; of several for that host, the oldest, with the others' new subsets.
 */
export function policyFor(
  service: Pick<Service, 'host' | 'namespace'>,
  visible: VisibleModel,
): BackendPolicy | undefined {
  for (const search of searches(service, visible)) {
    const found = closest(service.host, search, visible).filter(({ visibility }) =>
      isVisible(visibility, visible.scope.namespace),
    )
    const [first, ...others] = inOrder(found)
    if (first !== undefined) return others.reduce(withNewSubsets, first)
  }
  return undefined
}

interface Search {
  readonly namespace: string
  /** Accepts the policies of this search. */
  readonly counts: (policy: BackendPolicy) => boolean
}

/**
 * The namespaces in istiod's order: the client's, the service's, the root namespace. Gateways often run in
 * the root namespace, whose mesh-wide policies must not win over those beside a service. From there, only
 * private policies come first.
 */
function searches(service: Pick<Service, 'namespace'>, { scope, settings }: VisibleModel): readonly Search[] {
  const seen: Search['counts'] = ({ visibility }) => isVisible(visibility, scope.namespace)
  return [
    { namespace: scope.namespace, counts: scope.namespace === settings.rootNamespace ? isPrivate : seen },
    { namespace: service.namespace, counts: (policy) => !isPrivate(policy) },
    { namespace: settings.rootNamespace, counts: (policy) => !isPrivate(policy) },
  ]
}

function isPrivate({ visibility, namespace }: BackendPolicy): boolean {
  return visibility !== 'everywhere' && visibility.namespaces.every((each) => each === namespace)
}

/** The oldest first, then by name: of several for one host, the first has it. */
export function inOrder(policies: readonly BackendPolicy[]): readonly BackendPolicy[] {
  return policies.toSorted((a, b) => compareText(a.created, b.created) || compareText(a.name, b.name))
}

/** The policies for the host itself, otherwise those for the most specific wildcard that covers it. */
function closest(
  host: string,
  { namespace, counts }: Search,
  visible: VisibleModel,
): readonly BackendPolicy[] {
  const exact = visible.policies(namespace, host).filter(counts)
  if (exact.length > 0) return exact
  const covering = visible
    .wildcardPolicies(namespace)
    .filter((policy) => hostIsWithin(host, policy.host) && counts(policy))
  const [best] = covering.map((policy) => policy.host).toSorted(compareSpecificity)
  return covering.filter((policy) => policy.host === best)
}

function withNewSubsets(policy: BackendPolicy, other: BackendPolicy): BackendPolicy {
  const added = other.subsets.filter((subset) => !policy.subsets.some((each) => each.name === subset.name))
  return added.length === 0 ? policy : { ...policy, subsets: [...policy.subsets, ...added] }
}

/** All settings of a policy, for every port and subset. */
export function settingsOf({
  settings,
  subsets,
}: Pick<BackendPolicy, 'settings' | 'subsets'>): readonly BackendSettings[] {
  return [settings, ...subsets.map((subset) => subset.settings)].flatMap(({ all, ports }) => [
    all,
    ...Object.values(ports),
  ])
}

/** Settings of one port, of a subset if one is named. */
export function settingsFor(
  policy: BackendPolicy | undefined,
  port: number,
  subset: string | undefined,
): BackendSettings {
  const settings =
    subset === undefined ? policy?.settings : policy?.subsets.find((each) => each.name === subset)?.settings
  return settings?.ports[port] ?? settings?.all ?? {}
}
