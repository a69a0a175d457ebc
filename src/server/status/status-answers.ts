import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ServerDuplexStream } from '@grpc/grpc-js'

/** Bytes of all answers that are being made, or that their readers have not taken. */
const mostBytes = 128 * 1024 * 1024
/** Milliseconds of making an answer, between turns of the event loop. */
const slice = 10
/** Smaller buffers are joined. */
const leastAlone = 16 * 1024
const joinedLength = 64 * 1024

type Call = ServerDuplexStream<Buffer, readonly Buffer[]>

/** Too many bytes: the message says what the caller can do. */
export class TooManyBytes extends Error {}

/**
 * Makes large answers: one at a time, in slices, so that proxies are served meanwhile; the bytes of all are
 * bounded.
 */
export class StatusAnswers {
  #last: Promise<unknown> = Promise.resolve()
  #bytes = 0

  /**
   * Makes a response and writes it; resolves when the client has received it, or is disconnected. Throws
   * TooManyBytes.
   */
  async give(call: Call, pieces: () => Iterable<readonly Buffer[]>): Promise<void> {
    const parts = new Parts()
    try {
      const made = this.#last.then(() => this.#make(call, pieces, parts))
      this.#last = made.catch(() => {})
      await made
      if (!call.cancelled) await taken(call, parts.all())
    } finally {
      this.#bytes -= parts.length
    }
  }

  async #make(call: Call, pieces: () => Iterable<readonly Buffer[]>, parts: Parts): Promise<void> {
    let end = performance.now() + slice
    for (const piece of pieces()) {
      for (const buffer of piece) this.#add(buffer, parts)
      if (performance.now() < end) continue
      await nextTurn()
      if (call.cancelled) return
      end = performance.now() + slice
    }
  }

  #add(buffer: Buffer, parts: Parts): void {
    if (this.#bytes + buffer.length > mostBytes) {
      const most = `${mostBytes / 1024 / 1024} MiB`
      throw new TooManyBytes(
        parts.length + buffer.length > mostBytes
          ? `the answer is larger than ${most}: match fewer nodes, or set exclude_resource_contents`
          : `all answers that wait for their readers have ${most}, which is the limit: try again later, ` +
              `match fewer nodes, or set exclude_resource_contents`,
      )
    }
    this.#bytes += buffer.length
    parts.add(buffer)
  }
}

/**
 * Joins small buffers, and leaves large ones as they are, so that what other messages share is not copied.
 */
class Parts {
  readonly #whole: Buffer[] = []
  #small: Buffer[] = []
  #smallLength = 0
  length = 0

  add(buffer: Buffer): void {
    this.length += buffer.length
    if (buffer.length >= leastAlone) {
      this.#join()
      this.#whole.push(buffer)
      return
    }
    this.#small.push(buffer)
    this.#smallLength += buffer.length
    if (this.#smallLength >= joinedLength) this.#join()
  }

  all(): readonly Buffer[] {
    this.#join()
    return this.#whole
  }

  #join(): void {
    if (this.#small.length > 0) this.#whole.push(Buffer.concat(this.#small))
    this.#small = []
    this.#smallLength = 0
  }
}

function taken(call: Call, parts: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('cancelled', done)
      resolve()
    }
    call.once('cancelled', done)
    call.write(parts, done)
  })
}
