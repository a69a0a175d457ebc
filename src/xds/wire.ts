/** A length-delimited protobuf field: message, string or bytes. Fields concatenate, so a message is put together from shared parts. */
export function field(number: number, value: string | Uint8Array): Buffer {
  const payload = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([fieldHeader(number, payload.length), payload])
}

/** What stands before the `length` bytes of a length-delimited field (Protocol Buffers, "Encoding": wire type 2). */
export function fieldHeader(number: number, length: number): Buffer {
  return Buffer.from([...varint(number * 8 + 2), ...varint(length)])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}
