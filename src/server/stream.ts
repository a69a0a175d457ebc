import { status } from '@grpc/grpc-js'
import { errorText } from '../errors.ts'
import { foreignText } from '../diagnostics/foreign-text.ts'
import { stackOf } from '../diagnostics/internal-error.ts'
import { withoutExtensions } from '../xds/node.ts'
import { TooManyNames } from '../xds/request.ts'
import { resourceTypeByUrl } from '../xds/resource-types.ts'
import type { ResourceType, TypeName } from '../xds/resource-types.ts'
import type { Snapshot, Snapshots, SnapshotSubscription } from '../xds/snapshot.ts'
import { field } from '../xds/wire.ts'
import type { Bindings } from './admission/bindings.ts'
import type { Admission, BytesInFlight } from './admission/bytes-in-flight.ts'
import type { ClientState } from './status/client-state.ts'
import { nonceField } from './codec.ts'
import type { Codec, Request } from './codec.ts'
import type { ObserveXds, Proxy, Refusal } from './event.ts'
import type { Identify, Unidentified } from './identity.ts'
import type { After } from '../clock.ts'
import type { Limits } from './limits.ts'
import { Incoming } from './incoming.ts'
import { keptFor } from './kept.ts'
import type { Account, Kept } from './admission/memory-budget.ts'
import type { Place } from './admission/places.ts'
import { lengthOf, responseWriter } from './response-writer.ts'
import type { ResponseWriter, XdsCall } from './response-writer.ts'
import type { Service } from './service.ts'
import { advanced, areIdle, received } from './state/stream-state.ts'
import type { Answer, Step } from './state/stream-state.ts'
import { statusText } from './status/status-text.ts'
import type { Subscription, Subscriptions } from './state/subscription.ts'
import type { Turns } from './admission/turns.ts'
import { isSameRefusal, refusalOn, typeStates } from './state/type-state.ts'

export interface StreamOptions {
  readonly codec: Codec
  readonly service: Service
  /** The first stream is 1. */
  readonly number: number
  readonly snapshots: Snapshots
  readonly observe: ObserveXds
  readonly onEnd: () => void
  readonly limits: Limits
  readonly bytesInFlight: BytesInFlight
  readonly place: Place
  readonly bindings: Bindings
  /** Counts the bytes that the client makes the server remember. */
  readonly account: Account
  /** Counts the bytes of an incomplete request. */
  readonly incoming: Account
  readonly turns: Turns
  readonly schedule: After
  readonly identify: Identify
}

interface Connection {
  /** Ends the use of the binding. */
  readonly unbind: () => void
  readonly proxy: Proxy
  readonly source: SnapshotSubscription
  readonly node: Uint8Array
  readonly at: number
}

/** A response that waits for its answer. */
interface Unanswered {
  readonly admission: Admission
  readonly cancel: () => void
}

/**
 * One xDS stream: the effects around stream-state.ts. A mistake in it, ours or the client's, ends this stream
 * only.
 */
export class Stream {
  readonly #call: XdsCall
  readonly #writer: ResponseWriter
  readonly #options: StreamOptions
  readonly #refusedTypes = new Set<string>()
  readonly #unanswered = new Map<TypeName, Unanswered>()
  /** The rejected resources that were last reported. */
  readonly #refusals = new Map<TypeName, Refusal>()
  readonly #kept = new Map<
    TypeName,
    { readonly subscription: Subscription; readonly kept: readonly Kept[] }
  >()
  /** Ends the wait for the first request. */
  readonly #heard: () => void
  /** Requests that have arrived and wait for their turn. */
  readonly #requests: Buffer[] = []
  /** Bytes of the names, versions and node that the stream makes the server remember. */
  #bytes = 0
  #connection: Connection | undefined
  #snapshot: Snapshot | undefined
  #subscriptions: Subscriptions = new Map()
  #responses = 0
  #progress: 'idle' | 'scheduled' | 'blocked' | 'ended' = 'idle'

