/** The only place that knows protobufjs: messages go in and come out as protobuf JSON with the proto's own field names. */
import type protobuf from 'protobufjs/light.js'
import protojson from 'protobufjs/ext/protojson.js'
import root from '../../proto/generated/envoy.js'
import type { AnyJson, MessageJson, MessageName } from '../../proto/generated/envoy.js'

export type { AnyJson, MessageJson, MessageName }
/** The protobuf JSON form of one message. */
export type Message<Name extends MessageName> = MessageJson[Name]

/**
 * Encodes protobuf JSON. A field that the message does not have, or a value of the wrong type, throws: such a mistake
 * is ours, and it must never be dropped in silence. Fields that are undefined are absent.
 */
export function encode<Name extends MessageName>(name: Name, json: Message<Name>): Buffer {
  const type = typeNamed(name)
  const writer = type.encode(protojson.fromJson(type, withoutUndefined(json)))
  return Buffer.from(writer.finish())
}

/** Decodes to protobuf JSON: default values absent, enums by name, 64-bit integers as strings, Any with its fields inline. */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Message<Name> {
  const type = root.lookupType(name)
  return protojson.toJson(type, type.decode(bytes)) as Message<Name>
}

/** An Any in protobuf JSON. */
export function any<Name extends MessageName>(name: Name, json: Message<Name>): AnyJson {
  return { '@type': `type.googleapis.com/${name}`, ...json }
}

let areNamed = false

/** protobufjs puts the full name of each field that it reads together anew, for an error that there mostly is not; here no name changes. */
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
