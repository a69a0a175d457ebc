const shown = '[redacted]'

/** Represents a byte that is not text, for example of a key in DER, also if the bytes are read as UTF-8. */
const binary = '\ufffd'

/**
 * A text of a proxy without the keys that it may quote, whole or cut off: PEM, base64 with or without its
 * frame, DER; as they are or with the escapes of JSON, protobuf text (octal, hexadecimal) or URLs.
 * Certificates are taken out with them. Takes linear time.
 */
export function withoutKeys(text: string): string {
  const { plain, starts } = unescaped(text)
  const spans = [
    ...pemSpans(plain),
    ...forms.flatMap(({ pattern, isKey }) =>
      [...plain.matchAll(pattern)].filter(([found]) => isKey(found)).map(spanOf),
    ),
  ]
  return spans.length === 0
    ? text
    : replaced(
        text,
        joined(spans.map(({ from, to }) => ({ from: starts[from] ?? 0, to: starts[to] ?? text.length }))),
      )
}

/** Positions in a text, the end not included. */
interface Span {
  readonly from: number
  readonly to: number
}

const escape = /(?<!\\)\\+(?:([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([nrt/"']))|%([0-9a-fA-F]{2})/g
const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/** The text with its escapes resolved, and the position of each of its characters in the text. */
function unescaped(text: string): { readonly plain: string; readonly starts: readonly number[] } {
  const parts: string[] = []
  const starts: number[] = []
  let at = 0
  const copy = (to: number): void => {
    parts.push(text.slice(at, to))
    for (; at < to; at += 1) starts.push(at)
  }
  for (const found of text.matchAll(escape)) {
    copy(found.index)
    parts.push(characterOf(found))
    starts.push(at)
    at = found.index + found[0].length
  }
  copy(text.length)
  return { plain: parts.join(''), starts }
}

function characterOf([, octal, hexadecimal, unicode, letter, percent]: RegExpExecArray): string {
  if (letter !== undefined) return letters[letter] ?? letter
  const code =
    octal === undefined
      ? Number.parseInt(hexadecimal ?? unicode ?? percent ?? '', 16)
      : Number.parseInt(octal, 8)
  const isText = code === 9 || code === 10 || code === 13 || (code >= 32 && code < 127)
  return isText ? String.fromCharCode(code) : binary
}

/** From a first line to the next last line, or to the end of the text. */
function pemSpans(text: string): readonly Span[] {
  const spans: Span[] = []
  let from: number | undefined
  for (const {
    index,
    1: kind,
    0: { length },
  } of text.matchAll(/-----(BEGIN|END) (?:[^-\r\n]{0,64}-----)?/g)) {
    if (kind === 'END' && from !== undefined) {
      spans.push({ from, to: index + length })
      from = undefined
    } else if (kind === 'BEGIN') {
      from ??= index
    }
  }
  return from === undefined ? spans : [...spans, { from, to: text.length }]
}

interface Form {
  readonly pattern: RegExp
  readonly isKey: (found: string) => boolean
}

const forms: readonly Form[] = [
  // Lines of base64: one of at least 40 characters (an Ed25519 key has 64), the rest of a line before it, and
  // shorter ones after it.
  {
    pattern:
      /(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{1,39}[\r\n]+)?[A-Za-z0-9+/]{40,}={0,2}(?:[\r\n]+[A-Za-z0-9+/]{1,76}={0,2}(?![A-Za-z0-9+/.:-]))*/g,
    isKey: isMixed,
  },
  { pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{60,}={0,2}/g, isKey: isMixed },
  // More hexadecimal digits than a SHA-256 has.
  { pattern: /[0-9a-fA-F]{96,}/g, isKey: () => true },
  // Bytes that are not text, with at most a few text characters between them.
  { pattern: /(?:\ufffd[^\ufffd]{0,16}){8,}/g, isKey: () => true },
]

/**
 * A long name has no digits, or no letters of one case, as hexadecimal digits have; a key has all of them.
 */
function isMixed(found: string): boolean {
  return /[a-z]/.test(found) && /[A-Z]/.test(found) && /[0-9+]/.test(found)
}

function spanOf({ index, 0: { length } }: RegExpExecArray): Span {
  return { from: index, to: index + length }
}

function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last === undefined || span.from > last.to) result.push(span)
    else result[result.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
  }
  return result
}

function replaced(text: string, spans: readonly Span[]): string {
  const kept = spans.map(({ from }, index) => text.slice(spans[index - 1]?.to ?? 0, from))
  return `${kept.join(shown)}${shown}${text.slice(spans.at(-1)?.to)}`
}