  constructor(call: XdsCall, options: StreamOptions) {
    this.#call = call
    this.#options = options
    this.#writer = responseWriter(call, () => this.#drained())
    this.#heard = options.schedule(options.limits.firstRequest, () => this.#silent())
    const incoming = new Incoming(call, options.incoming)
    call.on('data', (bytes: Buffer) => {
      this.#heard()
      if (bytes.length < heavyRequest && this.#requests.length === 0) {
        incoming.received(bytes)
        this.#guard(() => this.#receive(bytes))
      } else if (this.#requests.push(bytes) === 1) this.#receiveLater(incoming)
    })
    call.on('end', () => this.#close('closed by the proxy'))
    call.on('cancelled', () => this.#finish('connection lost'))
  }

  /** The client's state; undefined before its first request, and until its snapshot exists. */
  get state(): ClientState | undefined {
    if (this.#connection === undefined || this.#snapshot === undefined) return undefined
    const { proxy, node, at: connectedAt } = this.#connection
    return {
      proxy,
      node,
      connectedAt,
      snapshot: this.#snapshot,
      types: typeStates(this.#subscriptions, this.#snapshot),
    }
  }

  /** Ends the stream with a status; the proxy keeps its resources and connects again. */
  fail(code: status, details: string): void {
    if (this.#progress === 'ended') return
    this.#finish(details)
    this.#call.emit('error', { code, details: statusText(details) })
  }

  /** Sends the due response: it is this stream's turn (see bytes-in-flight.ts). */
  resume(): void {
    if (this.#progress === 'blocked' || this.#progress === 'ended') this.#options.bytesInFlight.leave(this)
    else this.#guard(() => this.#advance())
  }

  /** Heavy requests take turns with everything else; the client's next ones are not read meanwhile. */
  #receiveLater(incoming: Incoming): void {
    this.#call.pause()
    this.#options.turns.nextHeavy(() => {
      const bytes = this.#requests.shift()
      if (bytes !== undefined) {
        incoming.received(bytes)
        this.#guard(() => this.#receive(bytes))
      }
      if (this.#requests.length > 0) this.#receiveLater(incoming)
      else this.#call.resume()
    })
  }

  /** Requests that arrived while the process was busy are read first. */
  #silent(): void {
    setImmediate(() => {
      if (this.#connection !== undefined || this.#progress === 'ended') return
      this.#refuse(
        status.DEADLINE_EXCEEDED,
        `no request on this stream within ${this.#options.limits.firstRequest / 1000} s`,
      )
    })
  }

  #receive(bytes: Buffer): void {
    if (this.#progress === 'ended') return
    const request = this.#decode(bytes)
    if (request === undefined || !this.#isWithin(request.names) || !this.#connect(request)) return
    const type = this.#typeOf(request.typeUrl)
    if (type === undefined) return
    const { subscriptions, answer } = received(this.#subscriptions, type, {
      ...request,
      mode: this.#options.codec.mode,
      at: Date.now(),
    })
    this.#subscriptions = subscriptions
    const { interest, again } = subscriptions.get(type.name) ?? { interest: { names: none }, again: none }
    if (!this.#isWithin(Math.max(interest.names.size, again.size)) || !this.#remember()) return
    this.#settle(type.name, answer)
    if (this.#snapshot === undefined || this.#refusals.size > 0 || !areIdle(subscriptions, this.#snapshot))
      this.#wake()
  }

  #decode(bytes: Buffer): Request | undefined {
    try {
      return this.#options.codec.decode(bytes, {
        names: this.#options.limits.names,
        known: () => [...this.#subscriptions.values()].flatMap(({ list }) => list ?? []),
      })
    } catch (error) {
      if (error instanceof TooManyNames) {
        this.#refuse(status.RESOURCE_EXHAUSTED, error.message)
        return undefined
      }
      const kind = this.#options.codec.mode === 'sotw' ? 'DiscoveryRequest' : 'DeltaDiscoveryRequest'
      this.#refuse(status.INVALID_ARGUMENT, `the request is not a valid ${kind}: ${errorText(error)}`)
      return undefined
    }
  }

  #isWithin(names: number): boolean {
    const most = this.#options.limits.names
    return (
      names <= most ||
      this.#refuse(
        status.RESOURCE_EXHAUSTED,
        `${names} resource names on one stream and type: ${most} are allowed`,
      )
    )
  }

  /** Counts the bytes that the stream keeps now; false if it has ended because of them. */
  #remember(): boolean {
    const changed = [...this.#subscriptions].filter(
      ([type, subscription]) => this.#kept.get(type)?.subscription !== subscription,
    )
    for (const [type, subscription] of changed)
      this.#kept.set(type, { subscription, kept: keptFor(subscription) })
    const node = this.#connection?.node ?? noNode
    const kept = [
      { object: node, bytes: node.length * 2 },
      ...[...this.#kept.values()].flatMap((each) => each.kept),
    ]
    const bytes = kept.reduce((sum, each) => sum + each.bytes, 0)
    const {
      account,
      limits: { streamBytes },
    } = this.#options
    if (bytes > streamBytes) {
      const size = `${Math.ceil(bytes / mebibyte)} MiB of names and versions on one stream`
      return this.#refuse(
        status.RESOURCE_EXHAUSTED,
        `${size}: ${Math.floor(streamBytes / mebibyte)} MiB are allowed`,
      )
    }
    account.keep(kept)
    this.#bytes = bytes
    return this.#isOpen()
  }

  #isOpen(): boolean {
    return this.#progress !== 'ended'
  }

