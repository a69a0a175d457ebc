import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Header, RecordedRequest } from './recorded-request.ts'

export interface RecorderOptions {
  /** Bytes of a body that are kept; the rest is read, counted and thrown away. */
  readonly bodyLimit: number
  readonly queue?: QueueLimits
}

/** `dropped`: the consumer was slow, or the copy was broken off. */
export interface RecorderCounts {
  readonly received: number
  readonly dropped: number
}

/** An HTTP/1.1 server that takes any request and answers it at once with 200 and nothing. */
export interface Recorder {
  /** Port 0 picks a free one; resolves with the one that was bound, rejects with the reason. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>
  /**
   * The oldest request that was not taken yet, when there is one; undefined after `close`. One call at a
   * time.
   */
  next(): Promise<RecordedRequest | undefined>
  counts(): RecorderCounts
  /** Received requests can still be taken. */
  close(): Promise<void>
}

const defaultQueue: QueueLimits = { items: 1024, bytes: 64 * 1024 * 1024 }

/** Idle connections stay: a proxy that reuses one that is just being closed would lose a copy. */
const serverOptions = {
  keepAliveTimeout: 0,
  requestTimeout: 60_000,
  headersTimeout: 30_000,
  maxHeaderSize: 128 * 1024,
}
const mostConnections = 1024
/** Bytes of a request, apart from its body and headers. */
const overhead = 1024

/** Requests go into a bounded queue: while it is full they are answered all the same, dropped and counted. */
export function createRecorder({ bodyLimit, queue: limits = defaultQueue }: RecorderOptions): Recorder {
  const queue = new BoundedQueue<RecordedRequest>(limits)
  const counts = { received: 0, dropped: 0 }
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    counts.received += 1
    record(request, {
      queue,
      bodyLimit,
      dropped: () => {
        counts.dropped += 1
      },
    })
    request.once('end', () => response.writeHead(200, { 'content-length': 0 }).end())
  }
  const server = createServer(serverOptions, take)
  server.maxConnections = mostConnections
  server.on('checkExpectation', take)
  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          const bound = server.address()
          resolve(bound === null || typeof bound === 'string' ? port : bound.port)
        })
      }),
    next: () => queue.next(),
    counts: () => ({ ...counts }),
    close: () =>
      new Promise((resolve) => {
        queue.close()
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

interface Recording {
  readonly queue: BoundedQueue<RecordedRequest>
  readonly bodyLimit: number
  readonly dropped: () => void
}

function record(request: IncomingMessage, { queue, bodyLimit, dropped }: Recording): void {
  const { method = '', url = '', rawHeaders } = request
  const time = now()
  const headers = pairs(rawHeaders)
  let reserved = overhead + rawHeaders.reduce((sum, text) => sum + text.length, url.length)
  let parts: Buffer[] | undefined = queue.reserve(reserved) ? [] : undefined
  let kept = 0
  let length = 0
  if (parts === undefined) dropped()
  const giveUp = (): void => {
    if (parts === undefined) return
    parts = undefined
    queue.release(reserved)
    dropped()
  }
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    const part = chunk.subarray(0, bodyLimit - kept)
    if (parts === undefined || part.length === 0) return
    if (!queue.reserve(part.length)) return giveUp()
    reserved += part.length
    kept += part.length
    parts.push(part)
  })
  request.once('end', () => {
    if (parts === undefined) return
    const body = Buffer.concat(parts)
    parts = undefined
    if (!queue.push({ time, method, url, headers, body, bodyLength: length, isCut: length > kept }, reserved))
      dropped()
  })
  request.once('close', giveUp)
  request.once('error', giveUp)
}

function pairs(rawHeaders: readonly string[]): readonly Header[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  )
}

/** Nanoseconds since the epoch, in steps of a microsecond, never backwards. */
function now(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}

interface QueueLimits {
  readonly items: number
  /** Bytes of everything reserved and not yet taken. */
  readonly bytes: number
}

/**
 * A queue for one consumer that never grows past its limits: what does not fit is refused, for the producer
 * to drop and count.
 */
class BoundedQueue<T> {
  readonly #limits: QueueLimits
  readonly #items: { readonly value: T; readonly bytes: number }[] = []
  #bytes = 0
  #closed = false
  #consumer: ((value: T | undefined) => void) | undefined

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Reserves room for bytes that are still coming in; false if the room is full. */
  reserve(bytes: number): boolean {
    if (this.#closed || this.#bytes + bytes > this.#limits.bytes) return false
    this.#bytes += bytes
    return true
  }

  /** Gives back what was reserved for something that never came. */
  release(bytes: number): void {
    this.#bytes -= bytes
  }

  /** For something whose bytes are reserved; false, and the bytes are free again, if the queue is full. */
  push(value: T, bytes: number): boolean {
    const consumer = this.#consumer
    const fits = !this.#closed && (consumer !== undefined || this.#items.length < this.#limits.items)
    if (!fits || consumer !== undefined) this.release(bytes)
    if (!fits) return false
    if (consumer === undefined) {
      this.#items.push({ value, bytes })
      return true
    }
    this.#consumer = undefined
    consumer(value)
    return true
  }

  /** The oldest one, when there is one; undefined after the end. One call at a time. */
  next(): Promise<T | undefined> {
    const item = this.#items.shift()
    if (item !== undefined) {
      this.release(item.bytes)
      return Promise.resolve(item.value)
    }
    return this.#closed
      ? Promise.resolve(undefined)
      : new Promise((resolve) => {
          this.#consumer = resolve
        })
  }

  /** Takes nothing more; what is there can still be taken. */
  close(): void {
    this.#closed = true
    this.#consumer?.(undefined)
    this.#consumer = undefined
  }
}
