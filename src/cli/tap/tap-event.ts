import type { RecordedRequest } from '../../record/recorded-request.ts'
import { decode } from '../../xds/proto.ts'
import type { Message } from '../../xds/proto.ts'

/** An event of a tap: a request, or anything else. */
export type TapEvent =
  | { readonly kind: 'request'; readonly request: RecordedRequest }
  | { readonly kind: 'other'; readonly event: Message<'shadowplane.admin.v1.TapEvent'> }

/**
 * Reads a shadowplane.admin.v1.TapEvent. A body is taken out before the rest is decoded, as protobuf JSON
 * would make base64 of it.
 */
export function readTapEvent(bytes: Buffer): TapEvent {
  const request = [...fieldsOf(bytes)].find(({ number }) => number === 4)?.content
  if (request === undefined) return { kind: 'other', event: decode('shadowplane.admin.v1.TapEvent', bytes) }
  const fields = [...fieldsOf(request)]
  const body = fields.find(({ number }) => number === 5)?.content ?? Buffer.alloc(0)
  const rest = decode(
    'shadowplane.admin.v1.RecordedRequest',
    Buffer.concat(fields.filter(({ number }) => number !== 5).map((field) => field.bytes)),
  )
  return { kind: 'request', request: requestOf(rest, body) }
}

function requestOf(
  {
    time = 0,
    method = '',
    url = '',
    headers = [],
    bodyLength = 0,
    cut = false,
  }: Message<'shadowplane.admin.v1.RecordedRequest'>,
  body: Buffer,
): RecordedRequest {
  return {
    time: BigInt(time),
    method,
    url,
    headers: headers.map(({ name = '', value = '' }) => [name, value] as const),
    body,
    bodyLength: Number(bodyLength),
    isCut: cut,
  }
}

/** A field of an encoded message. */
interface WireField {
  readonly number: number
  /** Tag included. */
  readonly bytes: Buffer
  /** The content of a length-delimited field; undefined for every other one. */
  readonly content: Buffer | undefined
}

/**
 * The fields of an encoded message, in their order (Protocol Buffers, "Encoding"). Throws for what is none.
 */
export function* fieldsOf(message: Buffer): Generator<WireField> {
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at)
    const wireType = tag.value % 8
    const length = wireType === 2 ? readVarint(message, tag.end) : undefined
    const end = length === undefined ? skip(message, wireType, tag.end) : length.end + length.value
    if (end > message.length) throw new Error('the message ends within a field')
    yield {
      number: Math.floor(tag.value / 8),
      bytes: message.subarray(at, end),
      content: length === undefined ? undefined : message.subarray(length.end, end),
    }
    at = end
  }
}

function skip(message: Buffer, wireType: number, at: number): number {
  switch (wireType) {
    case 0:
      return readVarint(message, at).end
    case 1:
      return at + 8
    case 5:
      return at + 4
    default:
      throw new Error(`wire type ${wireType} is not in use`)
  }
}

function readVarint(message: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let at = start; at < start + 10; at += 1) {
    const byte = message[at]
    if (byte === undefined) break
    value += (byte % 0x80) * 2 ** (7 * (at - start))
    if (byte < 0x80) return { value, end: at + 1 }
  }
  throw new Error('a number has no end')
}
