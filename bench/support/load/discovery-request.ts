import { field } from '../../../src/xds/wire.ts'
import type { Mode } from './discovery-response.ts'

/** A request of either variant; what is empty is left out. */
export interface DiscoveryRequest {
  readonly typeUrl: string
  readonly node?: Uint8Array | undefined
  readonly nonce: string
  /** SotW: of the response that is accepted. */
  readonly version: string
  readonly names: NameChange
  /** Delta: what the client has from another stream, already encoded. */
  readonly initialVersions?: Uint8Array | undefined
}

/** Names as each variant says them, encoded once for all streams that say the same. */
export interface NameChange {
  readonly sotw: Uint8Array
  readonly delta: Uint8Array
}

export const noNames: NameChange = { sotw: Buffer.alloc(0), delta: Buffer.alloc(0) }

/** DiscoveryRequest.resource_names 3; DeltaDiscoveryRequest.resource_names_subscribe 3 and _unsubscribe 4. */
export function nameChange(before: ReadonlySet<string>, after: ReadonlySet<string>): NameChange {
  const added = [...after].filter((name) => !before.has(name))
  const gone = [...before].filter((name) => !after.has(name))
  return {
    sotw: Buffer.concat([...after].map((name) => field(3, name))),
    delta: Buffer.concat([...added.map((name) => field(3, name)), ...gone.map((name) => field(4, name))]),
  }
}

/** DeltaDiscoveryRequest.initial_resource_versions 5, a map. */
export function initialVersions(versions: Iterable<readonly [name: string, version: string]>): Buffer {
  return Buffer.concat(
    [...versions].map(([name, version]) => field(5, Buffer.concat([field(1, name), field(2, version)]))),
  )
}

export function encodeRequest(mode: Mode, request: DiscoveryRequest): Buffer {
  const optional = (number: number, value: string | Uint8Array | undefined): readonly Uint8Array[] =>
    value === undefined || value.length === 0 ? [] : [field(number, value)]
  if (mode === 'sotw') {
    return Buffer.concat([
      ...optional(1, request.version),
      ...optional(2, request.node),
      request.names.sotw,
      ...optional(4, request.typeUrl),
      ...optional(5, request.nonce),
    ])
  }
  return Buffer.concat([
    ...optional(1, request.node),
    ...optional(2, request.typeUrl),
    request.names.delta,
    ...(request.initialVersions === undefined ? [] : [request.initialVersions]),
    ...optional(6, request.nonce),
  ])
}
