import { decode, encode } from '../xds/proto.ts'
import type { AnyJson, Message } from '../xds/proto.ts'
import { contentVersion } from '../xds/resource.ts'
import type { Resource } from '../xds/resource.ts'
import { resourceTypeByUrl } from '../xds/resource-types.ts'
import type { ResourceType } from '../xds/resource-types.ts'
import { referencesOf } from './references.ts'

/** A google.protobuf.Any with its message encoded. */
export interface EncodedAny {
  readonly type_url: string
  readonly value: Uint8Array
}

/**
 * A resource to serve: an Any in protobuf JSON (`{"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", …}`, with
 * the proto's own field names), or one that is encoded already; alone, or with a version of your own.
 */
export type ResourceInput = AnyJson | EncodedAny | Versioned

interface Versioned {
  readonly resource: AnyJson | EncodedAny
  readonly version: string
}

/** Throws TypeError for a type that is not served, a message that is not one, or a resource without a name. */
export function toResource(input: ResourceInput): Resource {
  const { any, version } = isVersioned(input) ? { any: input.resource, version: input.version } : { any: input, version: undefined }
  const { type, bytes, json } = read(any)
  const name = nameOf(json)
  if (name === '') throw new TypeError(`a ${type.message} has no name`)
  return {
    type: type.name,
    name,
    version: version ?? contentVersion([bytes]),
    bytes,
    origins: [],
    references: referencesOf(type.name, json),
    ...(type.name === 'virtual-host' ? { owner: name.slice(0, Math.max(name.lastIndexOf('/'), 0)) } : {}),
  }
}

interface ReadAny {
  readonly type: ResourceType
  readonly bytes: Buffer
  readonly json: Message<ResourceType['message']>
}

function read(any: AnyJson | EncodedAny): ReadAny {
  const url: string = isEncoded(any) ? any.type_url : any['@type']
  const type = resourceTypeByUrl.get(url)
  if (type === undefined) throw new TypeError(`${url} is no type that is served; there are ${[...resourceTypeByUrl.keys()].join(', ')}`)
  try {
    if (isEncoded(any)) {
      const bytes = Buffer.from(any.value)
      return { type, bytes, json: decode(type.message, bytes) }
    }
    const { '@type': _, ...message } = any
    return { type, bytes: encode(type.message, message), json: message }
  } catch (error) {
    throw new TypeError(`a ${type.message} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function isVersioned(input: ResourceInput): input is Versioned {
  return !('@type' in input) && 'resource' in input
}

function isEncoded(any: AnyJson | EncodedAny): any is EncodedAny {
  return !('@type' in any)
}

/** ClusterLoadAssignment has its name in `cluster_name`. */
function nameOf(json: Message<ResourceType['message']>): string {
  const named: { readonly name?: string | undefined; readonly cluster_name?: string | undefined } = json
  return named.cluster_name ?? named.name ?? ''
}
