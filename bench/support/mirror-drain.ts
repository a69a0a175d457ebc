import type { EnvoyAdmin } from '../../src/envoy/admin.ts'
import { waitFor } from '../../src/demo/wait.ts'
import { mirrorCluster } from './scene.ts'
import type { Scene } from './scene.ts'

/** Counters of the cluster that the copies go to, as Envoy has them; throws for one that it does not have. */
export type MirrorStats = (name: string) => number

export async function mirrorStats(envoy: EnvoyAdmin): Promise<MirrorStats> {
  const stats = await envoy.stats('httpbin.mirror.cluster-b.upstream_(rq|cx)_')
  return (name) => {
    const value = stats.get(`cluster.${mirrorCluster}.${name}`)
    if (value === undefined)
      throw new Error(`Envoy has no statistic ${name} of ${mirrorCluster}: ${[...stats.keys()].join(' ')}`)
    return value
  }
}

/**
 * Resolves when every copy that Envoy sent has arrived and is answered: its count of them is the backend's.
 */
export async function drained(scene: Scene, signal: AbortSignal): Promise<void> {
  let last = ''
  await waitFor({
    what: 'the last copies',
    signal,
    look: async () => {
      const stats = await mirrorStats(scene.envoy)
      const [total, active] = [stats('upstream_rq_total'), stats('upstream_rq_active')]
      last = `${total} sent and ${active} under way in Envoy, ${scene.copies()} arrived`
      return (active === 0 && total === scene.copies()) || undefined
    },
  }).catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : String(error)}: ${last}`)
  })
}
