import type { Message } from '../xds/proto.ts'

/** Name of the RTDS layer in every bootstrap of ours. */
export const runtimeLayer = 'shadowplane'

/**
 * envoy.service.runtime.v3.Runtime. Empty so far; a later dial is a key of this layer. It is always there, as
 * Envoy waits for it.
 */
export function runtime(): Message<'envoy.service.runtime.v3.Runtime'> {
  return { name: runtimeLayer, layer: {} }
}
