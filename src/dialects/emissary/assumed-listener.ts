import { objectKey } from '../../diagnostics/diagnostic.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import type { ObjectLookup } from '../dialect.ts'
import type { Report } from '../reading/report.ts'
import type { Installation } from './group-table.ts'
import { indexKey } from './index-key.ts'
import { assumedListener } from './listener.ts'
import { fieldOf } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { serversOf } from './server.ts'

/**
 * Where there is no Listener, the servers of the one that is assumed: the first Mapping of all declares them,
 * and says so.
 */
export function assumedServers(
  mapping: Mapping,
  report: Report,
  { lookup, place }: { readonly lookup: ObjectLookup; readonly place: Installation },
): readonly GatewayListener[] {
  if (!place.listeners.includes(assumedListener)) return []
  if (lookup.firstIndexed(indexKey.mappings(place.id)) !== objectKey(mapping.manifest.id)) return []
  const { port } = assumedListener
  report.note('mapping/assumed-listener', ['spec', 'prefix'], {
    message:
      `there is no Listener, so Mappings are served on port ${port}, in plain text, by gateway ` +
      `proxies with the label ambassador_id: ${place.id}`,
    hint:
      `write a Listener with port: ${port}, protocol: HTTP, securityModel: XFP and hostBinding: ` +
      `{namespace: {from: ALL}}`,
  })
  return serversOf({
    listener: assumedListener,
    hosts: place.hosts,
    id: place.id,
    transport: 'plain',
    created: '',
    origin: fieldOf(mapping, 'prefix'),
  }).map((server) => ({ ...server, namespace: mapping.manifest.id.namespace }))
}
