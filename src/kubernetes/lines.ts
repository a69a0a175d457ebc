/**
 * Splits text that arrives in pieces into lines. Each piece is scanned once, because an object of a megabyte
 * has many pieces.
 */
export function splitLines(line: (text: string) => void): (piece: string) => void {
  let begun: string[] = []
  return (piece) => {
    let from = 0
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      const text = begun.join('') + piece.slice(from, end)
      begun = []
      from = end + 1
      if (text !== '') line(text)
    }
    if (from < piece.length) begun.push(piece.slice(from))
  }
}
