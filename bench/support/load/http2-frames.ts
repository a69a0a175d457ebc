/**
 * HTTP/2 frames (RFC 9113, section 4): as much as a client with one request a connection needs, so that a
 * load costs little beside the server.
 */

export const frameType = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8 } as const
export const connectionPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** RFC 9113, section 6.5.2. */
export const setting = { enablePush: 2, initialWindowSize: 4, maxFrameSize: 5 } as const

export interface FrameHead {
  readonly type: number
  readonly flags: number
  readonly stream: number
}

const headLength = 9

export function frame({ type, flags, stream }: FrameHead, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headLength + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
  bytes.set(payload, headLength)
  return bytes
}

export function settingsFrame(values: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(values.length * 6)
  for (const [index, [id, value]] of values.entries()) {
    payload.writeUInt16BE(id, index * 6)
    payload.writeUInt32BE(value, index * 6 + 2)
  }
  return frame({ type: frameType.settings, flags: 0, stream: 0 }, payload)
}

export function readSettings(payload: Buffer): ReadonlyMap<number, number> {
  const count = Math.floor(payload.length / 6)
  return new Map(
    Array.from({ length: count }, (_, index) => [
      payload.readUInt16BE(index * 6),
      payload.readUInt32BE(index * 6 + 2),
    ]),
  )
}

export function windowUpdate(stream: number, increment: number): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt32BE(increment)
  return frame({ type: frameType.windowUpdate, flags: 0, stream }, payload)
}

/**
 * The header block of a gRPC request, without the dynamic table (RFC 7541, section 6.2.2). Names and values
 * are shorter than 127 bytes.
 */
export function grpcRequestHeaders(path: string, authority: string): Buffer {
  const text = (value: string): readonly (Buffer | Uint8Array)[] => [
    Buffer.from([value.length]),
    Buffer.from(value),
  ]
  return Buffer.concat([
    Buffer.from([0x83, 0x86]), // :method POST, :scheme http
    Buffer.from([0x04]),
    ...text(path), // :path
    Buffer.from([0x01]),
    ...text(authority), // :authority
    Buffer.from([0x0f, 0x10]),
    ...text('application/grpc'), // content-type
    Buffer.from([0x00]),
    ...text('te'),
    ...text('trailers'),
  ])
}

export interface FrameHandler {
  /** A piece of a DATA frame's payload, valid during the call only. */
  data(piece: Buffer): void
  /** Any other frame. */
  control(head: FrameHead, payload: Buffer): void
}

/** Takes a connection apart into frames, whatever pieces it arrives in. */
export class FrameReader {
  readonly #handler: FrameHandler
  readonly #head = Buffer.allocUnsafe(headLength)
  #headFilled = 0
  #frame: FrameHead = { type: 0, flags: 0, stream: 0 }
  #remaining = 0
  #payload: Buffer[] = []

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  push(chunk: Buffer): void {
    let position = 0
    while (position < chunk.length)
      position =
        this.#headFilled < headLength ? this.#readHead(chunk, position) : this.#readPayload(chunk, position)
  }

  #readHead(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + headLength - this.#headFilled)
    this.#headFilled += chunk.copy(this.#head, this.#headFilled, start, end)
    if (this.#headFilled < headLength) return end
    this.#frame = {
      type: this.#head[3] ?? 0,
      flags: this.#head[4] ?? 0,
      stream: this.#head.readUInt32BE(5) & 0x7fffffff,
    }
    this.#remaining = this.#head.readUIntBE(0, 3)
    if (this.#frame.type === frameType.data && (this.#frame.flags & flag.padded) !== 0)
      throw new Error('a padded DATA frame')
    if (this.#remaining === 0) this.#finish()
    return end
  }

  #readPayload(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + this.#remaining)
    const piece = chunk.subarray(start, end)
    this.#remaining -= piece.length
    if (this.#frame.type === frameType.data) this.#handler.data(piece)
    else this.#payload.push(Buffer.from(piece))
    if (this.#remaining === 0) this.#finish()
    return end
  }

  #finish(): void {
    this.#headFilled = 0
    const payload = this.#payload
    this.#payload = []
    // The end of a DATA frame is reported as well: it may end the stream.
    this.#handler.control(
      this.#frame,
      payload.length === 1 && payload[0] !== undefined ? payload[0] : Buffer.concat(payload),
    )
  }
}
