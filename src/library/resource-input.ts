import { errorText } from '../errors.ts'
import { decodeOpaquely, encodeInput } from '../xds/proto.ts'
import type { AnyJson, EncodedAny } from '../xds/proto.ts'
import { contentVersion } from '../xds/resource.ts'
import type { Resource } from '../xds/resource.ts'
import { resourceTypeByUrl } from '../xds/resource-types.ts'
import type { ResourceType } from '../xds/resource-types.ts'
import { referencesOf } from './references.ts'

/**
 * A resource to serve: an Any in protobuf JSON (`{"@type":
 * "type.googleapis.com/envoy.config.cluster.v3.Cluster", …}`, with the proto's own field names), or one that
 * is encoded already, `{ type_url, value }`; alone, or with a version of your own. Each Any within is either
 * too: `@type` for the types that are bundled, `{ type_url, value }` for any type at all.
 */
export type ResourceInput = AnyJson | EncodedAny | Versioned

interface Versioned {
  readonly resource: AnyJson | EncodedAny
  readonly version: string
}

/**
 * Throws TypeError for a type that is not served, a message that is not one, or a resource without a name.
 */
export function toResource(input: ResourceInput): Resource {
  const { any, version } = isVersioned(input)
    ? { any: input.resource, version: input.version }
    : { any: input, version: undefined }
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
  /** Protobuf JSON, or as `decodeOpaquely` gives it. */
  readonly json: unknown
}

function read(any: AnyJson | EncodedAny): ReadAny {
  const url: string = isEncoded(any) ? any.type_url : any['@type']
  const type = resourceTypeByUrl.get(url)
  if (type === undefined)
    throw new TypeError(
      `${url} is not a type that is served: there are ${[...resourceTypeByUrl.keys()].join(', ')}`,
    )
  try {
    if (isEncoded(any)) {
      const bytes = Buffer.from(any.value)
      return { type, bytes, json: decodeOpaquely(type.message, bytes) }
    }
    const { '@type': _, ...message } = any
    return { type, bytes: encodeInput(type.message, message), json: message }
  } catch (error) {
    throw new TypeError(`a ${type.message} cannot be read: ${errorText(error)}`, { cause: error })
  }
}

function isVersioned(input: ResourceInput): input is Versioned {
  return !('@type' in input) && 'resource' in input
}

function isEncoded(any: AnyJson | EncodedAny): any is EncodedAny {
  return !('@type' in any)
}

/** ClusterLoadAssignment has its name in `cluster_name`. */
function nameOf(json: unknown): string {
  const named = json as { readonly name?: unknown; readonly cluster_name?: unknown }
  const name = named.cluster_name ?? named.name
  return typeof name === 'string' ? name : ''
}
