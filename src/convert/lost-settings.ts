import { nameOf } from '../diagnostics/finding.ts'
import type { BackendPolicy } from '../model/backend.ts'

/**
 * One comment on all connection settings that are not part of routing and mirroring; empty if there are none.
 */
export function lostSettings(policies: readonly BackendPolicy[]): readonly string[] {
  const lost = policies.flatMap((policy) => {
    const names = settingsOf(policy)
    return names.length === 0 ? [] : [`${nameOf(policy.origin)} (${names.join(', ')})`]
  })
  return lost.length === 0 ? [] : [`not carried, settings of connections: ${lost.join('; ')}`]
}

/** Names of the settings, and `subsets`. */
function settingsOf({ settings: { all, ports }, subsets }: BackendPolicy): readonly string[] {
  const names = [all, ...Object.values(ports)].flatMap((each) =>
    Object.entries(each).flatMap(([name, value]) => (value === undefined ? [] : [name])),
  )
  return [...new Set([...names, ...(subsets.length === 0 ? [] : ['subsets'])])]
}
