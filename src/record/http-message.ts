import { headerValue } from './recorded-request.ts'
import type { Header, RecordedRequest } from './recorded-request.ts'

export type RequestMessage = Omit<RecordedRequest, 'time'>

/**
 * Where the head of a message ends, its empty line included; undefined if it does not. Bare line feeds
 * count as line ends (RFC 9112 §2.2).
 */
export function headLength(message: Buffer): number | undefined {
  const strict = message.indexOf('\r\n\r\n')
  const lenient = message.indexOf('\n\n')
  if (strict >= 0 && (lenient < 0 || strict < lenient)) return strict + 4
  return lenient < 0 ? undefined : lenient + 2
}

/** Bytes of the body, as this head of a request says; undefined if its chunks do. */
export function declaredLength(head: Buffer): number | undefined {
  const text = head.toString('latin1')
  if (/^transfer-encoding[ \t]*:/im.test(text)) return undefined
  return Number(/^content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?$/im.exec(text)?.[1] ?? 0)
}

const requestLine = /^([!#$%&'*+.^_`|~\dA-Za-z-]+) +(\S.*?) +HTTP\/\d(?:\.\d)?$/

/** Reads an HTTP/1.x request; of bytes that are none, what is wrong with them. */
export function parseRequestMessage(message: Buffer): RequestMessage | { readonly problem: string } {
  const length = headLength(message)
  if (length === undefined) return { problem: 'the request ends before its headers do' }
  const [first = '', ...lines] = message.toString('latin1', 0, length).split(/\r?\n/).slice(0, -2)
  const [, method, url] = requestLine.exec(first) ?? []
  if (method === undefined || url === undefined)
    return { problem: `this is not a request line of HTTP/1: ${JSON.stringify(first.slice(0, 80))}` }
  const headers: Header[] = []
  for (const line of lines) {
    const folded = /^[ \t]+(.*)$/.exec(line)
    const last = headers.at(-1)
    const [, name, value = ''] = /^([^\s:]+)[ \t]*:[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (folded !== null && last !== undefined)
      headers[headers.length - 1] = [last[0], `${last[1]} ${folded[1] ?? ''}`.trim()]
    else if (name !== undefined) headers.push([name, value])
    else return { problem: `this is not a header: ${JSON.stringify(line.slice(0, 80))}` }
  }
  return { method, url, headers, ...bodyOf(message.subarray(length), headers) }
}

type Body = Pick<RequestMessage, 'body' | 'bodyLength' | 'isCut'>

function bodyOf(bytes: Buffer, headers: readonly Header[]): Body {
  if (/(^|[\s,])chunked$/i.test(headerValue(headers, 'transfer-encoding') ?? '')) return unchunked(bytes)
  const declared = headerValue(headers, 'content-length')
  if (declared === undefined || !/^\d{1,15}$/.test(declared))
    return { body: bytes, bodyLength: bytes.length, isCut: false }
  const bodyLength = Number(declared)
  return { body: bytes.subarray(0, bodyLength), bodyLength, isCut: bytes.length < bodyLength }
}

/**
 * RFC 9112 §7.1, without extensions and trailers. A body that is not chunked after all is returned unchanged.
 */
function unchunked(bytes: Buffer): Body {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\n', at)
    const size = /^([\da-f]{1,12})[ \t]*(?:;.*)?\r?$/i.exec(
      end < 0 ? '' : bytes.toString('latin1', at, Math.min(end, at + 1024)),
    )?.[1]
    if (size === undefined && parts.length === 0 && bytes.length > 0)
      return { body: bytes, bodyLength: bytes.length, isCut: false }
    const length = size === undefined ? undefined : Number.parseInt(size, 16)
    if (length === undefined || length === 0) return joined(parts, length === undefined ? 'cut' : 'whole')
    parts.push(bytes.subarray(end + 1, end + 1 + length))
    if (end + 1 + length > bytes.length) return joined(parts, 'cut')
    at = end + 1 + length
    at += bytes[at] === 0x0d ? 2 : 1
  }
}

function joined(parts: readonly Buffer[], extent: 'whole' | 'cut'): Body {
  const body = Buffer.concat(parts)
  return { body, bodyLength: body.length, isCut: extent === 'cut' }
}

/**
 * An HTTP/1.1 request, in two parts so that a large body is not copied. The body is framed by its length: a
 * Transfer-Encoding becomes a Content-Length, and of a body that was cut Content-Length says what it had.
 */
export function renderRequestMessage({
  method,
  url,
  headers,
  body,
  bodyLength,
  isCut,
}: RequestMessage): readonly [head: Buffer, body: Buffer] {
  const length = isCut && bodyLength <= body.length ? body.length + 1 : bodyLength
  const framing = headers.findIndex(([name]) => isFraming(name))
  const framed =
    framing < 0 && length > 0
      ? [...headers, ['Content-Length', String(length)] as const]
      : headers.flatMap((header, index) =>
          !isFraming(header[0])
            ? [header]
            : index === framing
              ? [['Content-Length', String(length)] as const]
              : [],
        )
  const lines = [`${method} ${url} HTTP/1.1`, ...framed.map(([name, value]) => `${name}: ${value}`), '', '']
  return [Buffer.from(lines.join('\r\n'), 'latin1'), body]
}

function isFraming(name: string): boolean {
  return /^(content-length|transfer-encoding)$/i.test(name)
}