  /**
   * "Only the first request on a stream is guaranteed to carry the node identifier" ("Basic Protocol
   * Overview").
   */
  #connect(request: Request): boolean {
    if (this.#connection !== undefined) return true
    const { codec, service, number, observe, snapshots, identify, limits, place, bindings } = this.#options
    const node = withoutExtensions(request.node)
    if (node.length > limits.nodeBytes) {
      const allowed = `${limits.nodeBytes} are allowed`
      const sizes = `the node has ${node.length} bytes without its extensions: ${allowed}`
      return this.#refuse(status.RESOURCE_EXHAUSTED, `${sizes}; set less metadata in the bootstrap`)
    }
    if (node.length === 0) {
      return this.#refuse(
        status.INVALID_ARGUMENT,
        'the first request of a stream must carry the node: set node.id and node.cluster in the bootstrap',
      )
    }
    const identity = identify(node, { mode: codec.mode, service })
    if ('error' in identity)
      return identity.denied === undefined
        ? this.#refuse(status.INVALID_ARGUMENT, identity.error)
        : this.#deny(identity.error, identity.denied)
    const { id, scope, principal } = identity
    if (id.length > longestId) {
      return this.#refuse(
        status.INVALID_ARGUMENT,
        `node.id has ${id.length} characters: write at most ${longestId}; it begins ${foreignText(id, 50)}`,
      )
    }
    const unbind = bindings.take(scope)
    if (unbind === undefined) {
      const taken =
        `the proxies of namespace ${foreignText(scope.namespace, 63)} have ${limits.bindings} ` +
        `different BIND_ADDRESS and PORT_MAP already`
      return this.#refuse(status.RESOURCE_EXHAUSTED, `${taken}: use one of those, or raise --max-bindings`)
    }
    place.settle()
    // Until there is a snapshot, requests are accepted and no response is due.
    const source = snapshots.subscribe(scope, (snapshot) => {
      this.#snapshot = snapshot
      this.#wake()
    })
    this.#snapshot ??= source.current
    const proxy = {
      id,
      stream: number,
      mode: codec.mode,
      scope,
      ...(principal === undefined ? {} : { principal }),
    }
    this.#connection = { proxy, source, node, unbind, at: Date.now() }
    observe({ kind: 'connected', proxy: this.#connection.proxy })
    return this.#remember()
  }

  #deny(reason: string, known: Unidentified['denied']): false {
    this.#options.observe({
      kind: 'denied',
      peer: this.#call.getPeer(),
      code: 'PERMISSION_DENIED',
      reason: statusText(reason),
      ...known,
    })
    this.fail(status.PERMISSION_DENIED, reason)
    return false
  }

  #refuse(code: status, reason: string): false {
    this.#options.observe({ kind: 'refused', peer: this.#call.getPeer(), reason: statusText(reason) })
    this.fail(code, reason)
    return false
  }

  /**
   * The type "is implicit in requests made via singleton xDS APIs such as CDS, LDS, etc. but is required for
   * ADS" (discovery.proto).
   */
  #typeOf(typeUrl: string): ResourceType | undefined {
    const {
      service: { type: own },
      codec,
    } = this.#options
    if (own === undefined) {
      const type = resourceTypeByUrl.get(typeUrl)
      const isServed = type !== undefined && (codec.mode === 'delta' || type.ownedBy === undefined)
      if (!isServed) this.#refuseType(typeUrl)
      return isServed ? type : undefined
    }
    if (typeUrl === '' || typeUrl === own.typeUrl) return own
    const what = `type_url is ${JSON.stringify(foreignText(typeUrl))} on a stream of ${own.typeUrl}`
    this.#refuse(status.INVALID_ARGUMENT, `${what}: leave it out, or use the aggregated service`)
    return undefined
  }

  /**
   * The specification says nothing about unknown types; a proxy that subscribes to one must not lose the
   * others.
   */
  #refuseType(typeUrl: string): void {
    if (this.#refusedTypes.size >= maxRefusedTypes || this.#refusedTypes.has(typeUrl)) return
    this.#refusedTypes.add(typeUrl)
    const isKnown = resourceTypeByUrl.has(typeUrl)
    const where = isKnown ? ' in SotW' : ''
    const reason = `type URL ${JSON.stringify(foreignText(typeUrl))} is not served${where}`
    this.#options.observe({ kind: 'refused', peer: this.#call.getPeer(), reason })
  }

  #settle(type: TypeName, answer: Answer): void {
    const proxy = this.#connection?.proxy
    if (answer.kind === 'none' || proxy === undefined || this.#snapshot === undefined) return
    this.#answered(type)
    const { nonce, content } = answer.response
    const refusal = refusalOn(type, this.#subscriptions, this.#snapshot)
    this.#note(type, refusal)
    if (answer.kind === 'acked')
      this.#options.observe({ kind: 'acked', proxy, type, nonce, version: content.version, refusal })
    else
      this.#options.observe({
        kind: 'nacked',
        proxy,
        type,
        nonce,
        message: answer.message,
        resources: content.resources,
        refusal,
      })
  }

  #note(type: TypeName, refusal: Refusal | undefined): void {
    if (refusal === undefined) this.#refusals.delete(type)
    else this.#refusals.set(type, refusal)
  }

  /**
   * A refused resource may be removed, mended or unsubscribed without a response, and so without an answer.
   */
  #reviewRefusals(proxy: Proxy, snapshot: Snapshot): void {
    for (const type of this.#subscriptions.keys()) {
      const refusal = refusalOn(type, this.#subscriptions, snapshot)
      if (isSameRefusal(this.#refusals.get(type), refusal)) continue
      this.#note(type, refusal)
      this.#options.observe({ kind: 'refusal', proxy, type, refusal })
    }
  }

  #answered(type: TypeName): void {
    const unanswered = this.#unanswered.get(type)
    if (unanswered === undefined) return
    this.#unanswered.delete(type)
    unanswered.cancel()
    unanswered.admission.release()
  }

  /** Requests and snapshots that arrive together are answered together. */
  #wake(): void {
    if (this.#progress !== 'idle') return
    this.#progress = 'scheduled'
    const { turns } = this.#options
    const turn = (): void => {
      if (this.#progress !== 'scheduled') return
      this.#progress = 'idle'
      // A waiting stream is resumed later, and then sends the newest state.
      const isWaiting = this.#options.bytesInFlight.waits(this)
      this.#guard(() => (isWaiting ? this.#review() : this.#advance()))
    }
    if (this.#bytes < heavyStream) turns.next(turn)
    else turns.nextHeavy(turn)
  }

  #review(): void {
    if (this.#connection !== undefined && this.#snapshot !== undefined)
      this.#reviewRefusals(this.#connection.proxy, this.#snapshot)
  }

  #advance(): void {
    const { codec, bytesInFlight } = this.#options
    this.#review()
    while (this.#snapshot !== undefined && (this.#progress === 'idle' || this.#progress === 'scheduled')) {
      const nonce = String(this.#responses + 1)
      const step = advanced(this.#subscriptions, this.#snapshot, nonce)
      if (step.next === undefined) {
        this.#subscriptions = step.subscriptions
        return bytesInFlight.leave(this)
      }
      const body = codec.body(step.next.type, step.next.content)
      const end = field(nonceField, nonce)
      const admission = bytesInFlight.admit(this, body.length + end.length)
      if (admission === undefined) return
      this.#send(step, [body, end], admission)
    }
  }

  #send({ subscriptions, next }: Step, parts: readonly Buffer[], admission: Admission): void {
    const proxy = this.#connection?.proxy
    if (next === undefined || proxy === undefined) return admission.release()
    const {
      type: { name: type },
      content: { sent, removed },
      nonce,
    } = next
    const {
      schedule,
      limits: { answerTimeout },
      observe,
    } = this.#options
    this.#subscriptions = subscriptions
    this.#responses += 1
    this.#unanswered.set(type, { admission, cancel: schedule(answerTimeout, () => this.#overdue(type)) })
    if (!this.#writer.write(parts)) this.#progress = 'blocked'
    if (!this.#remember()) return
    observe({ kind: 'pushed', proxy, type, nonce, bytes: lengthOf(parts), sent, removed })
  }

  #overdue(type: TypeName): void {
    this.fail(
      status.DEADLINE_EXCEEDED,
      `no answer to a ${type} response within ${this.#options.limits.answerTimeout / 1000} s`,
    )
  }

  #drained(): void {
    if (this.#progress !== 'blocked') return
    this.#progress = 'idle'
    this.#wake()
  }

  #guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      const of = this.#connection === undefined ? '' : ` of ${this.#connection.proxy.id}`
      this.#options.observe({
        kind: 'internal-error',
        what: `stream ${this.#options.number}${of}`,
        stack: stackOf(error),
      })
      this.fail(status.INTERNAL, `shadowplane failed on this stream: ${errorText(error)}`)
    }
  }

  #close(reason: string): void {
    if (this.#progress === 'ended') return
    this.#finish(reason)
    this.#call.end()
  }

  #finish(reason: string): void {
    if (this.#progress === 'ended') return
    this.#progress = 'ended'
    for (const type of [...this.#unanswered.keys()]) this.#answered(type)
    this.#heard()
    this.#options.bytesInFlight.leave(this)
    this.#options.account.close()
    this.#options.incoming.close()
    this.#options.place.leave()
    this.#connection?.source.close()
    this.#connection?.unbind()
    this.#options.onEnd()
    if (this.#connection !== undefined)
      this.#options.observe({ kind: 'disconnected', proxy: this.#connection.proxy, reason })
  }
}

const none: ReadonlySet<string> = new Set()
const noNode = Buffer.alloc(0)
/** Bytes of a request, and of what a stream makes the server remember, from which on its work is heavy. */
const heavyRequest = 256 * 1024
const heavyStream = 4 * 1024 * 1024
const mebibyte = 1024 * 1024

/** Characters. The longest name of a pod, with its namespace and address, makes an id of some 450. */
const longestId = 1024

/** Enough for any real client; bounds what a hostile one makes us remember. */
const maxRefusedTypes = 100
