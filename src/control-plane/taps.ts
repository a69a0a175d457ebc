import { tapService } from '../admin/tap-service.ts'
import { createTaps } from '../admin/taps.ts'
import type { RecorderAddress, TapStanding } from '../admin/taps.ts'
import { objectKey, objectName } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { Part, PartContext } from './part.ts'
import type { ShownFindings } from './shown-findings.ts'

interface TapsOptions {
  readonly recorder: RecorderAddress
  readonly findings: Pick<ShownFindings, 'naming'>
}

/** The taps: objects of the overlay that mirror to recorders of this process. */
export function tapsPart(context: PartContext, { recorder, findings }: TapsOptions): Part {
  const { overlay, state, isIdle, catchUp } = context
  /**
   * The revision of the last idle moment: a read of the graph while it computes would complete it at once.
   */
  let revision = -1
  const taps = createTaps({
    overlay: {
      set(object) {
        const id = overlay.set(object)
        catchUp()
        return id
      },
      delete: overlay.delete,
    },
    objects: () => [...state().manifests.values()].map(({ manifest }) => manifest.id),
    revision: () => {
      if (isIdle()) revision = context.revision()
      return revision
    },
    standing: (tap) => tapReach(tap, context, findings.naming(objectName(tap))),
    recorder,
  })
  return { name: 'taps', admin: () => ({ services: [tapService(taps)] }), close: () => taps.close() }
}

/**
 * The reach of a tap: the routes that have its mirror, whatever proxies they are for, and the proxies that
 * are in sync. `findings`: the texts of what is wrong with its object.
 */
function tapReach(
  tap: ObjectId,
  { pipeline, clients }: Pick<PartContext, 'pipeline' | 'clients'>,
  findings: readonly string[],
): TapStanding {
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
  const proxies = clients()
  const inSync = proxies.filter(({ types }) => [...types.values()].every(({ status }) => status !== 'STALE'))
  return { routes: tapped.size, proxies: proxies.length, inSync: inSync.length, findings }
}
