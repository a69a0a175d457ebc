import type { Denial } from '../server/authentication.ts'
import type { XdsEvent } from '../server/event.ts'

/** A client that was turned away for who it is, as often as it tried with one reason. */
export interface DeniedClient {
  /** Its address, without the port. */
  readonly address: string
  readonly code: Denial['code']
  readonly reason: string
  /** The authenticated principal, and the node id that the client sent; absent if they are unknown. */
  readonly principal?: string
  readonly proxy?: string
  readonly times: number
  /** Milliseconds since the epoch. */
  readonly last: number
}

export interface DenialRecord {
  record(event: XdsEvent, at: number): void
  /** Denials of the last ten minutes, the newest last: Envoy tries again every second. */
  list(now: number): readonly DeniedClient[]
}

const kept = 10 * 60_000 // milliseconds
const most = 100

/** Remembers who was turned away; strangers cannot make it remember more than a hundred. */
export function recordDenials(): DenialRecord {
  const denied = new Map<string, DeniedClient>()
  return {
    record(event, last) {
      if (event.kind !== 'denied') return
      const { kind: _, peer, ...rest } = event
      const address = addressOf(peer)
      const key = JSON.stringify([address, rest.reason])
      const times = (denied.get(key)?.times ?? 0) + 1
      denied.delete(key)
      denied.set(key, { address, ...rest, times, last })
      const [oldest] = denied.keys()
      if (denied.size > most && oldest !== undefined) denied.delete(oldest)
    },
    list: (now) => [...denied.values()].filter(({ last }) => now - last < kept),
  }
}

/** `host:port` without the port; IPv6 addresses have no brackets. */
export function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '')
}
