import type { Severity } from './codes.ts'
import type { Diagnostic } from './diagnostic.ts'

const ranks: Readonly<Record<Severity, number>> = { error: 2, warning: 1, info: 0 }

/** The diagnostics that are at least as severe as `least`. */
export function atLeast(least: Severity, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ severity }) => ranks[severity] >= ranks[least])
}

/** The number of diagnostics of each severity; one diagnostic at several places is one. */
export function countDistinct(diagnostics: readonly Diagnostic[]): Readonly<Record<Severity, number>> {
  const distinct = new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic.severity]))
  const counts: Record<Severity, number> = { error: 0, warning: 0, info: 0 }
  for (const severity of distinct.values()) counts[severity] += 1
  return counts
}
