/**
 * Bytes in a header field, percent-encoded. Clients drop a stream with header fields of about 8 KB, and then
 * show no status at all.
 */
const most = 1024

/** A text that gRPC can send with a status (grpc-message): well-formed, and cut if it is long. */
export function statusText(text: string): string {
  const start = text.slice(0, most).toWellFormed()
  if (text.length <= most && encodeURI(start).length <= most) return start
  let [bytes, kept] = [encodeURI('…').length, 0]
  for (const character of start) {
    bytes += encodeURI(character).length
    if (bytes > most) break
    kept += character.length
  }
  return `${start.slice(0, kept)}…`
}
