import { errorText } from '../errors.ts'
import { decodeOpaquely, encodeInput, isEncodedAny, openAny } from '../xds/proto.ts'
import type { AnyJson, EncodedAny } from '../xds/proto.ts'
import { contentVersion } from '../xds/resource.ts'
import type { Resource } from '../xds/resource.ts'
import { resourceTypeByUrl } from '../xds/resource-types.ts'
import type { ResourceType, TypeName } from '../xds/resource-types.ts'
import { FieldReader } from '../xds/field-reader.ts'

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

/**
 * Names of other resources that a message depends on, as `Resource.references` has them. `json` is protobuf
 * JSON, or the result of `decodeOpaquely`. They are a cluster's endpoints and secrets; the clusters of a
 * route configuration or virtual host; the route configurations, clusters and secrets that a listener names
 * itself. An extension of an unknown type gives all its strings. Too many names do no harm: a name only keeps
 * a resource until the next version of the resource that names it is in force.
 */
function referencesOf(type: TypeName, json: unknown): readonly string[] {
  switch (type) {
    case 'cluster':
      return unique([...endpointsOf(json), ...namesIn(json, isSecretName)])
    case 'route':
    case 'virtual-host':
      return unique(namesIn(json, isClusterName))
    case 'listener':
      return unique(
        namesIn(json, (place) => isClusterName(place) || isRouteName(place) || isSecretName(place)),
      )
    case 'endpoint':
    case 'runtime':
    case 'secret':
      return []
  }
}

function endpointsOf(json: unknown): readonly string[] {
  const { name, type, eds_cluster_config: eds } = fields(json)
  if (type !== 'EDS' && type !== edsNumber) return []
  const service = fields(eds)['service_name']
  return typeof service === 'string' && service !== '' ? [service] : typeof name === 'string' ? [name] : []
}

const edsNumber = 3 // of envoy.config.cluster.v3.Cluster.DiscoveryType

/**
 * The place of a string: the names of the fields that lead to it (lists add none), and its message.
 */
interface Place {
  readonly path: readonly string[]
  readonly message: Fields
}

/**
 * `cluster`, `cluster_name` (of a gRPC service), `collector_cluster` and the like, and
 * `weighted_clusters.clusters[].name`.
 */
function isClusterName({ path }: Place): boolean {
  const field = path.at(-1) ?? ''
  return (
    /(^|_)cluster(_name)?$/.test(field) ||
    (field === 'name' && path.at(-2) === 'clusters' && path.at(-3) === 'weighted_clusters')
  )
}

function isRouteName({ path }: Place): boolean {
  return path.at(-1) === 'route_config_name'
}

/** SdsSecretConfig: without an sds_config the secret is static. */
function isSecretName({ path, message }: Place): boolean {
  return path.at(-1) === 'name' && 'sds_config' in message
}

type Fields = Readonly<Record<string, unknown>>

function namesIn(json: unknown, isName: (place: Place) => boolean): readonly string[] {
  const walk = (value: unknown, path: readonly string[], message: Fields): readonly string[] => {
    if (typeof value === 'string') return isName({ path, message }) ? [value] : []
    if (Array.isArray(value)) return value.flatMap((each) => walk(each, path, message))
    if (isEncodedAny(value)) return walkAny(value, path)
    const inner = fields(value)
    return Object.entries(inner).flatMap(([key, each]) => walk(each, [...path, key], inner))
  }
  const walkAny = (encoded: EncodedAny, path: readonly string[]): readonly string[] => {
    const found = openAny(encoded)
    return found === encoded ? stringsIn(encoded.value) : walk(found, path, {})
  }
  return walk(json, [], {})
}

/** Everything in an encoded message that may be a string, however deep. */
function stringsIn(bytes: Uint8Array): readonly string[] {
  const found: string[] = []
  try {
    for (const reader = new FieldReader(bytes); reader.next();) {
      const content = reader.content()
      if (content === undefined || content.length === 0) continue
      const text = content.toString()
      if (!unprintable.test(text)) found.push(text)
      found.push(...stringsIn(content))
    }
  } catch {
    return found // not a message, or no more of one
  }
  return found
}

/** A character that no resource name has: U+FFFD replaces bytes that are not UTF-8. */
const unprintable = /[\p{Cc}\ufffd]/u

function fields(value: unknown): Fields {
  return value !== null && typeof value === 'object' && !(value instanceof Uint8Array)
    ? (value as Fields)
    : {}
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
