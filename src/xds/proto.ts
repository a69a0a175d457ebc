/** The only place that knows protobufjs: messages go in and come out as protobuf JSON with the proto's own field names. */
import protobuf from 'protobufjs/light.js'
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
  const type = root.lookupType(name)
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

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (value === null || typeof value !== 'object') return value
  const defined = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(defined.map(([name, field]) => [name, withoutUndefined(field)]))
}

/** What both kinds of request carry. `node` stays encoded: stock Envoy repeats its long node in each, and only the first one counts. */
interface AnyRequest {
  readonly node: Uint8Array
  readonly type_url: string
  readonly response_nonce: string
  readonly error_detail: { readonly message: string } | null
}

/** envoy.service.discovery.v3.DiscoveryRequest as the server reads it; absent fields have their default. */
export interface SotwRequest extends AnyRequest {
  readonly version_info: string
  readonly resource_names: readonly string[]
}

/** envoy.service.discovery.v3.DeltaDiscoveryRequest as the server reads it; absent fields have their default. */
export interface DeltaRequest extends AnyRequest {
  readonly resource_names_subscribe: readonly string[]
  readonly resource_names_unsubscribe: readonly string[]
  readonly initial_resource_versions: Readonly<Record<string, string>>
}

const requests = protobuf.Root.fromJSON({
  nested: {
    Status: { fields: { message: { type: 'string', id: 2 } } },
    SotwRequest: {
      fields: {
        version_info: { type: 'string', id: 1 },
        node: { type: 'bytes', id: 2 },
        resource_names: { rule: 'repeated', type: 'string', id: 3 },
        type_url: { type: 'string', id: 4 },
        response_nonce: { type: 'string', id: 5 },
        error_detail: { type: 'Status', id: 6 },
      },
    },
    DeltaRequest: {
      fields: {
        node: { type: 'bytes', id: 1 },
        type_url: { type: 'string', id: 2 },
        resource_names_subscribe: { rule: 'repeated', type: 'string', id: 3 },
        resource_names_unsubscribe: { rule: 'repeated', type: 'string', id: 4 },
        response_nonce: { type: 'string', id: 6 },
        error_detail: { type: 'Status', id: 7 },
      },
    },
  },
})
const sotwRequest = requests.lookupType('SotwRequest')
const deltaRequest = requests.lookupType('DeltaRequest').add(new protobuf.MapField('initial_resource_versions', 5, 'string', 'string'))

/** Throws for bytes that are no such message. */
export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  return sotwRequest.decode(bytes) as protobuf.Message & SotwRequest
}

/** Throws for bytes that are no such message. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  return deltaRequest.decode(bytes) as protobuf.Message & DeltaRequest
}

/** All that we know of Envoy's API as protobuf JSON descriptors, in the form that proto-loader reads. */
export function descriptors(): protobuf.INamespace {
  return root.toJSON()
}
