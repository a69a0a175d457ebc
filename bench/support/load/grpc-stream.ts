import { connect } from 'node:net'
import type { Socket } from 'node:net'
import {
  connectionPreface,
  flag,
  frame,
  FrameReader,
  frameType,
  grpcRequestHeaders,
  readSettings,
  setting,
  settingsFrame,
  windowUpdate,
} from './http2-frames.ts'
import type { FrameHead } from './http2-frames.ts'
import { lend, takeBack } from './message-buffers.ts'

export interface GrpcStreamOptions {
  readonly host: string
  readonly port: number
  /** `/package.Service/Method` */
  readonly path: string
  readonly onConnect: () => void
  /** `message` is valid during the call only. */
  readonly onMessage: (message: Buffer) => void
  /** Once, however it ended. */
  readonly onEnd: (reason: string) => void
}

// Envoy's own windows (Http2ProtocolOptions): 16 MiB a stream, 24 MiB a connection. RFC 9113 begins with
// 65,535 bytes.
const streamWindow = 16 * 2 ** 20
const connectionWindow = 24 * 2 ** 20
const firstWindow = 65_535
const updateAfter = 2 ** 20
const maxFrame = 16_384
const stream = 1

/** One bidirectional gRPC stream on a TCP connection of its own, as each proxy has one. */
export class GrpcStream {
  readonly #socket: Socket
  readonly #options: GrpcStreamOptions
  readonly #prefix = Buffer.allocUnsafe(5)
  #prefixFilled = 0
  #message: Buffer = noMessage
  #messageFilled = 0
  #unreported = 0
  #room = { connection: firstWindow, stream: firstWindow, initial: firstWindow }
  #queue: Buffer[] = []
  #ended = false

  constructor(options: GrpcStreamOptions) {
    this.#options = options
    const { host, port, path } = options
    const reader = new FrameReader({
      data: (piece) => this.#data(piece),
      control: (head, payload) => this.#control(head, payload),
    })
    const onread = {
      buffer: readBuffer,
      callback: (size: number, buffer: Uint8Array): boolean => {
        reader.push(Buffer.from(buffer.buffer, buffer.byteOffset, size))
        return true
      },
    }
    this.#socket = connect({ host, port, noDelay: true, onread })
    this.#socket.on('connect', options.onConnect)
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', () => this.#end('closed'))
    this.#socket.write(
      Buffer.concat([
        connectionPreface,
        settingsFrame([
          [setting.enablePush, 0],
          [setting.initialWindowSize, streamWindow],
        ]),
        windowUpdate(0, connectionWindow - firstWindow),
        frame(
          { type: frameType.headers, flags: flag.endHeaders, stream },
          grpcRequestHeaders(path, `${host}:${port}`),
        ),
      ]),
    )
  }

  /** Sends one message, as the server's windows allow. */
  send(message: Uint8Array): void {
    const framed = Buffer.allocUnsafe(5 + message.length)
    framed[0] = 0
    framed.writeUInt32BE(message.length, 1)
    framed.set(message, 5)
    this.#queue.push(framed)
    this.#flush()
  }

  /** Stops reading from the socket, so that the server's writes pile up. */
  stall(): void {
    this.#socket.pause()
  }

  /** Drops the connection without a word. */
  close(): void {
    this.#end('closed by the client')
    this.#socket.destroy()
  }

  #data(piece: Buffer): void {
    this.#unreported += piece.length
    for (let position = 0; position < piece.length;)
      position =
        this.#prefixFilled < 5 ? this.#readPrefix(piece, position) : this.#readMessage(piece, position)
    if (this.#unreported < updateAfter) return
    this.#socket.write(
      Buffer.concat([windowUpdate(0, this.#unreported), windowUpdate(stream, this.#unreported)]),
    )
    this.#unreported = 0
  }

  #readPrefix(piece: Buffer, start: number): number {
    const end = Math.min(piece.length, start + 5 - this.#prefixFilled)
    this.#prefixFilled += piece.copy(this.#prefix, this.#prefixFilled, start, end)
    if (this.#prefixFilled < 5) return end
    if (this.#prefix[0] !== 0) throw new Error('a compressed message')
    this.#message = lend(this.#prefix.readUInt32BE(1))
    this.#messageFilled = 0
    if (this.#message.length === 0) this.#finishMessage()
    return end
  }

  #readMessage(piece: Buffer, start: number): number {
    const end = Math.min(piece.length, start + this.#message.length - this.#messageFilled)
    this.#messageFilled += piece.copy(this.#message, this.#messageFilled, start, end)
    if (this.#messageFilled === this.#message.length) this.#finishMessage()
    return end
  }

  #finishMessage(): void {
    this.#prefixFilled = 0
    const message = this.#message
    this.#message = noMessage
    if (!this.#ended) this.#options.onMessage(message)
    takeBack(message)
  }

  #control({ type, flags, stream: id }: FrameHead, payload: Buffer): void {
    if (type === frameType.settings && (flags & flag.ack) === 0) return this.#settings(payload)
    if (type === frameType.ping && (flags & flag.ack) === 0)
      return void this.#socket.write(frame({ type, flags: flag.ack, stream: 0 }, payload))
    if (type === frameType.windowUpdate) return this.#widen(id, payload.readUInt32BE(0) & 0x7fffffff)
    if (type === frameType.reset) return this.#end(`reset by the server, code ${payload.readUInt32BE(0)}`)
    if (type === frameType.goAway) return this.#end(`the server goes away, code ${payload.readUInt32BE(4)}`)
    const ends = type === frameType.data || type === frameType.headers
    if (ends && (flags & flag.endStream) !== 0) this.#end(`ended by the server: ${statusIn(payload)}`)
  }

  #settings(payload: Buffer): void {
    const initial = readSettings(payload).get(setting.initialWindowSize) ?? this.#room.initial
    this.#room = { ...this.#room, initial, stream: this.#room.stream + initial - this.#room.initial }
    this.#socket.write(frame({ type: frameType.settings, flags: flag.ack, stream: 0 }, Buffer.alloc(0)))
    this.#flush()
  }

  #widen(id: number, increment: number): void {
    if (id === 0) this.#room.connection += increment
    else this.#room.stream += increment
    this.#flush()
  }

  #flush(): void {
    const frames: Buffer[] = []
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const room = Math.min(maxFrame, next.length, this.#room.connection, this.#room.stream)
      if (room <= 0) break
      frames.push(frame({ type: frameType.data, flags: 0, stream }, next.subarray(0, room)))
      this.#room.connection -= room
      this.#room.stream -= room
      if (room === next.length) this.#queue.shift()
      else this.#queue[0] = next.subarray(room)
    }
    const [only, ...others] = frames
    if (only !== undefined && !this.#ended)
      this.#socket.write(others.length === 0 ? only : Buffer.concat(frames))
  }

  #end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.onEnd(reason)
  }
}

const noMessage = Buffer.alloc(0)

/** Shared by all sockets: what arrives is taken over before the next read. */
const readBuffer = Buffer.alloc(256 * 1024)

/** Trailers are compressed; what of them is plain text says enough. */
function statusIn(payload: Buffer): string {
  return payload
    .toString('latin1')
    .replaceAll(/[^ -~]+/g, ' ')
    .trim()
}
