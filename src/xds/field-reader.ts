import { isUtf8 } from 'node:buffer'

/**
 * Reads the fields of an encoded message one by one, without decoding unused ones (Protocol Buffers,
 * "Encoding").
 */
export class FieldReader {
  /** Number of the current field. */
  number = 0
  /** Offset of the current field, including its tag. */
  start = 0
  /** End of the current field. Increase it to skip the following bytes. */
  end = 0
  readonly bytes: Buffer
  #wireType = 0
  #value = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Moves to the next field; false at the end. Throws if the bytes are not a message. */
  next(): boolean {
    if (this.end >= this.bytes.length) return false
    this.start = this.end
    const tag = this.#varint()
    this.number = Math.floor(tag / 8)
    this.#wireType = tag % 8
    if (this.number === 0) throw new Error(`offset ${this.start}: there is no field 0`)
    this.#value = this.end
    this.end = this.#after()
    if (this.end > this.bytes.length) throw new Error(`offset ${this.start}: field ${this.number} is cut off`)
    return true
  }

  /** The current field as bytes: a view, not a copy. */
  message(): Buffer {
    if (this.#wireType !== 2)
      throw new Error(`offset ${this.start}: field ${this.number} has wire type ${this.#wireType}, not 2`)
    return this.bytes.subarray(this.#value, this.end)
  }

  /** The current field as bytes, if it is length-delimited: a message, string or bytes. */
  content(): Buffer | undefined {
    return this.#wireType === 2 ? this.message() : undefined
  }

  /**
   * The current field as text. "A string must always contain UTF-8 encoded text" (Protocol Buffers, "Scalar
   * Value Types").
   */
  text(): string {
    const bytes = this.message()
    if (!isUtf8(bytes)) throw new Error(`offset ${this.start}: field ${this.number} is not UTF-8`)
    return bytes.toString()
  }

  /** Like `text`, but only the first bytes of a longer text: enough to see that it is unknown. */
  textUpTo(most: number): string {
    const bytes = this.message()
    return bytes.length <= most ? this.text() : bytes.toString('utf8', 0, most)
  }

  #after(): number {
    switch (this.#wireType) {
      case 0:
        this.#varint()
        return this.end
      case 1:
        return this.end + 8
      case 2: {
        const length = this.#varint()
        this.#value = this.end
        return this.end + length
      }
      case 5:
        return this.end + 4
      default:
        throw new Error(`offset ${this.start}: field ${this.number} has wire type ${this.#wireType}`)
    }
  }

  /** Reads from `end` on. Precise up to 2^53, which no length or tag comes near. */
  #varint(): number {
    let value = 0
    for (let shift = 1; shift <= 2 ** 63; shift *= 128) {
      const byte = this.bytes[this.end++]
      if (byte === undefined) throw new Error(`offset ${this.start}: the message is cut off`)
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
    throw new Error(`offset ${this.start}: a number of more than 64 bits`)
  }
}
