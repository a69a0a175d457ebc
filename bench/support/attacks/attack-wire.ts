import { connect } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { encode } from '../../../src/xds/proto.ts'
import type { Message } from '../../../src/xds/proto.ts'
import { field } from '../../../src/xds/wire.ts'
import { ResponseReader } from '../load/discovery-response.ts'
import type { Arrived } from '../load/discovery-response.ts'

/** Where a server listens, and what a client shows there; in PEM. */
export interface WireTarget {
  readonly host: string
  readonly port: number
  readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string } | undefined
}

/**
 * One HTTP/2 connection that sends exactly the given frames, including those that a gRPC client never sends.
 */
export class Wire {
  readonly #target: WireTarget
  readonly #window: number
  #session: ClientHttp2Session

  /** `window`: bytes that each stream may send before they are read; 0 for a client that never reads. */
  constructor(target: WireTarget, window = 65_535) {
    this.#target = target
    this.#window = window
    this.#session = connected(target, window)
  }

  /** Begins a call, on a new connection where the server has closed the last one. */
  call(path: string): WireCall {
    if (this.#session.closed || this.#session.destroyed) this.#session = connected(this.#target, this.#window)
    return new WireCall(
      this.#session.request(
        { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
        { endStream: false },
      ),
    )
  }

  close(): void {
    this.#session.destroy()
  }
}

function connected({ host, port, tls }: WireTarget, window: number): ClientHttp2Session {
  const secure = tls === undefined ? {} : { ca: tls.ca, cert: tls.certificate, key: tls.key }
  const session = connect(`${tls === undefined ? 'http' : 'https'}://${host}:${port}`, {
    ...secure,
    settings: { initialWindowSize: window },
  })
  session.on('error', () => {})
  session.setMaxListeners(0)
  return session
}

const prefix = 5

/** One gRPC call, in bytes. */
export class WireCall {
  /** Resolves with the gRPC status, or undefined when there was none, when the call is over. */
  readonly ended: Promise<number | undefined>
  onMessage: (message: Buffer) => void = () => {}
  readonly #stream: ClientHttp2Stream
  #pieces: Buffer[] = []
  #length = 0

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream
    let code: number | undefined
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers['grpc-status'] !== undefined) code = Number(headers['grpc-status'])
    }
    stream
      .on('response', note)
      .on('trailers', note)
      .on('error', () => {})
      .on('data', (bytes: Buffer) => {
        this.#take(bytes)
      })
    this.ended = new Promise((resolve) =>
      stream
        .once('close', () => {
          resolve(code)
        })
        .once('end', () => {
          setImmediate(() => {
            resolve(code)
          })
        }),
    )
  }

  /** Writes one message. */
  write(message: Uint8Array): void {
    if (this.#stream.closed || this.#stream.destroyed) return
    const head = Buffer.alloc(prefix)
    head.writeUInt32BE(message.length, 1)
    this.#stream.write(head)
    this.#stream.write(message)
  }

  end(): void {
    this.#stream.end()
  }

  reset(): void {
    this.#stream.destroy()
  }

  #take(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#length += bytes.length
    for (;;) {
      if (this.#length < prefix) return
      const all =
        this.#pieces.length === 1 && this.#pieces[0] !== undefined
          ? this.#pieces[0]
          : Buffer.concat(this.#pieces)
      this.#pieces = [all]
      const end = prefix + all.readUInt32BE(1)
      if (all.length < end) return
      this.#pieces = [all.subarray(end)]
      this.#length -= end
      this.onMessage(all.subarray(prefix, end))
    }
  }
}

export const deltaPath = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'

/**
 * DeltaDiscoveryRequest: node 1, type_url 2, resource_names_subscribe 3, initial_resource_versions 5,
 * response_nonce 6, error_detail 7 (a Status: message 2).
 */
export interface DeltaRequest {
  readonly node?: Uint8Array
  readonly typeUrl?: string
  readonly subscribe?: readonly string[]
  readonly nonce?: string
  readonly error?: string
  /** Fields that are encoded already. */
  readonly more?: readonly Uint8Array[]
}

export function deltaRequest({
  node,
  typeUrl,
  subscribe = [],
  nonce,
  error,
  more = [],
}: DeltaRequest): Buffer {
  return Buffer.concat([
    ...(node === undefined ? [] : [field(1, node)]),
    ...(typeUrl === undefined ? [] : [field(2, typeUrl)]),
    ...subscribe.map((name) => field(3, name)),
    ...more,
    ...(nonce === undefined ? [] : [field(6, nonce)]),
    ...(error === undefined ? [] : [field(7, field(2, error))]),
  ])
}

export function encodedNode(node: Message<'envoy.config.core.v3.Node'>): Buffer {
  return encode('envoy.config.core.v3.Node', node)
}

/** Reads the responses of one delta stream. */
export function deltaReader(take: (arrived: Arrived) => void): (message: Buffer) => void {
  const reader = new ResponseReader('delta')
  return (message) => {
    take(reader.read(message))
  }
}
