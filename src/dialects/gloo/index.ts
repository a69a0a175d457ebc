import type { Manifest } from '../../manifest/manifest.ts'
import { translated } from '../dialect.ts'
import type { Dialect, ObjectLookup, Translated } from '../dialect.ts'
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

const reader = unsplit(translate)

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
  reader: () => reader,
  indexKeys({ id }) {
    return (['VirtualService', 'RouteTable', 'Gateway'] as const)
      .filter((kind) => kind === id.kind)
      .map(indexKey)
  },
}

function translate(manifest: Manifest, lookup: ObjectLookup): Translated {
  switch (manifest.id.kind) {
    case 'VirtualService':
      return translateVirtualService(manifest, lookup)
    case 'RouteTable':
      return translateRouteTable(manifest, lookup)
    case 'Gateway':
      return translateGateway(manifest, lookup)
    case 'RouteOption':
      return translateRouteOption(manifest, lookup)
    case 'VirtualHostOption':
      return translateVirtualHostOption(manifest, lookup)
    case 'Upstream':
      return translateUpstream(manifest, lookup)
    case 'UpstreamGroup':
      return translateUpstreamGroup(manifest, lookup)
    case 'AuthConfig':
    case 'HttpListenerOption':
    case 'ListenerOption':
      return translateProtection(manifest, lookup)
    default:
      return translated({})
  }
}
