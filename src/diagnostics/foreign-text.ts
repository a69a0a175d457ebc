/** Characters that are shown of a foreign text unless the caller chooses otherwise. */
const usual = 200

/**
 * Shows a text that somebody else wrote (a node id, a NACK, a header, a name out of a request) on one line of
 * a terminal or log. Escapes as `printable` does, cuts after `most` characters, and says how long the whole
 * is: `abc… (8,000,000 characters)`. The cost depends on `most`, not on the text.
 */
export function foreignText(text: string, most: number = usual): string {
  if (text.length <= most) return printable(text)
  return (
    `${printable(wholeCharacters(text.slice(0, most)))}… (${text.length.toLocaleString('en-US')} ` +
    `characters)`
  )
}

/**
 * A foreign text as one cell of a table, or one word of a line: as `foreignText`, and in quotes if it is
 * empty or has a blank, a quote or another character that could pass for the end of the word.
 */
export function foreignName(text: string, most: number = usual): string {
  const shown = foreignText(text, most)
  return /^[^\s"#][^\s"]*$/u.test(text.slice(0, most)) ? shown : `"${shown.replaceAll('"', '\\"')}"`
}

/** Lines as `printable` shows each of them; their ends stay. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/**
 * JSON text that shows what `printable` shows, and means the same: such characters occur in its strings
 * alone, the ends of lines excepted.
 */
export function printableJson(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (character) =>
    [...Array(character.length).keys()].map((at) => escaped(character.charCodeAt(at))).join(''),
  )
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Escapes everything that moves a cursor, ends a line or changes the order of the text, as JavaScript does:
 * control characters (C0, DEL, C1), format characters (bidirectional marks, invisible ones), line and
 * paragraph separators, blanks other than the space, lone surrogates.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?! )\p{Zs}/gu,
    (character) => shortEscapes[character] ?? escaped(character.codePointAt(0) ?? 0),
  )
}

function escaped(codePoint: number): string {
  return codePoint > 0xffff
    ? `\\u{${codePoint.toString(16)}}`
    : `\\u${codePoint.toString(16).padStart(4, '0')}`
}

/** A cut may have left half of a character. */
function wholeCharacters(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text
}
