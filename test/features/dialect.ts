import { describe } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'

/** The dialects that every feature is written in: a new dialect is a new column of each. */
export const dialectNames = ['istio', 'gateway-api', 'gloo', 'emissary'] as const
export type DialectName = (typeof dialectNames)[number]

/** What a dialect has no words for, or what we do not read of it, and why. */
export interface Unsayable {
  readonly cannot: string
}

/** Whether shadowplane reads the dialect. */
export function isRead(name: DialectName): boolean {
  return dialects.some((dialect) => dialect.name === name)
}

/**
 * Runs a feature's tests for each dialect that it is written in and that can say it, and lists the others
 * with their reasons.
 */
export function inEachDialect<Written>(
  columns: Readonly<Partial<Record<DialectName, Written | Unsayable>>>,
  tests: (written: Written, dialect: DialectName) => void,
): void {
  const named = dialectNames
    .map((name) => [name, columns[name]] as const)
    .filter((column): column is readonly [DialectName, Written | Unsayable] => column[1] !== undefined)
  for (const [name, { cannot }] of named.filter((column): column is readonly [DialectName, Unsayable] =>
    isUnsayable(column[1]),
  )) {
    describe.skip(`in ${name}, which cannot say it: ${cannot}`, () => undefined)
  }
  for (const [name, written] of named.filter(
    (column): column is readonly [DialectName, Written] => !isUnsayable(column[1]),
  )) {
    describe.skipIf(!isRead(name))(`in ${name}`, () => {
      tests(written, name)
    })
  }
}

/** Runs tests of what does not depend on the words once for each dialect. */
export function inEveryDialect(tests: (dialect: DialectName) => void): void {
  inEachDialect(
    { istio: 'istio', 'gateway-api': 'gateway-api', gloo: 'gloo', emissary: 'emissary' },
    (_, dialect) => {
      tests(dialect)
    },
  )
}

export function isUnsayable(column: unknown): column is Unsayable {
  return typeof column === 'object' && column !== null && 'cannot' in column
}
