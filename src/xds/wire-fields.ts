/** A field of an encoded message. */
export interface WireField {
  readonly number: number
  /** Tag included. */
  readonly bytes: Buffer
  /** The content of a length-delimited field; undefined for every other one. */
  readonly content: Buffer | undefined
}

/**
 * The fields of an encoded message, in their order (Protocol Buffers, "Encoding"). Throws for what is none.
 */
export function* fieldsOf(message: Buffer): Generator<WireField> {
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at)
    const wireType = tag.value % 8
    const length = wireType === 2 ? readVarint(message, tag.end) : undefined
    const end = length === undefined ? skip(message, wireType, tag.end) : length.end + length.value
    if (end > message.length) throw new Error('the message ends within a field')
    yield {
      number: Math.floor(tag.value / 8),
      bytes: message.subarray(at, end),
      content: length === undefined ? undefined : message.subarray(length.end, end),
    }
    at = end
  }
}

function skip(message: Buffer, wireType: number, at: number): number {
  switch (wireType) {
    case 0:
      return readVarint(message, at).end
    case 1:
      return at + 8
    case 5:
      return at + 4
    default:
      throw new Error(`wire type ${wireType} is not in use`)
  }
}

function readVarint(message: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let at = start; at < start + 10; at += 1) {
    const byte = message[at]
    if (byte === undefined) break
    value += (byte % 0x80) * 2 ** (7 * (at - start))
    if (byte < 0x80) return { value, end: at + 1 }
  }
  throw new Error('a number has no end')
}
