import type { RecordedRequest } from '../record/recorded-request.ts'
import { encode } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import { fieldHeader } from '../xds/wire.ts'
import type { TapEvent } from './taps.ts'

type RequestMessage = Message<'shadowplane.admin.v1.RecordedRequest'>

/** shadowplane.admin.v1.TapEvent: `request` 4, and therein `body` 5; a body's bytes never become text. */
export function tapEventBytes(event: TapEvent): Buffer {
  const head = encode('shadowplane.admin.v1.TapEvent', withoutRequest(event))
  if (!('request' in event)) return head
  const request = encode('shadowplane.admin.v1.RecordedRequest', withoutBody(event.request))
  const { body } = event.request
  const bodyHeader = fieldHeader(5, body.length)
  return Buffer.concat([
    head,
    fieldHeader(4, request.length + bodyHeader.length + body.length),
    request,
    bodyHeader,
    body,
  ])
}

/** The same as protobuf JSON, with the body in base64. */
export function tapEventJson(event: TapEvent): Message<'shadowplane.admin.v1.TapEvent'> {
  if (!('request' in event)) return withoutRequest(event)
  const { body } = event.request
  return {
    ...withoutRequest(event),
    request: {
      ...withoutBody(event.request),
      ...(body.length === 0 ? {} : { body: body.toString('base64') }),
    },
  }
}

function withoutRequest(event: TapEvent): Message<'shadowplane.admin.v1.TapEvent'> {
  const counts = { received: String(event.counts.received), dropped: String(event.counts.dropped) }
  if ('standing' in event) return { ...counts, standing: event.standing }
  return 'ended' in event ? { ...counts, ended: event.ended } : counts
}

function withoutBody({ time, method, url, headers, bodyLength, isCut }: RecordedRequest): RequestMessage {
  return {
    time: String(time),
    method,
    url,
    headers: headers.map(([name, value]) => ({ name, value })),
    bodyLength: String(bodyLength),
    cut: isCut,
  }
}
