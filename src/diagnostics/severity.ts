import type { Severity } from './codes.ts'
import type { Diagnostic } from './diagnostic.ts'

const ranks: Readonly<Record<Severity, number>> = { error: 2, warning: 1, info: 0 }

/** Those that are as severe as `least`, or more. */
export function atLeast(least: Severity, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ severity }) => ranks[severity] >= ranks[least])
}

/** How many there are of each severity; the same diagnostic found in several places is one. */
export function countDistinct(diagnostics: readonly Diagnostic[]): Readonly<Record<Severity, number>> {
  const distinct = new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic.severity]))
  const counts: Record<Severity, number> = { error: 0, warning: 0, info: 0 }
  for (const severity of distinct.values()) counts[severity] += 1
  return counts
}
