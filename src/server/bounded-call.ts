import { ServerInterceptingCall } from '@grpc/grpc-js'
import type { Responder, ServerInterceptingCallInterface } from '@grpc/grpc-js'
import type { After } from '../clock.ts'
import { interceptedStream } from './response-writer.ts'
import { statusText } from './status/status-text.ts'

/** Milliseconds that a client has to take the rest of a call that is over. */
const grace = 5_000

/**
 * A call whose HTTP/2 stream is destroyed within seconds of its status. A status waits behind data that the
 * client has not read, and a stream stays open until the client closes its half: without this, a client could
 * keep both in memory without end.
 */
export class BoundedCall extends ServerInterceptingCall {
  readonly #nextCall: ServerInterceptingCallInterface
  readonly #schedule: After
  #isOver = false

  constructor(
    nextCall: ServerInterceptingCallInterface,
    { schedule, responder }: { readonly schedule: After; readonly responder?: Responder },
  ) {
    super(nextCall, responder)
    this.#nextCall = nextCall
    this.#schedule = schedule
  }

  override sendStatus(status: Parameters<ServerInterceptingCall['sendStatus']>[0]): void {
    const { details } = status
    super.sendStatus(typeof details === 'string' ? { ...status, details: statusText(details) } : status)
    const stream = interceptedStream(this.#nextCall)
    if (this.#isOver || stream === undefined || stream.closed) return
    this.#isOver = true
    const cancel = this.#schedule(grace, () => {
      stream.destroy()
    })
    stream.once('close', cancel)
  }
}
