import { errorText } from '../errors.ts'
import { decode, encode } from '../xds/proto.ts'
import type { Message, MessageName } from '../xds/proto.ts'
import { ApiError } from './api-error.ts'

/**
 * A service of the admin API (proto/admin.proto): called as gRPC, and as JSON at the paths of its methods.
 */
export interface AdminService {
  /** The full name, as in `shadowplane.admin.v1.Taps`. */
  readonly name: string
  readonly methods: readonly Method[]
}

/** A method of the admin API, whichever way it is called. */
export interface Method {
  readonly name: string
  readonly kind: Call['kind']
  readonly verb: 'GET' | 'POST' | 'DELETE'
  /** The path of HTTP, below `apiPrefix`; `{id}` is the field of that name. */
  readonly path: string
  /** Both throw ApiError for a request that is not valid. */
  readonly fromBytes: (bytes: Buffer) => Call
  readonly fromJson: (fields: unknown) => Call
}

/** A call whose request has been read; `gone` is aborted when the caller disconnects. */
export type Call =
  | { readonly kind: 'single'; readonly run: () => Promise<Reply> }
  | { readonly kind: 'stream'; readonly run: (gone: AbortSignal) => AsyncGenerator<Reply> }

/** An answer, or one message of a stream, in either form. */
export interface Reply {
  readonly bytes: () => Buffer
  readonly json: () => unknown
}

/** The paths of the admin API begin with this. */
export const apiPrefix = '/v1/'

interface Named<Q extends MessageName> extends Pick<Method, 'name' | 'verb' | 'path'> {
  readonly request: Q
}

/** A method that answers once. */
export function single<Q extends MessageName, A extends MessageName>({
  request,
  response,
  run,
  ...named
}: Named<Q> & {
  readonly response: A
  readonly run: (request: Message<Q>) => Message<A> | Promise<Message<A>>
}): Method {
  const call = (message: Message<Q>): Call => ({
    kind: 'single',
    async run() {
      const answer = await run(message)
      return { bytes: () => encode(response, answer), json: () => decode(response, encode(response, answer)) }
    },
  })
  return { ...named, kind: 'single', ...reading(request, call) }
}

/** A method that answers with a stream: lines of JSON over HTTP (application/x-ndjson). */
export function stream<Q extends MessageName>({
  request,
  run,
  ...named
}: Named<Q> & {
  readonly run: (request: Message<Q>, gone: AbortSignal) => AsyncGenerator<Reply>
}): Method {
  const call = (message: Message<Q>): Call => ({ kind: 'stream', run: (gone) => run(message, gone) })
  return { ...named, kind: 'stream', ...reading(request, call) }
}

function reading<Q extends MessageName>(
  request: Q,
  call: (message: Message<Q>) => Call,
): Pick<Method, 'fromBytes' | 'fromJson'> {
  const read = (message: () => Message<Q>): Call => {
    try {
      return call(message())
    } catch (error) {
      throw new ApiError(
        'INVALID_ARGUMENT',
        `the request is not a valid ${request.slice(request.lastIndexOf('.') + 1)}: ` + errorText(error),
      )
    }
  }
  return {
    fromBytes: (bytes) => read(() => decode(request, bytes)),
    // Encoding refuses unknown fields and wrong types.
    fromJson: (fields) => read(() => decode(request, encode(request, fields as Message<Q>))),
  }
}
