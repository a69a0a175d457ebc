/**
 * The output of the demo: lines, and on a terminal one status line below them that is redrawn.
 */
export interface Display {
  line(text?: string): void
  /** Shown on a terminal only; the next `line` or `status` replaces it. */
  status(text: string): void
  readonly isTerminal: boolean
}

interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Milliseconds; more often cannot be read. */
const redrawInterval = 50
const eraseLine = '\r\x1b[K'

export function display(output: Output): Display {
  const isTerminal = output.isTTY === true
  let shown = ''
  let drawnAt = 0
  const draw = (text: string): void => {
    // A status line that wraps could not be erased.
    shown = text.slice(0, (output.columns ?? 80) - 1)
    drawnAt = performance.now()
    output.write(`${eraseLine}${shown}`)
  }
  return {
    isTerminal,
    line: (text = '') => {
      output.write(`${isTerminal ? eraseLine : ''}${text}\n`)
      if (shown !== '') draw(shown)
    },
    status: (text) => {
      const isDue = text === '' || performance.now() - drawnAt >= redrawInterval
      if (isTerminal && isDue && text !== shown) draw(text)
    },
  }
}

/** Columns of equal width, the first flush left and the others flush right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
}
