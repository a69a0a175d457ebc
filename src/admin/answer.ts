import { createHash } from 'node:crypto'

/** A complete body; the answer has its length. */
export interface Content {
  readonly mediaType: string
  readonly body: Buffer | string
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

export function answerOf({ mediaType, body, status = 200, headers = {} }: Content): Response {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return new Response(new Uint8Array(bytes), {
    status,
    headers: { ...headers, 'content-type': mediaType, 'content-length': String(bytes.length) },
  })
}

/** The same, or 304 if the client has it already, by the entity tag among the headers. */
export function revalidated(
  request: Request,
  { etag, ...content }: Content & { readonly etag: string },
): Response {
  const headers = { ...content.headers, etag }
  return request.headers.get('if-none-match') === etag
    ? new Response(null, { status: 304, headers })
    : answerOf({ ...content, headers })
}

/** One line for people. */
export function textOf(line: string): Pick<Content, 'mediaType' | 'body'> {
  return { mediaType: 'text/plain; charset=utf-8', body: `${line}\n` }
}

export function jsonOf(value: unknown): Pick<Content, 'mediaType' | 'body'> {
  return { mediaType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` }
}

/** A strong entity tag: a hash of the content. */
export function etagOf(content: Buffer | string): string {
  return `"${createHash('sha256').update(content).digest('base64url')}"`
}
