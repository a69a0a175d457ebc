import { compareText, shortHash } from '../../../model/names.ts'

/**
 * What runtime keys call a rule: its name, else a hash of what it matches, so that its place in the list does
 * not matter.
 */
export function ruleKey(name: string | undefined, matches: readonly unknown[]): string {
  return name ?? shortHash(canonical(matches))
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => compareText(a, b)))
      : field,
  )
}
