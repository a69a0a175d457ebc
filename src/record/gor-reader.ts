import { longestHeaderLine, parseRecordHeader, separator } from './gor-record.ts'
import type { RecordHeader } from './gor-record.ts'
import { declaredLength, headLength, parseRequestMessage } from './http-message.ts'
import type { RecordedRequest } from './recorded-request.ts'

/** A place in a file that does not hold a record; reading goes on behind it. */
export interface Damage {
  /** Length of the record, in bytes, uncompressed. */
  readonly offset: number
  readonly problem: string
}

export type GorItem = { readonly request: RecordedRequest } | { readonly damage: Damage }

/** A longer record is damage; what is held in memory is a small multiple of it at most. */
const longestRecord = 64 * 1024 * 1024
const longestHead = 1024 * 1024

/**
 * Reads the requests of a GoReplay file, one at a time; answers (types 2 and 3) are passed over. A body may
 * hold anything, the separator too: its end is where Content-Length says, if a separator is there, else at
 * the first separator with a record behind it.
 */
export async function* readGor(chunks: AsyncIterable<Buffer>): AsyncGenerator<GorItem> {
  const window = new ByteWindow(chunks)
  for (;;) {
    await skipBlankLines(window)
    if (window.length === 0) return
    const { offset } = window
    const damaged = (problem: string): GorItem => ({ damage: { offset, problem } })
    const header = await takeHeader(window)
    if (header === undefined) {
      const line = window.bytes.toString('utf8', 0, 60).split('\n', 1)[0] ?? ''
      await dropToNextRecord(window)
      yield damaged(
        `this is not a record of GoReplay: ${JSON.stringify(line)} instead of "<type> <id> <timestamp> ` +
          `<latency>"`,
      )
      continue
    }
    const length = await payloadLength(window)
    if (length === undefined) {
      await dropToNextRecord(window)
      yield damaged(`the record is larger than ${longestRecord / 1024 / 1024} MiB`)
      continue
    }
    if (header.type === '1') {
      // Copied, as the window's memory is used again.
      const message = parseRequestMessage(Buffer.from(window.bytes.subarray(0, length)))
      yield 'problem' in message ? damaged(message.problem) : { request: { time: header.time, ...message } }
    }
    window.drop(length + separator.length)
  }
}

async function skipBlankLines(window: ByteWindow): Promise<void> {
  for (;;) {
    await window.fill(1)
    const [first] = window.bytes
    if (first !== 0x0a && first !== 0x0d) return
    window.drop(1)
  }
}

async function takeHeader(window: ByteWindow): Promise<RecordHeader | undefined> {
  await window.fill(longestHeaderLine)
  const end = window.bytes.subarray(0, longestHeaderLine).indexOf('\n')
  const header = end < 0 ? undefined : parseRecordHeader(window.bytes.toString('latin1', 0, end))
  if (header !== undefined) window.drop(end + 1)
  return header
}

/** The record at the window's beginning, without its separator; undefined for more than `longestRecord`. */
async function payloadLength(window: ByteWindow): Promise<number | undefined> {
  const declared = await declaredEnd(window)
  if (declared !== undefined && declared <= longestRecord) {
    await window.fill(declared + separator.length)
    if (isEnd(window, declared)) return declared
  }
  let from = 0
  for (;;) {
    const found = window.bytes.indexOf(separator, from)
    if (found > longestRecord) return undefined
    if (found >= 0) {
      if (await isBeforeRecord(window, found)) return found
      from = found + 1
    } else if (window.ended) {
      return trimmedEnd(window)
    } else if (window.length > longestRecord + separator.length) {
      return undefined
    } else {
      from = Math.max(from, window.length - separator.length + 1)
      await window.fill(window.length + 1)
    }
  }
}

/**
 * Where the body ends by its head; undefined if that does not say it. A request without Content-Length has
 * no body (RFC 9112 §6.3).
 */
async function declaredEnd(window: ByteWindow): Promise<number | undefined> {
  for (;;) {
    const start = window.bytes.subarray(0, longestHead)
    const length = headLength(start)
    // No header holds a separator: the head of this record has no end.
    if (start.subarray(0, length).includes(separator)) return undefined
    if (length !== undefined) {
      const body = declaredLength(window.bytes.subarray(0, length))
      return body === undefined ? undefined : length + body
    }
    if (window.ended || window.length >= longestHead) return undefined
    await window.fill(window.length + 1)
  }
}

/** True if a separator is there, or its beginning at the end of the file. */
function isEnd(window: ByteWindow, at: number): boolean {
  const behind = window.bytes.subarray(at, at + separator.length)
  return (
    behind.equals(separator) ||
    (window.ended && window.length >= at && behind.equals(separator.subarray(0, behind.length)))
  )
}

/** A record, or nothing, follows the separator. */
async function isBeforeRecord(window: ByteWindow, found: number): Promise<boolean> {
  const at = found + separator.length
  await window.fill(at + longestHeaderLine)
  const [next = ''] =
    /^[\r\n]*([^\n]*)/.exec(window.bytes.toString('latin1', at, at + longestHeaderLine))?.slice(1) ?? []
  return next === '' || parseRecordHeader(next) !== undefined
}

/** The last record may have lost its separator, or a part of it. */
function trimmedEnd(window: ByteWindow): number {
  for (let kept = separator.length - 1; kept > 0; kept -= 1) {
    if (window.bytes.subarray(-kept).equals(separator.subarray(0, kept))) return window.length - kept
  }
  return window.length
}

async function dropToNextRecord(window: ByteWindow): Promise<void> {
  for (;;) {
    const found = window.bytes.indexOf(separator)
    if (found >= 0 && (await isBeforeRecord(window, found))) return window.drop(found + separator.length)
    if (found >= 0) {
      window.drop(found + 1)
      continue
    }
    if (window.ended) return window.drop(window.length)
    window.drop(Math.max(0, window.length - separator.length + 1))
    await window.fill(window.length + 1)
  }
}

/**
 * The part of a stream of bytes that is still to be looked at: appended to at its end, dropped from its
 * beginning.
 */
class ByteWindow {
  readonly #source: AsyncIterator<Buffer>
  #storage = Buffer.alloc(0)
  #start = 0
  #end = 0
  #offset = 0
  #ended = false

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Valid until the next `more`. */
  get bytes(): Buffer {
    return this.#storage.subarray(this.#start, this.#end)
  }

  get length(): number {
    return this.#end - this.#start
  }

  /** Place of the first byte in the stream. */
  get offset(): number {
    return this.#offset
  }

  /** Nothing more will come. */
  get ended(): boolean {
    return this.#ended
  }

  drop(count: number): void {
    const dropped = Math.min(count, this.length)
    this.#start += dropped
    this.#offset += dropped
  }

  /** Reads until there are so many bytes, or no more. */
  async fill(length: number): Promise<void> {
    while (this.length < length && !this.#ended) await this.#more()
  }

  async #more(): Promise<void> {
    const next = await this.#source.next()
    if (next.done === true) this.#ended = true
    else this.#append(next.value)
  }

  #append(chunk: Buffer): void {
    const needed = this.length + chunk.length
    if (this.#end + chunk.length > this.#storage.length) {
      const room =
        needed > this.#storage.length / 2
          ? Buffer.allocUnsafe(Math.max(needed * 2, 64 * 1024))
          : this.#storage
      this.#storage.copy(room, 0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
      this.#storage = room
    }
    chunk.copy(this.#storage, this.#end)
    this.#end += chunk.length
  }
}
