import { runtimeLayer } from '../../src/translate/runtime.ts'
import { encode } from '../../src/xds/proto.ts'
import { resource } from '../../src/xds/resource.ts'
import type { Resource } from '../../src/xds/resource.ts'

/** The runtime layer of every proxy, with the dial of one mirror set. */
export function dialedLayer(millionths: number): Resource {
  const bytes = encode('envoy.service.runtime.v3.Runtime', {
    name: runtimeLayer,
    layer: { 'shadowplane.mirror.default.service-7.0.0': dial(millionths) },
  })
  return resource({ type: 'runtime', name: runtimeLayer, bytes, origins: [], references: [] })
}

/** Bytes that only a layer with this dial has. */
export function dialNeedle(millionths: number): string {
  return Buffer.from(dial(millionths)).toString('hex')
}

function dial(millionths: number): string {
  return `${millionths} millionths`
}
