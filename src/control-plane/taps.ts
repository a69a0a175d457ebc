import { createTaps } from '../admin/taps.ts'
import type { RecorderAddress, TapStanding, Taps } from '../admin/taps.ts'
import { objectKey, objectName } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { Part, PartContext } from './part.ts'
import type { ShownFindings } from './shown-findings.ts'
import { single, stream } from '../admin/service.ts'
import type { AdminService } from '../admin/service.ts'
import { tapEventBytes, tapEventJson } from '../admin/tap-event.ts'

interface TapsOptions {
  readonly recorder: RecorderAddress
  readonly findings: Pick<ShownFindings, 'naming'>
}

/** The taps: objects of the overlay that mirror to recorders of this process. */
export function tapsPart(context: PartContext, { recorder, findings }: TapsOptions): Part {
  const { overlay, state, revision, catchUp } = context
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
    revision,
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

/** The service `Taps` of proto/admin.proto. */
function tapService(taps: Taps): AdminService {
  return {
    name: 'shadowplane.admin.v1.Taps',
    methods: [
      single({
        name: 'CreateTap',
        verb: 'POST',
        path: '/v1/taps',
        request: 'shadowplane.admin.v1.CreateTapRequest',
        response: 'shadowplane.admin.v1.Tap',
        run: (request) => taps.create(request),
      }),
      single({
        name: 'ListTaps',
        verb: 'GET',
        path: '/v1/taps',
        request: 'shadowplane.admin.v1.ListTapsRequest',
        response: 'shadowplane.admin.v1.ListTapsResponse',
        run: () => ({ taps: taps.list() }),
      }),
      single({
        name: 'RenewTap',
        verb: 'POST',
        path: '/v1/taps/{id}/renew',
        request: 'shadowplane.admin.v1.RenewTapRequest',
        response: 'shadowplane.admin.v1.Tap',
        run: ({ id = '' }) => taps.renew(id),
      }),
      stream({
        name: 'WatchTap',
        verb: 'GET',
        path: '/v1/taps/{id}/events',
        request: 'shadowplane.admin.v1.WatchTapRequest',
        async *run({ id = '' }, gone) {
          for await (const event of taps.watch(id, gone))
            yield { bytes: () => tapEventBytes(event), json: () => tapEventJson(event) }
        },
      }),
      single({
        name: 'DeleteTap',
        verb: 'DELETE',
        path: '/v1/taps/{id}',
        request: 'shadowplane.admin.v1.DeleteTapRequest',
        response: 'shadowplane.admin.v1.Tap',
        run: ({ id = '' }) => taps.delete(id),
      }),
    ],
  }
}
