/**
 * Protocol Buffers' wire format, read without knowing the message: what a load client needs is a few fields
 * of many bytes.
 */

export interface Field {
  readonly number: number
  /** Where the field begins, with its tag. */
  readonly start: number
  /** The bytes of a length-delimited field; empty for others. */
  readonly bytes: Buffer
  /** The value of a varint, exact up to 2^53; 0 for others. */
  readonly value: number
  readonly end: number
}

/** All fields, in order. Throws for bytes that are not a message. */
export function fieldsOf(bytes: Buffer): readonly Field[] {
  const fields: Field[] = []
  for (let position = 0; position < bytes.length;) {
    const field = readField(bytes, position)
    fields.push(field)
    position = field.end
  }
  return fields
}

/** The last value of a string or message field, which is the one that counts; undefined if it is absent. */
export function lastBytes(fields: readonly Field[], number: number): Buffer | undefined {
  return fields.findLast((field) => field.number === number)?.bytes
}

export function lastText(fields: readonly Field[], number: number): string {
  return lastBytes(fields, number)?.toString() ?? ''
}

/** Follows a path of message fields; each step may be repeated. */
export function bytesAt(bytes: Buffer, path: readonly number[]): readonly Buffer[] {
  const [number, ...rest] = path
  if (number === undefined) return [bytes]
  return fieldsOf(bytes)
    .filter((field) => field.number === number)
    .flatMap((field) => bytesAt(field.bytes, rest))
}

const nothing = Buffer.alloc(0)

function readField(bytes: Buffer, start: number): Field {
  const [tag, afterTag] = varint(bytes, start)
  const number = Math.floor(tag / 8)
  const wireType = tag % 8
  if (wireType === 0) {
    const [value, end] = varint(bytes, afterTag)
    return { number, start, bytes: nothing, value, end }
  }
  if (wireType === 1) return { number, start, bytes: nothing, value: 0, end: afterTag + 8 }
  if (wireType === 5) return { number, start, bytes: nothing, value: 0, end: afterTag + 4 }
  if (wireType !== 2) throw new Error(`wire type ${wireType}`)
  const [length, begin] = varint(bytes, afterTag)
  if (begin + length > bytes.length) throw new Error('a field is longer than its message')
  return { number, start, bytes: bytes.subarray(begin, begin + length), value: 0, end: begin + length }
}

function varint(bytes: Buffer, start: number): readonly [value: number, end: number] {
  let value = 0
  let scale = 1
  for (let position = start; position < bytes.length; position += 1) {
    const byte = bytes[position] ?? 0
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return [value, position + 1]
    scale *= 0x80
  }
  throw new Error('a varint without an end')
}
