import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { below, finding, nameOf } from '../../diagnostics/finding.ts'
import type { BackendPolicy } from '../../model/backend.ts'
import type { Visibility } from '../../model/visibility.ts'
import { isVisible } from '../../model/visibility.ts'
import type { KnownHosts } from './findings.ts'
import { similarHost } from './missing.ts'
import { inOrder } from '../policy.ts'

/** Findings about the policies of one namespace for one host, or for its wildcard hosts. */
export function policyFindings(policies: readonly BackendPolicy[], known: KnownHosts): readonly Diagnostic[] {
  const ordered = inOrder(policies)
  return ordered.flatMap((policy, index) => [
    ...overruled(policy, ordered.slice(0, index)),
    ...unknownHost(policy, known),
  ])
}

/** The first of several policies for one host applies; the others only add subsets. */
function overruled(policy: BackendPolicy, earlier: readonly BackendPolicy[]): readonly Diagnostic[] {
  const first = earlier.find(
    (each) => each.host === policy.host && overlap(each.visibility, policy.visibility),
  )
  if (first === undefined) return []
  const repeated = policy.subsets
    .filter(({ name }) => first.subsets.some((each) => each.name === name))
    .map(({ name }) => `subset ${name}`)
  const settled = Object.keys(policy.settings.all).length + Object.keys(policy.settings.ports).length > 0
  const lost = [...(settled ? ['the traffic policy'] : []), ...repeated]
  if (lost.length === 0) return []
  return [
    finding('policy/duplicate-host', below(policy.origin, 'host'), {
      message:
        `${nameOf(first.origin)} has ${policy.host} already, so ${lost.join(' and ')} of this one ` +
        `${lost.length === 1 ? 'has' : 'have'} no effect`,
      hint:
        'join them in one object: the oldest wins, then the first by name, and the others only add ' +
        'subsets',
    }),
  ]
}

function overlap(a: Visibility, b: Visibility): boolean {
  if (a === 'everywhere') return b === 'everywhere' || b.namespaces.length > 0
  return a.namespaces.some((namespace) => isVisible(b, namespace))
}

function unknownHost(policy: BackendPolicy, known: KnownHosts): readonly Diagnostic[] {
  if (policy.host.startsWith('*') || known.services(policy.host).length > 0) return []
  const meant = similarHost(policy.host, known.hosts())
  return [
    finding('policy/unknown-host', below(policy.origin, 'host'), {
      message: `nothing defines ${policy.host}, so the policy has no effect`,
      hint: meant === undefined ? undefined : `did you mean ${meant}?`,
    }),
  ]
}
