import { Hono } from 'hono'
import type { Context } from 'hono'
import { errorText } from '../errors.ts'
import { answerOf, jsonOf } from './answer.ts'
import { ApiError, grpcStatus, httpStatus } from './api-error.ts'
import type { AdminService, Call, Method, Reply } from './service.ts'

/** The methods of these services at their paths. A handler throws ApiError. */
export function jsonRoutes(services: readonly AdminService[]): Hono {
  const routes = new Hono()
  for (const method of services.flatMap(({ methods }) => methods))
    routes.on(method.verb, method.path.replace(/\{(\w+)\}/g, ':$1'), (c) => answer(c, method))
  return routes
}

/** A google.rpc.Status, with the HTTP status that belongs to it. */
export function errorAnswer(error: ApiError): Response {
  return answerOf({
    ...jsonOf({ code: grpcStatus(error), message: error.message }),
    status: httpStatus(error),
  })
}

async function answer(c: Context, method: Method): Promise<Response> {
  const call = method.fromJson({ ...(await bodyOf(c.req.raw)), ...c.req.query(), ...c.req.param() })
  return call.kind === 'single' ? answerOf(jsonOf((await call.run()).json())) : lines(call, c.req.raw.signal)
}

const largestBody = 64 * 1024

async function bodyOf({ body, headers }: Request): Promise<object> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body ?? []) {
    length += part.length
    if (length > largestBody)
      throw new ApiError('INVALID_ARGUMENT', `the request is larger than ${largestBody} bytes`)
    parts.push(part)
  }
  if (length === 0) return {}
  if (!/^application\/json\b/i.test(headers.get('content-type') ?? ''))
    throw new ApiError('INVALID_ARGUMENT', 'a body must be JSON: send content-type: application/json')
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (error) {
    throw new ApiError('INVALID_ARGUMENT', `the body is not JSON: ${errorText(error)}`)
  }
  throw new ApiError('INVALID_ARGUMENT', 'the body must be a JSON object')
}

/** One reply a line. A failure before the first reply is an error of the request. */
async function lines(call: Extract<Call, { kind: 'stream' }>, gone: AbortSignal): Promise<Response> {
  const replies = call.run(gone)
  let next: IteratorResult<Reply> | undefined = await replies.next()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = next ?? (await replies.next())
        next = undefined
        if (done === true) controller.close()
        else controller.enqueue(Buffer.from(`${JSON.stringify(value.json())}\n`))
      },
      cancel: async () => {
        await replies.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
}
