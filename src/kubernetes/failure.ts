import { isRecord } from '../manifest/message.ts'

/** An unsuccessful response of the API server, or the reason for no response (then `status` is undefined). */
export class ApiFailure extends Error {
  /** The HTTP status, or the code of an ERROR event of a watch. */
  readonly status: number | undefined
  /** Milliseconds that the server asks to be left alone. */
  readonly retryAfter: number | undefined
  /** We ended it, as nothing came for a while. */
  readonly quiet: boolean

  constructor(
    message: string,
    answer: { readonly status?: number; readonly retryAfter?: number; readonly quiet?: true } = {},
  ) {
    super(message)
    this.status = answer.status
    this.retryAfter = answer.retryAfter
    this.quiet = answer.quiet === true
  }
}

/**
 * The failure in a `metav1.Status`, the body of a refusal or the ERROR event of a watch. `status` is used if
 * the body has no code.
 */
export function failureOf(body: unknown, status?: number, retryAfterHeader?: string): ApiFailure {
  const { message, code, details } = isRecord(body) ? body : {}
  const seconds = Number(retryAfterHeader ?? (isRecord(details) ? details['retryAfterSeconds'] : undefined))
  const known = typeof code === 'number' ? code : status
  const text = typeof message === 'string' && message !== '' ? message : 'no reason given'
  return new ApiFailure(known === undefined ? text : `${known}: ${text}`, {
    ...(known === undefined ? {} : { status: known }),
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfter: seconds * 1000 } : {}),
  })
}
