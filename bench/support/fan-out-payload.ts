import { encode } from '../../src/xds/proto.ts'
import { resource } from '../../src/xds/resource.ts'
import type { Resource } from '../../src/xds/resource.ts'

export const payloadName = 'fan-out'

/** One resource of about `size` bytes that begins with a marker, as the peers make it too. */
export function payload(marker: string, size: number): Resource {
  const text = marker + 'x'.repeat(size - marker.length)
  const bytes = encode('envoy.service.runtime.v3.Runtime', { name: payloadName, layer: { payload: text } })
  return resource({ type: 'runtime', name: payloadName, bytes, origins: [], references: [] })
}
