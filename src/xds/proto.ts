/**
 * The only place that knows protobufjs: messages go in and come out as protobuf JSON with the proto's own
 * field names.
 */
import type protobuf from 'protobufjs/light.js'
import protojson from 'protobufjs/ext/protojson.js'
import root from '../../proto/generated/envoy.js'
import type {
  AnyJson,
  EncodedAny,
  MessageInput,
  MessageJson,
  MessageName,
} from '../../proto/generated/envoy.js'

export type { AnyJson, EncodedAny, MessageInput, MessageJson, MessageName }
/** The protobuf JSON form of one message. */
export type Message<Name extends MessageName> = MessageJson[Name]

/**
 * Encodes protobuf JSON. A field that the message does not have, or a value of the wrong type, throws: such a
 * mistake is ours, and it must never be dropped in silence. Fields that are undefined are absent.
 */
export function encode<Name extends MessageName>(name: Name, json: Message<Name>): Buffer {
  const type = typeNamed(name)
  const writer = type.encode(protojson.fromJson(type, withoutUndefined(json)))
  return Buffer.from(writer.finish())
}

/**
 * Decodes to protobuf JSON: default values absent, enums by name, 64-bit integers as strings, Any with its
 * fields inline.
 */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Message<Name> {
  const type = root.lookupType(name)
  return protojson.toJson(type, type.decode(bytes)) as Message<Name>
}

/**
 * Like `encode`, for JSON in which an Any may be `{ type_url, value }` of any type: its bytes are kept.
 * Throws for an Any that is neither that nor has `@type`, and for an unknown `@type`.
 */
export function encodeInput<Name extends MessageName>(name: Name, json: MessageInput[Name]): Buffer {
  return encodeType(typeNamed(name), json)
}

/**
 * Decodes to plain objects. An Any of an unknown type stays `{ type_url, value }`; a known one has `@type`.
 */
export function decodeOpaquely(name: MessageName, bytes: Uint8Array): unknown {
  return decodeType(typeNamed(name), bytes)
}

/**
 * An Any opened as `decodeOpaquely` does; itself if its type is not known here. Throws for bytes that are not
 * of its type.
 */
export function openAny(encoded: EncodedAny): unknown {
  const type = typeOf(encoded.type_url)
  return type === undefined ? encoded : { '@type': encoded.type_url, ...decodeType(type, encoded.value) }
}

export function isEncodedAny(value: unknown): value is EncodedAny {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type_url' in value &&
    typeof value.type_url === 'string' &&
    'value' in value &&
    value.value instanceof Uint8Array
  )
}

/** An Any in protobuf JSON. */
export function any<Name extends MessageName>(name: Name, json: MessageInput[Name]): AnyJson {
  return { '@type': `type.googleapis.com/${name}`, ...json }
}

let areNamed = false

/**
 * protobufjs builds the full name of each field that it reads, for an error that rarely happens; names do not
 * change here.
 */
function typeNamed(name: MessageName): protobuf.Type {
  if (!areNamed) fixNames(root)
  areNamed = true
  return root.lookupType(name)
}

function fixNames(object: protobuf.ReflectionObject): void {
  Object.defineProperty(object, 'fullName', { value: object.fullName })
  const { nestedArray = [], fieldsArray = [] } = object as Partial<protobuf.Type>
  for (const each of [...nestedArray, ...fieldsArray]) fixNames(each)
}

type Fields = Readonly<Record<string, unknown>>

function encodeType(type: protobuf.Type, json: unknown): Buffer {
  const anys: EncodedAny[] = []
  const message = protojson.fromJson(type, withPlaceholders(type, json, anys))
  if (anys.length > 0) fill(message, anys)
  return Buffer.from(type.encode(message).finish())
}

/**
 * protobufjs accepts no encoded Any in JSON: a number represents each until the message is made. It must not
 * be 0, which is not encoded.
 */
const placeholder = 'type.googleapis.com/google.protobuf.UInt32Value'

function withPlaceholders(type: protobuf.Type, json: unknown, anys: EncodedAny[]): unknown {
  if (type.fullName === '.google.protobuf.Any')
    return { '@type': placeholder, value: anys.push(encodedAny(json)) }
  if (type.fullName.startsWith('.google.protobuf.')) return withoutUndefined(json)
  if (!isObject(json)) return json
  const inField = (field: protobuf.Field | undefined, value: unknown): unknown => {
    const inner = field?.resolve().resolvedType
    if (inner === null || inner === undefined || !('fields' in inner)) return value
    const each = (one: unknown): unknown => withPlaceholders(inner, one, anys)
    if (Array.isArray(value)) return value.map(each)
    if (field?.map === true && isObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, each(one)]))
    return each(value)
  }
  const defined = Object.entries(json).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined.map(([name, value]) => [name, inField(type.fields[name], value)]))
}

function encodedAny(json: unknown): EncodedAny {
  if (isEncodedAny(json) && Object.keys(json).length === 2) {
    openAny(json) // throws if the bytes are not what the type says
    return json
  }
  const url = isObject(json) ? json['@type'] : undefined
  if (!isObject(json) || typeof url !== 'string')
    throw new Error('an Any has neither "@type" nor "type_url" and "value" in bytes')
  const type = typeOf(url)
  if (type === undefined)
    throw new Error(`no such type is known here: ${url}: encode it, and write { type_url, value }`)
  const { '@type': _, ...fields } = json
  const isWellKnown = type.fullName.startsWith('.google.protobuf.')
  return { type_url: url, value: encodeType(type, isWellKnown ? json['value'] : fields) }
}

function fill(message: unknown, anys: readonly EncodedAny[]): void {
  if (typeof message !== 'object' || message === null || message instanceof Uint8Array) return
  if (isEncodedAny(message) && message.type_url === placeholder) {
    const { value } = decodeType(root.lookupType('google.protobuf.UInt32Value'), message.value)
    Object.assign(message, anys[Number(value) - 1])
    return
  }
  for (const each of Object.values(message)) fill(each, anys)
}

function decodeType(type: protobuf.Type, bytes: Uint8Array): Fields {
  return opened(type.toObject(type.decode(bytes), { enums: String, longs: String })) as Fields
}

function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened)
  if (!isObject(value) || value instanceof Uint8Array) return value
  const { type_url: url, value: bytes = Buffer.alloc(0), ...others } = value
  if (typeof url === 'string' && bytes instanceof Uint8Array && Object.keys(others).length === 0)
    return openAny({ type_url: url, value: bytes })
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, opened(each)]))
}

function typeOf(url: string): protobuf.Type | undefined {
  const found = root.lookup(url.slice(url.lastIndexOf('/') + 1))
  return found !== null && 'fields' in found ? (found as protobuf.Type) : undefined
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (value === null || typeof value !== 'object') return value
  const defined = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(defined.map(([name, field]) => [name, withoutUndefined(field)]))
}

/** All that we know of Envoy's API as protobuf JSON descriptors, in the form that proto-loader reads. */
export function descriptors(): protobuf.INamespace {
  return root.toJSON()
}
