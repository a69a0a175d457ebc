/** The part of a line that is shown, and a caret line of the same columns below it. */
export interface Excerpt {
  readonly line: string
  readonly carets: string
}

export interface Marked {
  readonly text: string
  /** The first column is 1. */
  readonly column: number
  readonly length: number
  /** Characters that the excerpt may have, without the text before it. */
  readonly width: number
}

/**
 * Cuts a line to `width` around the marked piece. Indentation is dropped; tabs, control and format characters
 * are shown as spaces, so that carets stay below their text.
 */
export function excerpt({ text, column, length, width }: Marked): Excerpt {
  const visible = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => ' '.repeat(character.length))
    .trimEnd()
  const indent = Math.min(visible.length - visible.trimStart().length, column - 1)
  const marked = Math.max(1, Math.min(length, width))
  const start = column - 1
  const from =
    visible.length - indent <= width
      ? indent
      : Math.max(indent, Math.min(start - Math.floor((width - marked) / 2), visible.length - width))
  const before = from > indent ? '…' : ''
  const after = from + width < visible.length ? '…' : ''
  const line = `${before}${visible.slice(from, from + width)}${after}`
  return { line, carets: `${' '.repeat(before.length + start - from)}${'^'.repeat(marked)}` }
}
