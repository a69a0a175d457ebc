import { single, stream } from './service.ts'
import type { AdminService } from './service.ts'
import { tapEventBytes, tapEventJson } from './tap-event.ts'
import type { Taps } from './taps.ts'

/** The service `Taps` of proto/admin.proto. */
export function tapService(taps: Taps): AdminService {
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
