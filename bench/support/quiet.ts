import { waitFor } from '../../src/demo/wait.ts'
import type { EnvoyAdmin } from '../../src/envoy/admin.ts'
import type { ArrivalRecord } from './echo-backend.ts'

export interface Quiet {
  readonly record: ArrivalRecord
  readonly envoys: readonly EnvoyAdmin[]
  readonly signal: AbortSignal
}

/**
 * Waits until no copy is under way: the Envoys have no active request to a cluster of ours, twice with
 * nothing arriving between.
 */
export async function quiet({ record, envoys, signal }: Quiet): Promise<void> {
  let before = -1
  await waitFor({
    what: 'the last copies',
    signal,
    look: async () => {
      const active = await Promise.all(envoys.map((envoy) => activeRequests(envoy)))
      const arrived = [...record.values()].reduce((sum, { length }) => sum + length, 0)
      const isQuiet = active.every((count) => count === 0) && arrived === before
      before = arrived
      return isQuiet || undefined
    },
  })
}

async function activeRequests(envoy: EnvoyAdmin): Promise<number> {
  return [...(await envoy.stats('^cluster\\.outbound.*upstream_rq_active')).values()].reduce(
    (sum, count) => sum + count,
    0,
  )
}
