import { expect, test } from 'vitest'
import { regex } from '../../src/dialects/reading/regex.ts'

function mistakesIn(pattern: string): readonly string[] {
  return regex.safeParse(pattern).error?.issues.map(({ message }) => message) ?? []
}

test('a regular expression of megabytes is not compiled, and its text is not repeated', () => {
  expect(mistakesIn('a'.repeat(5_000_000))).toEqual(['is 5000000 characters long, must have at most 32768'])
  expect(mistakesIn(`(${'a'.repeat(30_000)}`)[0]?.length).toBeLessThan(2_000)
  expect(mistakesIn('/v[0-9]+/.*')).toEqual([])
})
