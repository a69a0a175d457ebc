export interface QueueLimits {
  readonly items: number
  /** Of everything reserved and not yet taken. */
  readonly bytes: number
}

/**
 * A queue for one consumer that never grows past its limits: what does not fit is refused, for the producer
 * to drop and count.
 */
export class BoundedQueue<T> {
  readonly #limits: QueueLimits
  readonly #items: { readonly value: T; readonly bytes: number }[] = []
  #bytes = 0
  #closed = false
  #consumer: ((value: T | undefined) => void) | undefined

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Room for something that is still coming in; false where there is none. */
  reserve(bytes: number): boolean {
    if (this.#closed || this.#bytes + bytes > this.#limits.bytes) return false
    this.#bytes += bytes
    return true
  }

  /** Gives back what was reserved for something that never came. */
  release(bytes: number): void {
    this.#bytes -= bytes
  }

  /** For something whose bytes are reserved; false, and the bytes are free again, where the queue is full. */
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
