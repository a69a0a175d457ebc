import type { RecordedRequest } from '../../record/recorded-request.ts'
import { decode } from '../../xds/proto.ts'
import type { Message } from '../../xds/proto.ts'
import { fieldsOf } from '../../xds/wire-fields.ts'

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
