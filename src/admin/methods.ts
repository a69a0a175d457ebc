import { decode, encode } from '../xds/proto.ts'
import type { Message, MessageName } from '../xds/proto.ts'
import { ApiError } from './api-error.ts'
import { tapEventBytes, tapEventJson } from './tap-event.ts'
import type { Taps } from './taps.ts'

/** An answer, or a part of one, in either form. */
export interface Reply {
  readonly bytes: () => Buffer
  readonly json: () => unknown
}

/** A call whose request has been read. `gone`: the caller is not there any more. */
export type Call =
  | { readonly kind: 'single'; readonly run: (api: Taps) => Promise<Reply> }
  | { readonly kind: 'stream'; readonly run: (api: Taps, gone: AbortSignal) => AsyncGenerator<Reply> }

/** A method of the admin API, whichever way it is called. */
export interface Method {
  readonly name: string
  readonly kind: Call['kind']
  /** Of HTTP; `{id}` in the path is the field of that name. */
  readonly verb: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** Both throw ApiError for what is no such request. */
  readonly fromBytes: (bytes: Buffer) => Call
  readonly fromJson: (fields: unknown) => Call
}

export const serviceName = 'shadowplane.admin.v1.Taps'

/** The service `Taps` of proto/admin.proto. */
export const methods: readonly Method[] = [
  single({
    name: 'CreateTap',
    verb: 'POST',
    path: '/v1/taps',
    request: 'shadowplane.admin.v1.CreateTapRequest',
    response: 'shadowplane.admin.v1.Tap',
    run: (taps, request) => taps.create(request),
  }),
  single({
    name: 'ListTaps',
    verb: 'GET',
    path: '/v1/taps',
    request: 'shadowplane.admin.v1.ListTapsRequest',
    response: 'shadowplane.admin.v1.ListTapsResponse',
    run: (taps) => ({ taps: taps.list() }),
  }),
  single({
    name: 'RenewTap',
    verb: 'POST',
    path: '/v1/taps/{id}/renew',
    request: 'shadowplane.admin.v1.RenewTapRequest',
    response: 'shadowplane.admin.v1.Tap',
    run: (taps, { id = '' }) => taps.renew(id),
  }),
  watch(),
  single({
    name: 'DeleteTap',
    verb: 'DELETE',
    path: '/v1/taps/{id}',
    request: 'shadowplane.admin.v1.DeleteTapRequest',
    response: 'shadowplane.admin.v1.Tap',
    run: (taps, { id = '' }) => taps.delete(id),
  }),
]

interface Single<Q extends MessageName, A extends MessageName> extends Pick<
  Method,
  'name' | 'verb' | 'path'
> {
  readonly request: Q
  readonly response: A
  readonly run: (taps: Taps, request: Message<Q>) => Message<A> | Promise<Message<A>>
}

function single<Q extends MessageName, A extends MessageName>({
  name,
  verb,
  path,
  request,
  response,
  run,
}: Single<Q, A>): Method {
  const call = (message: Message<Q>): Call => ({
    kind: 'single',
    async run(taps) {
      const answer = await run(taps, message)
      return { bytes: () => encode(response, answer), json: () => decode(response, encode(response, answer)) }
    },
  })
  return { name, kind: 'single', verb, path, ...reading(request, call) }
}

function watch(): Method {
  const call = ({ id = '' }: Message<'shadowplane.admin.v1.WatchTapRequest'>): Call => ({
    kind: 'stream',
    async *run(taps, gone) {
      for await (const event of taps.watch(id, gone))
        yield { bytes: () => tapEventBytes(event), json: () => tapEventJson(event) }
    },
  })
  return {
    name: 'WatchTap',
    kind: 'stream',
    verb: 'GET',
    path: '/v1/taps/{id}/events',
    ...reading('shadowplane.admin.v1.WatchTapRequest', call),
  }
}

function reading<Q extends MessageName>(
  request: Q,
  call: (message: Message<Q>) => Call,
): Pick<Method, 'fromBytes' | 'fromJson'> {
  const read = (what: () => Message<Q>): Call => {
    try {
      return call(what())
    } catch (error) {
      throw new ApiError(
        'INVALID_ARGUMENT',
        `this is no ${request.slice(request.lastIndexOf('.') + 1)}: ` +
          (error instanceof Error ? error.message : String(error)),
      )
    }
  }
  return {
    fromBytes: (bytes) => read(() => decode(request, bytes)),
    // Encoding refuses unknown fields and wrong types.
    fromJson: (fields) => read(() => decode(request, encode(request, fields as Message<Q>))),
  }
}
