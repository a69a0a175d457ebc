import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Writable } from 'node:stream'

/** The requests of HTTP/1 and HTTP/2, as far as they are alike. */
export type NodeRequest = IncomingMessage | Http2ServerRequest
export type NodeResponse = ServerResponse | Http2ServerResponse

export interface Exchange {
  readonly request: NodeRequest
  readonly response: NodeResponse
}

export interface ExchangeOptions {
  /** Never rejects. */
  readonly fetch: (request: Request) => Response | Promise<Response>
  /** Milliseconds for which a client may take nothing of an answer. */
  readonly patience: number
}

/**
 * Answers a request of Node by a function of web requests; never rejects. The next part of a body is read
 * when the client has taken the one before. The signal of the web request is aborted when the exchange ends.
 */
export async function exchange(
  { request, response }: Exchange,
  { fetch, patience }: ExchangeOptions,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort()
  })
  try {
    const asked = webRequest(request, gone.signal)
    const answer =
      asked === undefined ? new Response('not a valid request\n', { status: 400 }) : await fetch(asked)
    await write(answer, response, { gone: gone.signal, patience })
  } catch {
    // The client is gone, reads nothing, or has part of an answer that cannot be completed.
    response.destroy()
  }
}

/** Undefined for a request that no `Request` can be, such as TRACE. */
function webRequest(request: NodeRequest, signal: AbortSignal): Request | undefined {
  const { url = '', method = '' } = request
  const at = url.startsWith('/') ? `http://admin${url}` : url
  const headers = request.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 1 || name.startsWith(':') ? [] : [[name, all[index + 1] ?? ''] satisfies [string, string]],
  )
  const body =
    method === 'GET' || method === 'HEAD'
      ? {}
      : { body: ReadableStream.from(request.iterator({ destroyOnReturn: false })), duplex: 'half' as const }
  try {
    return new Request(at, { method, headers, signal, ...body })
  } catch {
    return undefined
  }
}

async function write(
  answer: Response,
  response: NodeResponse,
  { gone, patience }: { readonly gone: AbortSignal; readonly patience: number },
): Promise<void> {
  const output: Writable = response
  response.statusCode = answer.status
  for (const [name, value] of answer.headers) response.setHeader(name, value)
  if (answer.body === null) {
    response.end()
    return
  }
  const reader = answer.body.getReader()
  gone.addEventListener('abort', () => {
    reader.cancel().catch(() => {})
  })
  if (!answer.headers.has('content-length')) {
    // Nothing may come for long.
    response.setTimeout(0)
    if ('flushHeaders' in response) response.flushHeaders()
    else response.writeHead(answer.status)
  }
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (!output.write(part.value))
      await once(output, 'drain', { signal: AbortSignal.any([gone, AbortSignal.timeout(patience)]) })
  }
  response.setTimeout(patience)
  response.end()
}
