import type { Listener } from './gateway-spec.ts'

/** Why a listener is not distinct from others of its Gateway. */
export interface Conflict {
  readonly reason: 'ProtocolConflict' | 'HostnameConflict'
  /** The first of the others, by index. */
  readonly with: number
}

const withHosts: readonly string[] = ['HTTP', 'HTTPS', 'TLS']

/**
 * The indices of listeners that a request cannot be assigned to (Gateway API, Listeners, "Distinct
 * Listeners"): one port is for plain HTTP or for TLS, and each hostname appears on it once. None of the
 * listeners in conflict is served, not even the first.
 */
export function conflictsAmong(listeners: readonly (Listener | undefined)[]): ReadonlyMap<number, Conflict> {
  const found = new Map<number, Conflict>()
  listeners.forEach((listener, index) => {
    if (listener === undefined || !withHosts.includes(listener.protocol)) return
    const others = [...listeners.entries()].filter(
      ([at, other]) => at !== index && other?.port === listener.port && withHosts.includes(other.protocol),
    )
    const protocol = others.find(
      ([, other]) => (other?.protocol === 'HTTP') !== (listener.protocol === 'HTTP'),
    )
    const hostname = others.find(([, other]) => other?.hostname === listener.hostname)
    if (protocol !== undefined) found.set(index, { reason: 'ProtocolConflict', with: protocol[0] })
    else if (hostname !== undefined) found.set(index, { reason: 'HostnameConflict', with: hostname[0] })
  })
  return found
}
