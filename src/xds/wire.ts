/**
 * A length-delimited protobuf field: message, string or bytes. Fields concatenate, so a message is put
 * together from shared parts.
 */
export function field(number: number, value: string | Uint8Array): Buffer {
  const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length
  const tag = number * 8 + lengthDelimited
  const bytes = Buffer.allocUnsafe(varintLength(tag) + varintLength(length) + length)
  const start = writeVarint(bytes, length, writeVarint(bytes, tag, 0))
  if (typeof value === 'string') bytes.write(value, start)
  else bytes.set(value, start)
  return bytes
}

/**
 * The bytes before the `length` bytes of a length-delimited field (Protocol Buffers, "Encoding": wire type
 * 2).
 */
export function fieldHeader(number: number, length: number): Buffer {
  const tag = number * 8 + lengthDelimited
  const bytes = Buffer.allocUnsafe(varintLength(tag) + varintLength(length))
  writeVarint(bytes, length, writeVarint(bytes, tag, 0))
  return bytes
}

const lengthDelimited = 2

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) length += 1
  return length
}

/** Returns the offset after it. */
function writeVarint(bytes: Buffer, value: number, offset: number): number {
  let [rest, at] = [value, offset]
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) + 0x80
  bytes[at++] = rest
  return at
}
