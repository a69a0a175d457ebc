import { status } from '@grpc/grpc-js'
import type {
  Metadata,
  Responder,
  ServerInterceptingCallInterface,
  ServerInterceptor,
  ServiceDefinition,
} from '@grpc/grpc-js'
import type { Gate, Principal } from './authentication.ts'
import { BoundedCall } from './bounded-call.ts'
import type { ObserveXds } from './event.ts'
import { Incoming } from './incoming.ts'
import type { After } from '../clock.ts'
import type { Limits } from './limits.ts'
import type { Account, MemoryBudget } from './admission/memory-budget.ts'
import { Places } from './admission/places.ts'
import type { Place } from './admission/places.ts'

export interface HostedCallsOptions {
  readonly gate: Gate
  readonly memory: MemoryBudget
  readonly limits: Pick<Limits, 'streams' | 'firstRequest' | 'answerTimeout'>
  readonly schedule: After
  readonly observe: ObserveXds
  /**
   * Calls back when the connection of a new stream has reached its age, unless the result is called before.
   */
  readonly retire: (aged: () => void) => () => void
}

/** A method of a hosted service, as calls to it need it. */
interface HostedMethod {
  readonly service: string
  readonly isStream: boolean
  readonly deserialize: (bytes: Buffer) => unknown
  readonly places: Places
}

/**
 * Applies the bounds of discovery to calls of hosted services: who calls is known before a handler runs,
 * calls have fairly shared places, requests that have not arrived whole are in the memory budget, and a
 * client that sends no first request or reads no answer loses its call.
 */
export class HostedCalls {
  readonly #options: HostedCallsOptions
  readonly #methods = new Map<string, HostedMethod>()
  readonly #open = new Set<HostedCall>()
  /** grpc-js hands a call the very metadata that its interceptor passed on. */
  readonly #principals = new WeakMap<Metadata, Principal>()

  constructor(options: HostedCallsOptions) {
    this.#options = options
  }

  /** Expects calls of this service, `streams` at a time. */
  add(service: string, definition: ServiceDefinition, streams: number): void {
    const places = new Places(streams)
    for (const { path, requestStream, responseStream, requestDeserialize } of Object.values(definition)) {
      const isStream = requestStream || responseStream
      this.#methods.set(path, { service, isStream, deserialize: requestDeserialize, places })
    }
  }

  principalOf(call: { readonly metadata: Metadata }): Principal | undefined {
    return this.#principals.get(call.metadata)
  }

  /** Undefined for a method of no hosted service. */
  intercept(...[method, call]: Parameters<ServerInterceptor>): HostedCall | undefined {
    const hosted = this.#methods.get(method.path)
    return hosted === undefined
      ? undefined
      : new HostedCall(call, {
          ...this.#options,
          method: hosted,
          onAdmitted: (metadata, principal) => {
            if (principal !== undefined) this.#principals.set(metadata, principal)
          },
          open: this.#open,
        })
  }

