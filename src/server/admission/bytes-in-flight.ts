import type { After } from '../../clock.ts'

/** A stream that has something to send. */
export interface Sender {
  /** Called when it is this sender's turn: it asks for admission again, or leaves. */
  resume(): void
}

/** Bytes that may be sent. They are counted until they are released, or their reader has stalled. */
export interface Admission {
  release(): void
}

/** `isOld`: it was already counted when the present wait began. */
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
  readonly schedule: After
}

/**
 * Bounds the bytes of all responses that are sent and not answered. Streams that find no room wait in order
 * of arrival and hold no response meanwhile: they send the newest state when they are resumed. A stalled
 * reader delays nobody for long: it has at most one response of each type, so the bytes that stalled readers
 * hold are bounded by their number.
 */
export class BytesInFlight {
  readonly #options: BytesInFlightOptions
  /** The bytes that each sender last found no room for. */
  readonly #waiting = new Map<Sender, number>()
  readonly #counted = new Set<Counted>()
  #bytes = 0
  #offered = false
  #isImpatient = false

  constructor(options: BytesInFlightOptions) {
    this.#options = options
  }

  /** Undefined if there is not enough room: the sender is resumed when there is. */
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

  /** True if the sender will be resumed: until then its next response need not be computed. */
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
