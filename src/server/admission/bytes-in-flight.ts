import type { Schedule } from '../limits.ts'

/** A stream that has something to send. */
export interface Sender {
  /** Tries again, as it is its turn; it asks for admission, or leaves. */
  resume(): void
}

/** Bytes that may go out; they count until they are released, or their reader has stalled. */
export interface Admission {
  release(): void
}

/** `isOld`: it counted already when the patience of those who wait began anew. */
interface Counted extends Admission {
  readonly bytes: number
  isOld: boolean
}

export interface BytesInFlightOptions {
  readonly limit: number
  /**
   * Milliseconds that others wait, at least, before unanswered bytes stop counting; they do after twice that
   * at most.
   */
  readonly patience: number
  readonly schedule: Schedule
}

/**
 * Bounds the bytes of all responses that are sent and not answered. Streams that find no room wait their
 * turn, in the order in which they came, and hold no response meanwhile: what they send then is the newest
 * state. A reader that stalls keeps nobody from their turn: it has one response of each type at most, so what
 * stalled readers hold is bounded by their number.
 */
export class BytesInFlight {
  readonly #options: BytesInFlightOptions
  /** With the bytes for which there was no room when they asked last. */
  readonly #waiting = new Map<Sender, number>()
  readonly #counted = new Set<Counted>()
  #bytes = 0
  #offered = false
  #isImpatient = false

  constructor(options: BytesInFlightOptions) {
    this.#options = options
  }

  /** Undefined where there is no room: the sender is resumed when there is. */
  admit(sender: Sender, bytes: number): Admission | undefined {
    const isNext = this.#waiting.size === 0 || this.#next() === sender
    if (!isNext || !this.#hasRoom(bytes)) {
      this.#waiting.set(sender, bytes)
      this.#growImpatient()
      return undefined
    }
    const counted: Counted = {
      bytes,
      isOld: false,
      release: () => {
        this.#release(counted)
      },
    }
    this.#bytes += bytes
    this.#counted.add(counted)
    this.#waiting.delete(sender)
    this.#offer()
    return counted
  }

  /** The sender has nothing to send. */
  leave(sender: Sender): void {
    if (this.#waiting.delete(sender)) this.#offer()
  }

  /** True for a sender that will be resumed: until then, what it would send need not be found out. */
  waits(sender: Sender): boolean {
    return this.#waiting.has(sender)
  }

  #hasRoom(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#options.limit
  }

  #release(counted: Counted): void {
    if (!this.#counted.delete(counted)) return
    this.#bytes -= counted.bytes
    this.#offer()
  }

  #growImpatient(): void {
    if (this.#isImpatient) return
    this.#isImpatient = true
    this.#options.schedule(this.#options.patience, () => {
      this.#isImpatient = false
      const old = [...this.#counted].filter(({ isOld }) => isOld)
      for (const counted of this.#counted) counted.isOld = true
      for (const counted of old) this.#release(counted)
      if (this.#waiting.size > 0) this.#growImpatient()
    })
  }

  #offer(): void {
    if (this.#offered || this.#waiting.size === 0) return
    this.#offered = true
    setImmediate(() => {
      this.#offered = false
      const next = this.#next()
      if (next !== undefined && this.#hasRoom(this.#waiting.get(next) ?? 0)) next.resume()
    })
  }

  #next(): Sender | undefined {
    return this.#waiting.keys().next().value
  }
}
