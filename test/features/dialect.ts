import { describe, expect, test } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'

/** The dialects that every feature is written in: a new dialect is a new column of each. */
export const dialectNames = ['istio', 'gateway-api', 'gloo', 'emissary'] as const
export type DialectName = (typeof dialectNames)[number]

/** Why a feature has no tests in a dialect: it has no words for it, we do not read them, or the tests are elsewhere. */
export interface Unsayable {
  readonly cannot: string
}

/** Whether shadowplane reads the dialect. */
export function isRead(name: DialectName): boolean {
  return dialects.some((dialect) => dialect.name === name)
}

/** The same reason for all dialects but Istio. */
export function onlyInIstio(cannot: string): Readonly<Record<Exclude<DialectName, 'istio'>, Unsayable>> {
  return { 'gateway-api': { cannot }, gloo: { cannot }, emissary: { cannot } }
}

/** Runs a feature's tests in each dialect that it is written in, and skips the others with their reasons. */
export function inEachDialect<Rendered>(
  columns: Readonly<Record<DialectName, Rendered | Unsayable>>,
  tests: (written: Rendered, dialect: DialectName) => void,
): void {
  const named = dialectNames.map((name) => [name, columns[name]] as const)
  test.for(named.flatMap(([name, column]) => (isUnsayable(column) ? [{ name, reason: column.cannot }] : [])))(
    'in $name: $reason',
    ({ reason }, { skip }) => {
      expect(reason).not.toBe('')
      skip(reason)
    },
  )
  for (const [name, written] of named.filter(
    (column): column is readonly [DialectName, Rendered] => !isUnsayable(column[1]),
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
