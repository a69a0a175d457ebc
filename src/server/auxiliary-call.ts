import { Metadata, status } from '@grpc/grpc-js'
import type { Responder, ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js'
import { BoundedCall } from './bounded-call.ts'
import type { After } from '../clock.ts'
import type { Limits } from './limits.ts'
import { interceptedStream, writeMessage } from './response-writer.ts'
import { services } from './service.ts'

export interface AuxiliaryOptions {
  readonly limits: Pick<Limits, 'auxiliaryStreams' | 'auxiliaryTimeout'>
  readonly schedule: After
}

/**
 * Bounds what clients may use of the services beside discovery: health, reflection and client status. Streams
 * are counted a service, and a connection may have a tenth of them. One answer is in flight a stream: the
 * next request is not read before the client has taken the answer. A call that makes no progress ends.
 */
export function auxiliaryCalls({ limits, schedule }: AuxiliaryOptions): ServerInterceptor {
  const open = new Map<string, OpenStreams>()
  const discovery = new Set(
    services.flatMap(({ name, methods }) => Object.values(methods).map((method) => `/${name}/${method}`)),
  )
  return ({ path, requestStream, responseStream }, call) => {
    if (discovery.has(path)) return new BoundedCall(call, { schedule })
    const service = path.split('/', 2)[1] ?? ''
    const streams = open.get(service) ?? new OpenStreams(limits.auxiliaryStreams)
    open.set(service, streams)
    const shape = requestStream ? 'both' : responseStream ? 'answers' : 'unary'
    return new AuxiliaryCall(call, { service, shape, streams, timeout: limits.auxiliaryTimeout, schedule })
  }
}

/** The open streams of one service. */
class OpenStreams {
  readonly most: number
  readonly mostOfConnection: number
  readonly #ofConnection = new Map<string, number>()
  #count = 0

  constructor(most: number) {
    this.most = most
    this.mostOfConnection = Math.ceil(most / 10)
  }

  /** Counts one more call, or returns the reason why it is denied. */
  enter(connection: string): string | undefined {
    const ofConnection = this.#ofConnection.get(connection) ?? 0
    if (this.#count >= this.most) return `${this.most} streams`
    if (ofConnection >= this.mostOfConnection) return `${this.mostOfConnection} streams of this connection`
    this.#count += 1
    this.#ofConnection.set(connection, ofConnection + 1)
    return undefined
  }

  leave(connection: string): void {
    const left = (this.#ofConnection.get(connection) ?? 0) - 1
    this.#count -= 1
    if (left > 0) this.#ofConnection.set(connection, left)
    else this.#ofConnection.delete(connection)
  }
}

interface AuxiliaryCallOptions {
  readonly service: string
  /** The sides that may send several messages. */
  readonly shape: 'unary' | 'answers' | 'both'
  readonly streams: OpenStreams
  readonly timeout: number
  readonly schedule: After
}

/** Milliseconds after which a client that only listens (health's Watch) must begin again. */
const longestWatch = 3_600_000

class AuxiliaryCall extends BoundedCall {
  readonly #nextCall: ServerInterceptingCallInterface
  readonly #options: AuxiliaryCallOptions
  readonly #peer: string
  #cancelTimer: () => void = () => {}
  #isCounted = false
  #hasRequest = false
  #isAnswering = false
  #isReadWanted = false
  #unread = 0

  constructor(nextCall: ServerInterceptingCallInterface, options: AuxiliaryCallOptions) {
    const start: NonNullable<Responder['start']> = (next) => {
      next({
        onReceiveMessage: (message, deliver) => {
          this.#hasRequest = true
          this.#isAnswering = true
          this.#progressed()
          deliver(message)
        },
        onCancel: () => {
          this.#ended()
        },
      })
    }
    super(nextCall, { schedule: options.schedule, responder: { start } })
    this.#nextCall = nextCall
    this.#options = options
    this.#peer = nextCall.getPeer()
  }

  override start(listener: Parameters<BoundedCall['start']>[0]): void {
    const { shape, streams, service } = this.#options
    const reason = shape === 'unary' ? undefined : streams.enter(this.#peer)
    if (reason !== undefined) {
      this.sendStatus({
        code: status.RESOURCE_EXHAUSTED,
        details: `${reason} are open of ${service}, which is the limit`,
      })
      return
    }
    this.#isCounted = shape !== 'unary'
    this.#progressed()
    super.start(listener)
  }

  /** Each request of a stream is answered: the next one is read when the answer has been. */
  override startRead(): void {
    if (this.#options.shape === 'both' && this.#isAnswering) this.#isReadWanted = true
    else super.startRead()
  }

  /** A list of buffers is sent unchanged; grpc-js serializes any other message. */
  override sendMessage(message: unknown, callback: () => void): void {
    this.#unread += 1
    const done = (): void => {
      this.#unread -= 1
      this.#isAnswering = false
      this.#progressed()
      callback()
      if (!this.#isReadWanted) return
      this.#isReadWanted = false
      super.startRead()
    }
    const stream = interceptedStream(this.#nextCall)
    if (stream === undefined || !isParts(message)) {
      super.sendMessage(message, done)
      return
    }
    this.#nextCall.sendMetadata(new Metadata())
    writeMessage(stream, message, done)
  }

  #progressed(): void {
    this.#cancelTimer()
    const { shape, timeout, schedule } = this.#options
    const isWatching = shape === 'answers' && this.#hasRequest && this.#unread === 0
    this.#cancelTimer = schedule(isWatching ? longestWatch : timeout, () => {
      this.#expire(isWatching)
    })
  }

  #expire(isWatching: boolean): void {
    if (isWatching) {
      this.sendStatus({ code: status.UNAVAILABLE, details: 'this stream is an hour old: begin again' })
      return
    }
    const details = `no request came, or an answer was not read, for ${this.#options.timeout / 1000} s`
    this.sendStatus({ code: status.DEADLINE_EXCEEDED, details })
  }

  #ended(): void {
    this.#cancelTimer()
    if (this.#isCounted) this.#options.streams.leave(this.#peer)
    this.#isCounted = false
  }
}

function isParts(message: unknown): message is readonly Buffer[] {
  return Array.isArray(message) && message.every((part) => Buffer.isBuffer(part))
}
