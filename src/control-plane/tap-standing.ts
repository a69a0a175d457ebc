import type { TapStanding } from '../admin/taps.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { ClientState } from '../server/status/client-state.ts'

export interface StandingGround {
  readonly pipeline: Pipeline
  readonly clients: readonly ClientState[]
  /** What is wrong with the object, as a person reads it. */
  readonly findings: readonly string[]
}

/**
 * How far a tap is in force: the routes that have its mirror, whatever proxies they are for, and the proxies
 * that have what they should.
 */
export function tapStanding(tap: ObjectId, { pipeline, clients, findings }: StandingGround): TapStanding {
  const key = objectKey(tap)
  const tapped = new Set<string>()
  for (const [, host] of pipeline.read.entries(pipeline.virtualHosts)) {
    for (const { action, origin } of host.routes) {
      if (
        action.kind === 'forward' &&
        action.mirrors.some((mirror) => objectKey(mirror.origin.object) === key)
      )
        tapped.add(JSON.stringify(origin))
    }
  }
  const inSync = clients.filter(({ types }) => [...types.values()].every(({ status }) => status !== 'STALE'))
  return { routes: tapped.size, proxies: clients.length, inSync: inSync.length, findings }
}
