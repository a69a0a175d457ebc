import { isDeepStrictEqual } from 'node:util'
import { nameOf } from '../../diagnostics/finding.ts'
import type { BackendPolicy, BackendSettings, Service } from '../../model/backend.ts'
import type { Labels } from '../../model/labels.ts'
import { compareSpecificity, hostIsWithin } from '../../model/names.ts'
import type { Writable } from '../written.ts'

/** The labels of a subset that all proxies know alike, or why no Service can stand for it. */
export function subsetLabels(
  service: Pick<Service, 'host' | 'namespace'>,
  subset: string,
  model: Pick<Writable, 'policies' | 'settings'>,
): Labels | string {
  const all = model.policies.filter(({ host }) => host === service.host || hostIsWithin(service.host, host))
  const defined = definitions(all, subset)
  const effective = definitions(inForce(service, all, model), subset)
  const [first] = effective
  if (first === undefined)
    return defined.length === 0
      ? 'no DestinationRule defines it'
      : 'its DestinationRule is not for all proxies'
  const others = all.filter(
    ({ namespace }) => namespace !== service.namespace && namespace !== model.settings.rootNamespace,
  )
  const isClear =
    effective.every(({ labels }) => isDeepStrictEqual(labels, first.labels)) &&
    others.every((policy) =>
      definitions([policy], subset).some(({ labels }) => isDeepStrictEqual(labels, first.labels)),
    )
  if (!isClear) return 'there are several DestinationRules for its host, which differ in it'
  const encrypted = effective.find(({ hasTls }) => hasTls)
  return encrypted === undefined ? first.labels : `${nameOf(encrypted.policy.origin)} demands TLS to it`
}

interface Definition {
  readonly policy: BackendPolicy
  readonly labels: Labels
  readonly hasTls: boolean
}

function definitions(policies: readonly BackendPolicy[], subset: string): readonly Definition[] {
  return policies.flatMap((policy) =>
    policy.subsets
      .filter(({ name }) => name === subset)
      .map(({ labels, settings: { all, ports } }): Definition => ({
        policy,
        labels,
        hasTls: [all, ...Object.values(ports)].some(({ tls }: BackendSettings) => tls !== undefined),
      })),
  )
}

/**
 * Policies for the most specific host, beside the Service or else in the root namespace, that all proxies may
 * see.
 */
function inForce(
  { host, namespace }: Pick<Service, 'host' | 'namespace'>,
  policies: readonly BackendPolicy[],
  { settings }: Pick<Writable, 'settings'>,
): readonly BackendPolicy[] {
  const beside = policies.filter((policy) => policy.namespace === namespace)
  const pool =
    beside.length > 0 ? beside : policies.filter((policy) => policy.namespace === settings.rootNamespace)
  const best =
    pool.find((policy) => policy.host === host)?.host ??
    pool.map((policy) => policy.host).toSorted(compareSpecificity)[0]
  const closest = pool.filter((policy) => policy.host === best)
  return closest.every(({ visibility }) => visibility === 'everywhere') ? closest : []
}
