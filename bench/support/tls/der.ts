// The little of ASN.1's Distinguished Encoding Rules (ITU-T X.690) that a certificate takes.

function value(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content])
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.from([length])
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff])
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => value(0x30, ...contents)
export const set = (...contents: readonly Uint8Array[]): Buffer => value(0x31, ...contents)
export const octetString = (content: Uint8Array): Buffer => value(0x04, content)
/** A bit string of whole bytes. */
export const bitString = (content: Uint8Array): Buffer => value(0x03, Buffer.from([0]), content)
export const utf8 = (text: string): Buffer => value(0x0c, Buffer.from(text))
/** The first byte is below 0x80: it is positive. */
export const integer = (bytes: Uint8Array): Buffer => value(0x02, bytes)
/** TRUE: nothing else is ever written, as FALSE is the default where it may stand. */
export const boolean = (): Buffer => value(0x01, Buffer.from([0xff]))
/** An explicit tag of the context. */
export const context = (number: number, content: Uint8Array): Buffer => value(0xa0 + number, content)

/** GeneralizedTime, from milliseconds since the epoch. */
export function time(milliseconds: number): Buffer {
  return value(0x18, Buffer.from(new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return value(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(number: number): readonly number[] {
  const last = number & 0x7f
  const above = Math.floor(number / 0x80)
  return above === 0 ? [last] : [...base128(above).map((byte) => byte | 0x80), last]
}
