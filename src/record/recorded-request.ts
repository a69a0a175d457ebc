/** A header as it was sent: name in its own case, value in ISO-8859-1 (RFC 9110 §5.5). */
export type Header = readonly [name: string, value: string]

/** A request as it was taken off the wire, or read from a file. */
export interface RecordedRequest {
  /** Nanoseconds since the epoch. */
  readonly time: bigint
  readonly method: string
  /** Request target unchanged on the request line: path and query, as a rule. */
  readonly url: string
  /** In the order of the wire; a name may appear several times. */
  readonly headers: readonly Header[]
  /** Without transfer coding. */
  readonly body: Buffer
  /** Bytes that the body had, as far as is known. */
  readonly bodyLength: number
  /** `body` is not all of it. */
  readonly isCut: boolean
}

/** The first value of a header, whatever the case of its name. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1]
}
