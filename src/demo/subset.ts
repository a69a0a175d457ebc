/**
 * True when `part` is in `whole`: each of its fields with the same value, arrays of the same length item by
 * item.
 */
export function isSubset(part: unknown, whole: unknown): boolean {
  if (part === null || typeof part !== 'object') return Object.is(part, whole)
  if (whole === null || typeof whole !== 'object' || Array.isArray(part) !== Array.isArray(whole))
    return false
  if (Array.isArray(part) && Array.isArray(whole) && part.length !== whole.length) return false
  const values = new Map(Object.entries(whole))
  return Object.entries(part).every(
    ([field, value]) => values.has(field) && isSubset(value, values.get(field)),
  )
}

/** True when some value inside `whole`, at any depth, has `part` as a subset. */
export function containsSubset(part: unknown, whole: unknown): boolean {
  if (isSubset(part, whole)) return true
  return (
    whole !== null &&
    typeof whole === 'object' &&
    Object.values(whole).some((value) => containsSubset(part, value))
  )
}
