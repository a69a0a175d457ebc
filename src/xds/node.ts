import { FieldReader } from './field-reader.ts'

/** `extensions` of envoy.config.core.v3.Node. */
const extensions = 9

/**
 * An encoded node without the extensions that Envoy lists in it: some 30 KB that nothing here depends on.
 * Throws for bytes that are not a message.
 */
export function withoutExtensions(node: Uint8Array): Buffer {
  const reader = new FieldReader(node)
  const parts: Buffer[] = []
  let from = 0
  while (reader.next()) {
    if (reader.number !== extensions) continue
    parts.push(reader.bytes.subarray(from, reader.start))
    from = reader.end
  }
  return Buffer.concat([...parts, reader.bytes.subarray(from)])
}
