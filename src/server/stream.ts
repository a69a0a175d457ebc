import { status } from '@grpc/grpc-js'
import type { ServerDuplexStream } from '@grpc/grpc-js'
import { decode } from '../xds/proto.ts'
import { resourceTypeByUrl } from '../xds/resource-types.ts'
import { scopeOf } from '../xds/scope.ts'
import type { Scope } from '../xds/scope.ts'
import type { Snapshot, Snapshots, SnapshotSubscription } from '../xds/snapshot.ts'
import type { Codec, Request } from './codec.ts'
import type { ObserveXds, Proxy } from './event.ts'
import { advanced, received } from './stream-state.ts'
import type { Answer } from './stream-state.ts'
import type { Subscriptions } from './subscription.ts'

export type XdsCall = ServerDuplexStream<Buffer, Buffer>

export interface StreamOptions {
  readonly codec: Codec
  /** Counts streams from 1. */
  readonly number: number
  readonly snapshots: Snapshots
  readonly observe: ObserveXds
  readonly onEnd: () => void
}

interface Connection {
  readonly proxy: Proxy
  readonly source: SnapshotSubscription
}

/** One xDS stream: the effects around stream-state.ts. A mistake in it, ours or the client's, ends this stream only. */
export class Stream {
  readonly #call: XdsCall
  readonly #options: StreamOptions
  readonly #refusedTypes = new Set<string>()
  #connection: Connection | undefined
  #snapshot: Snapshot | undefined
  #subscriptions: Subscriptions = new Map()
  #responses = 0
  #progress: 'idle' | 'scheduled' | 'blocked' | 'ended' = 'idle'

  constructor(call: XdsCall, options: StreamOptions) {
    this.#call = call
    this.#options = options
    call.on('data', (bytes: Buffer) => this.#guard(() => this.#receive(bytes)))
    call.on('end', () => this.#close('closed by the proxy'))
    call.on('cancelled', () => this.#finish('connection lost'))
    call.on('drain', () => this.#drained())
  }

  /** Ends the stream with a status; the proxy keeps what it has and connects again. */
  fail(code: status, details: string): void {
    if (this.#progress === 'ended') return
    this.#finish(details)
    this.#call.emit('error', { code, details })
  }

  #receive(bytes: Buffer): void {
    if (this.#progress === 'ended') return
    const request = this.#decode(bytes)
    if (request === undefined || !this.#connect(request)) return
    const type = resourceTypeByUrl.get(request.typeUrl)
    if (type === undefined) return this.#refuseType(request.typeUrl)
    const { subscriptions, answer } = received(this.#subscriptions, type, { ...request, mode: this.#options.codec.mode })
    this.#subscriptions = subscriptions
    this.#report(answer)
    this.#wake()
  }

  #decode(bytes: Buffer): Request | undefined {
    try {
      return this.#options.codec.decode(bytes)
    } catch (error) {
      this.#refuse(`the request is no ${this.#options.codec.mode === 'sotw' ? '' : 'Delta'}DiscoveryRequest: ${messageOf(error)}`)
      return undefined
    }
  }

  /** "Only the first request on a stream is guaranteed to carry the node identifier" ("Basic Protocol Overview"). */
  #connect({ node }: Request): boolean {
    if (this.#connection !== undefined) return true
    if (node.length === 0) return this.#refuse('the first request of a stream must carry the node: set node.id and node.cluster in the bootstrap')
    const identity = identify(node)
    if ('error' in identity) return this.#refuse(identity.error)
    const { id, scope } = identity
    const source = this.#options.snapshots.subscribe(scope, (snapshot) => {
      this.#snapshot = snapshot
      this.#wake()
    })
    this.#snapshot ??= source.current
    this.#connection = { proxy: { id, stream: this.#options.number, mode: this.#options.codec.mode, scope }, source }
    this.#options.observe({ kind: 'connected', proxy: this.#connection.proxy })
    return true
  }

  #refuse(reason: string): false {
    this.#options.observe({ kind: 'refused', peer: this.#call.getPeer(), reason })
    this.fail(status.INVALID_ARGUMENT, reason)
    return false
  }

  /** The specification leaves unknown types open; a proxy that asks for one must not lose the others. */
  #refuseType(typeUrl: string): void {
    if (this.#refusedTypes.size >= maxRefusedTypes || this.#refusedTypes.has(typeUrl)) return
    this.#refusedTypes.add(typeUrl)
    this.#options.observe({ kind: 'refused', peer: this.#call.getPeer(), reason: `type URL ${JSON.stringify(typeUrl)} is not served` })
  }

  #report(answer: Answer): void {
    const proxy = this.#connection?.proxy
    if (answer.kind === 'none' || proxy === undefined) return
    const { nonce, content, type } = answer.response
    if (answer.kind === 'acked') this.#options.observe({ kind: 'acked', proxy, type, nonce, version: content.version })
    else this.#options.observe({ kind: 'nacked', proxy, type, nonce, message: answer.message, resources: content.resources })
  }

  /** Requests and snapshots that arrive together are answered together. */
  #wake(): void {
    if (this.#progress !== 'idle') return
    this.#progress = 'scheduled'
    setImmediate(() => {
      if (this.#progress !== 'scheduled') return
      this.#progress = 'idle'
      this.#guard(() => this.#advance())
    })
  }

  #advance(): void {
    const proxy = this.#connection?.proxy
    const snapshot = this.#snapshot
    if (proxy === undefined || snapshot === undefined) return
    while (this.#progress === 'idle') {
      const { subscriptions, next } = advanced(this.#subscriptions, snapshot, String(this.#responses + 1))
      this.#subscriptions = subscriptions
      if (next === undefined) return
      this.#responses += 1
      const { type, content, nonce } = next
      const bytes = this.#options.codec.encode(type, content, nonce)
      if (!this.#call.write(bytes)) this.#progress = 'blocked'
      this.#options.observe({ kind: 'pushed', proxy, type: type.name, nonce, bytes: bytes.length, sent: content.sent, removed: content.removed })
    }
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
      this.fail(status.INTERNAL, `shadowplane failed on this stream: ${messageOf(error)}`)
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
    this.#connection?.source.close()
    this.#options.onEnd()
    if (this.#connection !== undefined) this.#options.observe({ kind: 'disconnected', proxy: this.#connection.proxy, reason })
  }
}

/** Enough for any real client; bounds what a hostile one makes us remember. */
const maxRefusedTypes = 100

function identify(bytes: Uint8Array): { readonly id: string; readonly scope: Scope } | { readonly error: string } {
  try {
    const node = decode('envoy.config.core.v3.Node', bytes)
    const found = scopeOf(node)
    return 'error' in found ? found : { id: node.id ?? '', scope: found.scope }
  } catch (error) {
    return { error: `the node cannot be read: ${messageOf(error)}` }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
