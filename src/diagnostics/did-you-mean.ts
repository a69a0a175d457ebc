/**
 * The candidate that `name` most likely misspells, or undefined if none is within `mostEdits` letters. A list
 * of candidates is prepared once: pass the same list for many names, and do not change it.
 */
export function didYouMean(
  name: string,
  candidates: readonly string[],
  mostEdits = Infinity,
): string | undefined {
  const { plain, letters } = spelled(name)
  const limit = Math.min(Math.max(1, Math.floor(plain.length / 3)), mostEdits)
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of spellings(candidates)) {
    if (leastEdits(letters, candidate.letters) >= bestDistance) continue
    const distance = editDistance(plain, candidate.plain, bestDistance)
    if (distance < bestDistance) {
      best = candidate.name
      bestDistance = distance
    }
  }
  return best
}

interface Spelling {
  readonly name: string
  /** Case, `-` and `_` do not distinguish names. */
  readonly plain: string
  /** The letters that occur, a bit for each, or for each of several that share it. */
  readonly letters: number
}

const prepared = new WeakMap<readonly string[], readonly Spelling[]>()

function spellings(names: readonly string[]): readonly Spelling[] {
  const known = prepared.get(names)
  if (known !== undefined) return known
  const found = names.map(spelled)
  prepared.set(names, found)
  return found
}

function spelled(name: string): Spelling {
  const plain = name.toLowerCase().replace(/[-_]/g, '')
  let letters = 0
  for (let index = 0; index < plain.length; index++) letters |= 1 << (plain.charCodeAt(index) % 32)
  return { name, plain, letters }
}

/** One edit brings in one letter at most, and removes one at most. */
function leastEdits(a: number, b: number): number {
  return Math.max(bitsIn(a & ~b), bitsIn(b & ~a))
}

function bitsIn(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1
  return count
}

/**
 * The number of insertions, deletions, substitutions and swaps of neighbours between two texts (optimal
 * string alignment), or `limit` if there are at least as many. Costs about the length times the limit.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  const start = commonStart(a, b)
  const end = commonEnd(a, b, start)
  const from = a.slice(start, a.length - end)
  const to = b.slice(start, b.length - end)
  return from === '' || to === '' ? Math.min(limit, from.length + to.length) : alignment(from, to, limit)
}

/** Fills in only cells near the diagonal: all others mean more edits than the limit. */
function alignment(from: string, to: string, limit: number): number {
  const blank = (): number[] => Array.from({ length: to.length + 1 }, () => limit)
  let [beforeLast, last, row] = [blank(), blank().map((_, index) => Math.min(index, limit)), blank()]
  for (let i = 1; i <= from.length; i++) {
    row.fill(limit)
    if (i < limit) row[0] = i
    let least = at(row, 0)
    for (let j = Math.max(1, i - limit + 1); j <= Math.min(to.length, i + limit - 1); j++) {
      const substituted = at(last, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
          ? at(beforeLast, j - 2) + 1
          : limit
      const cell = Math.min(at(last, j) + 1, at(row, j - 1) + 1, substituted, swapped, limit)
      row[j] = cell
      least = Math.min(least, cell)
    }
    // No later row has less: a swap costs at least what a substitution in the row before it did.
    if (least >= limit) return limit
    ;[beforeLast, last, row] = [last, row, beforeLast]
  }
  return at(last, to.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}

function commonStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1
  return length
}

function commonEnd(a: string, b: string, start: number): number {
  const most = Math.min(a.length, b.length) - start
  let length = 0
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length += 1
  return length
}
