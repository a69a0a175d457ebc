/**
 * Cuts text that comes in pieces into its lines; an object of a megabyte comes in many pieces, each of which
 * is looked at once.
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
