import { compareText, shortHash } from '../../../model/names.ts'

/**
 * A rule's name in runtime keys: its own name, otherwise a hash of its matches, so that its index in the list
 * does not matter.
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
