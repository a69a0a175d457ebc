import { describe } from 'vitest'

/** The dialects that every feature is written in: a new dialect is a new column of each. */
export const dialectNames = ['istio'] as const
export type DialectName = (typeof dialectNames)[number]

/** What a dialect has no words for, and why. */
export interface Unsayable { readonly cannot: string }

/** One intent in the words of each dialect. */
export type Intent<Written = string> = Readonly<Record<DialectName, Written | Unsayable>>

/** Runs a feature's tests for each dialect that can say it, and lists the others with their reasons. */
export function inEachDialect<Written>(intent: Intent<Written>, tests: (written: Written) => void): void {
  const columns = dialectNames.map((name) => [name, intent[name]] as const)
  for (const [name, { cannot }] of columns.filter((column): column is readonly [DialectName, Unsayable] => isUnsayable(column[1]))) {
    describe.skip(`in ${name}, which cannot say it: ${cannot}`, () => undefined)
  }
  for (const [name, written] of columns.filter((column): column is readonly [DialectName, Written] => !isUnsayable(column[1]))) {
    describe(`in ${name}`, () => { tests(written) })
  }
}

function isUnsayable(written: unknown): boolean {
  return typeof written === 'object' && written !== null && 'cannot' in written
}