  /** Ends all streams; calls with a single answer may still give it. */
  close(): void {
    for (const call of [...this.#open]) call.retire('the control plane is shutting down')
  }
}

interface HostedCallOptions extends HostedCallsOptions {
  readonly method: HostedMethod
  readonly onAdmitted: (metadata: Metadata, principal: Principal | undefined) => void
  readonly open: Set<HostedCall>
}

class HostedCall extends BoundedCall {
  readonly #nextCall: ServerInterceptingCallInterface
  readonly #options: HostedCallOptions
  readonly #incoming: Incoming
  readonly #account: Account
  #place: Place | undefined
  #cancelAge: () => void = () => {}
  #cancelTimer: () => void = () => {}
  #hasRequest = false
  #unread = 0
  #isOver = false

  constructor(nextCall: ServerInterceptingCallInterface, options: HostedCallOptions) {
    const start: NonNullable<Responder['start']> = (next) => {
      next({
        onReceiveMetadata: (metadata, deliver) => {
          this.#admit(metadata, () => {
            deliver(metadata)
          })
        },
        onReceiveMessage: (message, deliver) => {
          this.#received(message, deliver)
        },
        onCancel: () => {
          this.#ended()
        },
      })
    }
    super(nextCall, { schedule: options.schedule, responder: { start } })
    this.#nextCall = nextCall
    this.#options = options
    this.#account = options.memory.open({
      holder: addressOf(nextCall.getPeer()),
      giveWay: () => {
        this.#fail(status.RESOURCE_EXHAUSTED, 'this request takes most memory, and there is no more room')
      },
    })
    this.#incoming = new Incoming({ call: nextCall }, this.#account)
  }

  override sendMessage(message: unknown, callback: () => void): void {
    this.#unread += 1
    if (this.#unread === 1) this.#awaitReader()
    super.sendMessage(message, () => {
      this.#unread -= 1
      this.#awaitReader()
      callback()
    })
  }

  /** Ends a stream, so that its client begins it again elsewhere. */
  retire(reason: string): void {
    if (this.#options.method.isStream) this.#fail(status.UNAVAILABLE, reason)
  }

  #admit(metadata: Metadata, deliver: () => void): void {
    const { gate, limits, method } = this.#options
    if (gate.waiting >= limits.streams) {
      this.#refuse(`${limits.streams} calls wait until it is known who calls, which is the limit`)
      return
    }
    const caller = {
      metadata,
      cancelled: false,
      call: this.#nextCall,
      getPeer: () => this.#nextCall.getPeer(),
      getAuthContext: () => this.#nextCall.getAuthContext(),
    }
    gate.admit(caller, {
      enter: (principal) => {
        if (this.#isOver || !this.#takePlace(principal)) return
        this.#options.onAdmitted(metadata, principal)
        this.#options.open.add(this)
        if (method.isStream)
          this.#cancelAge = this.#options.retire(() => {
            this.retire('this connection has reached its age: connect again, to any replica')
          })
        this.#awaitRequest()
        deliver()
      },
      deny: ({ code, details }) => {
        this.#fail(code, details)
      },
    })
  }

  #takePlace(principal: Principal | undefined): boolean {
    const { method } = this.#options
    const peer = this.#nextCall.getPeer()
    const holder = principal?.namespace ?? principal?.name ?? addressOf(peer)
    this.#place = method.places.take({
      holder,
      connection: peer,
      giveWay: () => {
        this.#fail(
          status.RESOURCE_EXHAUSTED,
          `${holder} has most calls of ${method.service}, and others need some: try again later`,
        )
      },
    })
    if (this.#place === undefined) this.#refuse(`too many calls of ${method.service} are open`)
    return this.#place !== undefined
  }

  #received(message: unknown, deliver: (message: unknown) => void): void {
    if (!Buffer.isBuffer(message)) throw new Error('a request was decoded before its bytes were counted')
    this.#incoming.received(message)
    if (!this.#hasRequest) {
      this.#hasRequest = true
      this.#place?.settle()
      this.#awaitReader()
    }
    try {
      deliver(this.#options.method.deserialize(message))
    } catch (error) {
      this.#fail(status.INVALID_ARGUMENT, `the request cannot be decoded: ${String(error)}`)
    }
  }

  #awaitRequest(): void {
    const { firstRequest } = this.#options.limits
    this.#expireAfter(firstRequest, `no request came for ${firstRequest / 1000} s`)
  }

  #awaitReader(): void {
    if (!this.#hasRequest) return
    const { answerTimeout } = this.#options.limits
    if (this.#unread === 0) this.#cancelTimer()
    else this.#expireAfter(answerTimeout, `an answer was not read for ${answerTimeout / 1000} s`)
  }

  #expireAfter(milliseconds: number, reason: string): void {
    this.#cancelTimer()
    if (this.#isOver) return
    this.#cancelTimer = this.#options.schedule(milliseconds, () => {
      this.#fail(status.DEADLINE_EXCEEDED, reason)
    })
  }

  #refuse(reason: string): void {
    this.#options.observe({ kind: 'refused', peer: this.#nextCall.getPeer(), reason })
    this.#fail(status.RESOURCE_EXHAUSTED, reason)
  }

  #fail(code: status, details: string): void {
    if (!this.#isOver) this.sendStatus({ code, details })
  }

  #ended(): void {
    this.#isOver = true
    this.#cancelTimer()
    this.#cancelAge()
    this.#account.close()
    this.#place?.leave()
    this.#options.open.delete(this)
  }
}

function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '')
}
