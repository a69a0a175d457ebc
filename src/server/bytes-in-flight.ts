/** A stream that has something to send. */
export interface Sender {
  /** Tries again, as it is its turn; it asks for admission, or leaves. */
  resume(): void
}

/**
 * Bounds the bytes of all responses that are sent and not answered. Streams that find no room wait their turn, in the order in
 * which they came, and hold no response meanwhile: what they send then is the newest state.
 */
export class BytesInFlight {
  readonly #limit: number
  readonly #waiting = new Set<Sender>()
  #bytes = 0
  #offered = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** True if these bytes may go out now; they count until they are released. Else the sender is resumed when there is room. */
  admit(sender: Sender, bytes: number): boolean {
    const isNext = this.#waiting.size === 0 || this.#next() === sender
    if (!isNext || !(this.#bytes === 0 || this.#bytes + bytes <= this.#limit)) {
      this.#waiting.add(sender)
      return false
    }
    this.#bytes += bytes
    this.#waiting.delete(sender)
    this.#offer()
    return true
  }

  release(bytes: number): void {
    this.#bytes -= bytes
    this.#offer()
  }

  /** The sender has nothing to send. */
  leave(sender: Sender): void {
    if (this.#waiting.delete(sender)) this.#offer()
  }

  #offer(): void {
    if (this.#offered || this.#waiting.size === 0) return
    this.#offered = true
    setImmediate(() => {
      this.#offered = false
      this.#next()?.resume()
    })
  }

  #next(): Sender | undefined {
    return this.#waiting.values().next().value
  }
}
