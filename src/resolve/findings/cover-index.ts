import type { Match } from '../../model/route.ts'
import { covers } from './covers.ts'

/** Matches in order of precedence, each with a value. */
export interface CoverIndex<T> {
  /**
   * The value of the first match that surely takes every request of this one, among the values that `counts`
   * accepts.
   */
  firstCovering(match: Match, counts?: (value: T) => boolean): T | undefined
  add(match: Match, value: T): void
}

interface Placed<T> {
  readonly position: number
  readonly match: Match
  readonly value: T
}

/**
 * Compares a match only with those whose path can cover it. A virtual host with thousands of routes is not
 * compared pair by pair.
 */
export function createCoverIndex<T>(): CoverIndex<T> {
  /**
   * Case-sensitive ones by kind, length and text of the path; prefixes are looked up by the lengths that
   * there are.
   */
  const byPath = new Map<Match['path']['kind'], Map<number, Map<string, Placed<T>[]>>>()
  /** Matches that accept any path, or ignore case. */
  const anyText: Placed<T>[] = []
  let count = 0

  function candidates({ path: { kind, value } }: Match): readonly (readonly Placed<T>[])[] {
    const same = byPath.get(kind)?.get(value.length)?.get(value) ?? []
    if (kind === 'regex') return [anyText, same]
    const shorter = (['prefix', 'segments'] as const).flatMap((each) =>
      [...(byPath.get(each) ?? [])]
        .filter(([length]) => length <= value.length)
        .map(([length, texts]) => texts.get(value.slice(0, length)) ?? []),
    )
    return [anyText, ...shorter, ...(kind === 'exact' ? [same] : [])]
  }

  return {
    firstCovering(match, counts = () => true) {
      let first: Placed<T> | undefined
      for (const group of candidates(match)) {
        const found = group.find(
          (each) =>
            (first === undefined || each.position < first.position) &&
            covers(each.match, match) &&
            counts(each.value),
        )
        if (found !== undefined) first = found
      }
      return first?.value
    },
    add(match, value) {
      const {
        path: { kind, value: text },
        caseSensitive,
      } = match
      const placed = { position: count, match, value }
      count += 1
      if (
        caseSensitive === false ||
        (kind === 'prefix' && text === '/') ||
        (kind === 'regex' && text === '.*')
      ) {
        anyText.push(placed)
        return
      }
      const lengths = byPath.get(kind) ?? new Map<number, Map<string, Placed<T>[]>>()
      byPath.set(kind, lengths)
      const texts = lengths.get(text.length) ?? new Map<string, Placed<T>[]>()
      lengths.set(text.length, texts)
      const group = texts.get(text) ?? []
      texts.set(text, group)
      group.push(placed)
    },
  }
}
