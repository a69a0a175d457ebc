import { Metadata } from '@grpc/grpc-js'
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { ServerHttp2Stream } from 'node:http2'
import type { Writable } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** One client's end of an xDS method: bytes in, bytes out. */
export type XdsCall = ServerDuplexStream<Buffer, Buffer>

/** Writes responses to one client. */
export interface ResponseWriter {
  /**
   * Sends one message, which is its parts in order. False when the client is behind: nothing more should be
   * written before `drained`.
   */
  write(parts: readonly Buffer[]): boolean
}

/**
 * Writes a message without copying its parts, so that a body that a thousand streams share is in memory once.
 * The public way to write copies a message into its gRPC frame. So the frame is written here, to the HTTP/2
 * stream below the call; headers, status, cancellation and shutdown stay with grpc-js. If grpc-js has no such
 * stream, messages take the public way.
 */
export function responseWriter(call: XdsCall, drained: () => void): ResponseWriter {
  const stream = streamOf(call)
  if (stream === undefined) {
    call.on('drain', drained)
    return { write: (parts) => call.write(Buffer.concat(parts)) }
  }
  stream.on('drain', drained)
  let headersSent = false
  return {
    write(parts) {
      if (stream.destroyed || stream.writableEnded) return true
      if (!headersSent) call.sendMetadata(new Metadata())
      headersSent = true
      return writeMessage(stream, parts)
    },
  }
}

/** The HTTP/2 stream, by grpc-js's own private fields. */
export function streamOf(call: object): ServerHttp2Stream | undefined {
  return interceptedStream(property(call, 'call'))
}

/** Like `streamOf`, for the call of an interceptor; interceptors wrap each other. */
export function interceptedStream(call: unknown): ServerHttp2Stream | undefined {
  const inner = property(call, 'nextCall')
  if (inner !== undefined) return interceptedStream(inner)
  const stream = property(call, 'stream')
  return isHttp2Stream(stream) ? stream : undefined
}

/** The socket below; undefined if the call does not use TLS. */
export function socketOf(call: object): TLSSocket | undefined {
  const socket = property(property(streamOf(call), 'session'), 'socket')
  return socket instanceof TLSSocket ? socket : undefined
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function isHttp2Stream(value: unknown): value is ServerHttp2Stream {
  return (
    typeof value === 'object' && value !== null && 'respond' in value && 'cork' in value && 'write' in value
  )
}

/** Below this, one write of a copy costs less than one write for each part. */
const leastShared = 16_384 // bytes, as one HTTP/2 DATA frame

/**
 * Writes a Length-Prefixed-Message: a zero for "not compressed", the length in 4 bytes, the message (gRPC
 * over HTTP2, "Requests"). False if the client is behind; `done` is called when it has received the whole
 * message, or is disconnected.
 */
export function writeMessage(
  stream: Writable,
  parts: readonly Buffer[],
  done: () => void = () => {},
): boolean {
  const length = lengthOf(parts)
  if (length < leastShared) return stream.write(joined(parts, length), done)
  stream.cork()
  stream.write(joined([], length))
  const results = parts.map((part, index) =>
    index === parts.length - 1 ? stream.write(part, done) : stream.write(part),
  )
  stream.uncork()
  return results.every(Boolean)
}

/** The prefix of a message of this length, and the given parts. */
function joined(parts: readonly Buffer[], length: number): Buffer {
  const message = Buffer.allocUnsafe(prefixLength + lengthOf(parts))
  message[0] = 0
  message.writeUInt32BE(length, 1)
  let end = prefixLength
  for (const part of parts) {
    message.set(part, end)
    end += part.length
  }
  return message
}

const prefixLength = 5

/** Bytes of all parts together. */
export function lengthOf(parts: readonly Buffer[]): number {
  let length = 0
  for (const part of parts) length += part.length
  return length
}
