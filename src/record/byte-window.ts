/**
 * The part of a stream of bytes that is still to be looked at: appended to at its end, dropped from its
 * beginning.
 */
export class ByteWindow {
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
