import type { Diagnostic, Origin, Place } from './diagnostic.ts'

/** Finds the place of an origin: its object may be gone by now. */
export type LocateOrigin = (origin: Origin) => Place | undefined

/** A diagnostic with its place; undefined if neither the diagnostic nor its origin has one. */
export interface LocatedDiagnostic {
  readonly diagnostic: Diagnostic
  readonly place: Place | undefined
}

/**
 * Sorts by file, line, column and code, those without a place last. The same text at one place, for example
 * from an alias, appears once. A diagnostic's own place wins over its origin's.
 */
export function sortDiagnostics(
  diagnostics: readonly Diagnostic[],
  locate: LocateOrigin,
): readonly LocatedDiagnostic[] {
  const unique = new Map<string, LocatedDiagnostic>()
  for (const diagnostic of diagnostics) {
    const place =
      diagnostic.place ?? (diagnostic.origin === undefined ? undefined : locate(diagnostic.origin))
    const key = JSON.stringify([
      diagnostic.code,
      diagnostic.message,
      diagnostic.hint,
      place === undefined ? diagnostic.origin : undefined,
      place?.file,
      place?.line,
      place?.column,
    ])
    if (!unique.has(key)) unique.set(key, { diagnostic, place })
  }
  return [...unique.values()].toSorted(byPlace)
}

function byPlace(a: LocatedDiagnostic, b: LocatedDiagnostic): number {
  if (a.place === undefined || b.place === undefined) {
    return Number(a.place === undefined) - Number(b.place === undefined) || byText(a, b)
  }
  return (
    compare(a.place.file, b.place.file) ||
    a.place.line - b.place.line ||
    a.place.column - b.place.column ||
    byText(a, b)
  )
}

function byText(a: LocatedDiagnostic, b: LocatedDiagnostic): number {
  return compare(a.diagnostic.code, b.diagnostic.code) || compare(a.diagnostic.message, b.diagnostic.message)
}

/** Compares code units, so that the order is the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
