import { withoutValue } from './confidential.ts'
import type { Located } from './manifest.ts'

/** A piece of a file: its text, and the number of lines before it. It begins at the beginning of a line. */
export interface TextPiece {
  readonly file: string
  readonly text: string
  readonly linesBefore: number
  /** Values on its lines must not be shown. */
  readonly confidential: boolean
}

/**
 * The place of `start` to `end` in the file. An offset after the last character means that character. A byte
 * order mark has no column.
 */
export function located(piece: TextPiece, start: number, end: number): Located {
  const { text } = piece
  const last = text.trimEnd().length
  const offset = Math.max(text.startsWith('\uFEFF') ? 1 : 0, Math.min(start, last))
  const lineStart = Math.max(text.lastIndexOf('\n', offset - 1) + 1, text.startsWith('\uFEFF') ? 1 : 0)
  const nextLine = text.indexOf('\n', offset)
  const lineEnd = nextLine === -1 ? text.length : nextLine
  const line = text.slice(lineStart, lineEnd).replace(/\r$/, '')
  const shown = piece.confidential ? withoutValue(line) : line
  const column = offset - lineStart + 1
  const length = Math.max(1, text.slice(offset, Math.min(end, lineEnd)).trimEnd().length)
  return {
    file: piece.file,
    line: piece.linesBefore + lineIndex(text, lineStart) + 1,
    column,
    text: shown,
    length: shown === line ? length : Math.max(1, Math.min(length, shown.length - column + 1)),
  }
}

/** The number of lines that end before `end`. */
export function countLines(text: string, end: number): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

let latest: { readonly text: string; readonly starts: readonly number[] } | undefined

/** Like `countLines`, for a text with many positions: its lines are found once. */
function lineIndex(text: string, lineStart: number): number {
  if (latest?.text !== text) {
    const starts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    latest = { text, starts }
  }
  const { starts } = latest
  let [low, high] = [0, starts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? Infinity) <= lineStart) low = middle + 1
    else high = middle
  }
  return low - 1
}
