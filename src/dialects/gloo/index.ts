import type { Dialect, Reader } from '../dialect.ts'
import { unsplit } from '../reading/unsplit.ts'
import { translateUpstreamGroup } from './destination.ts'
import { translateGateway } from './gateway.ts'
import { gatewayGroup, indexKey, upstreamGroup } from './kinds.ts'
import { divergences } from './portability.ts'
import { protectionKinds, translateProtection } from './option/protection.ts'
import { translateRouteOption } from './option/route-option.ts'
import { translateRouteTable } from './route-table.ts'
import { translateUpstream } from './upstream/upstream.ts'
import { translateVirtualHostOption } from './option/virtual-host-option.ts'
import { translateVirtualService } from './virtual-service.ts'

const versions = ['v1']

const readers: Readonly<Record<string, Reader>> = {
  VirtualService: unsplit(translateVirtualService),
  RouteTable: unsplit(translateRouteTable),
  Gateway: unsplit(translateGateway),
  RouteOption: unsplit(translateRouteOption),
  VirtualHostOption: unsplit(translateVirtualHostOption),
  Upstream: unsplit(translateUpstream),
  UpstreamGroup: unsplit(translateUpstreamGroup),
}

const protection = unsplit(translateProtection)

/** Gloo's API: its options for Gateway API routes, and its own VirtualServices. */
export const gloo: Dialect = {
  name: 'gloo',
  divergences,
  kinds: [
    ...['VirtualService', 'RouteTable', 'Gateway', 'RouteOption', 'VirtualHostOption'].map((kind) => ({
      group: gatewayGroup,
      versions,
      kind,
    })),
    ...['Upstream', 'UpstreamGroup'].map((kind) => ({ group: upstreamGroup, versions, kind })),
    ...protectionKinds,
  ],
  reader: ({ id }) => readers[id.kind] ?? protection,
  indexKeys({ id }) {
    return (['VirtualService', 'RouteTable', 'Gateway'] as const)
      .filter((kind) => kind === id.kind)
      .map(indexKey)
  },
}
