import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { ApiError, apiError, grpcStatus, httpStatus } from './api-error.ts'
import { methods } from './methods.ts'
import type { Call } from './methods.ts'
import type { Request, Response } from './server.ts'
import type { Taps } from './taps.ts'

/** Paths of the admin API begin so. */
export const apiPrefix = '/v1/'

const routes = methods.map((method) => ({
  method,
  pattern: new RegExp(`^${method.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}))

/**
 * Answers an admitted request for a path of the admin API; never rejects. An error is a google.rpc.Status.
 */
export async function answerApi(request: Request, response: Response, taps: Taps): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort()
  })
  try {
    const call = await read(request)
    if (call.kind === 'single') return send(response, 200, (await call.run(taps)).json())
    await stream(call.run(taps, gone.signal), response, gone.signal)
  } catch (thrown) {
    if (gone.signal.aborted) return
    const error = apiError(thrown)
    if (response.headersSent) response.destroy()
    else sendError(response, error)
  }
}

/** A google.rpc.Status, with the HTTP status that goes with it. */
export function sendError(response: Response, error: ApiError): void {
  send(response, httpStatus(error), { code: grpcStatus(error), message: error.message })
}

async function read(request: Request): Promise<Call> {
  const asked = URL.parse(request.url ?? '', 'http://admin')
  const at = routes.filter(({ pattern }) => pattern.test(asked?.pathname ?? ''))
  const found = at.find(({ method }) => method.verb === request.method)
  if (asked === null || at.length === 0)
    throw new ApiError(
      'NOT_FOUND',
      `no such path: ${request.url ?? ''}; there are ` +
        methods.map(({ verb, path }) => `${verb} ${path}`).join(', '),
    )
  if (found === undefined)
    throw new ApiError(
      'INVALID_ARGUMENT',
      `${request.method ?? ''} is not answered here: use ${at.map(({ method }) => method.verb).join(' or ')}`,
    )
  const path = Object.entries(found.pattern.exec(asked.pathname)?.groups ?? {}).map(
    ([name, value]) => [name, unescaped(value)] as const,
  )
  return found.method.fromJson({
    ...(await bodyOf(request)),
    ...Object.fromEntries(asked.searchParams),
    ...Object.fromEntries(path),
  })
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ApiError('INVALID_ARGUMENT', `${text} is not percent-encoded as it should be`)
  }
}

const largestBody = 64 * 1024

async function bodyOf(request: Request): Promise<object> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > largestBody)
      throw new ApiError('INVALID_ARGUMENT', `the request is larger than ${largestBody} bytes`)
    parts.push(part)
  }
  if (length === 0) return {}
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new ApiError('INVALID_ARGUMENT', 'a body must be JSON: send content-type: application/json')
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (error) {
    throw new ApiError(
      'INVALID_ARGUMENT',
      `the body is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  throw new ApiError('INVALID_ARGUMENT', 'the body must be a JSON object')
}

/** How long a reader may take nothing, in milliseconds. */
const patience = 30_000

async function stream(
  replies: ReturnType<Extract<Call, { kind: 'stream' }>['run']>,
  response: Response,
  gone: AbortSignal,
): Promise<void> {
  const output: Writable = response
  // Nothing may come for long.
  response.setTimeout(0)
  for await (const reply of replies) {
    if (!response.headersSent) setHead(response, 200, 'application/x-ndjson')
    if (!output.write(`${JSON.stringify(reply.json())}\n`))
      await once(output, 'drain', { signal: AbortSignal.any([gone, AbortSignal.timeout(patience)]) })
  }
  response.end()
}

function send(response: Response, code: number, value: unknown): void {
  setHead(response, code, 'application/json')
  response.end(`${JSON.stringify(value, null, 2)}\n`)
}

function setHead(response: Response, code: number, mediaType: string): void {
  response.statusCode = code
  response.setHeader('content-type', mediaType)
  response.setHeader('cache-control', 'no-store')
}
