import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HeaderMatch, Match, StringMatch } from '../../src/model/route.ts'
import { covers } from '../../src/resolve/findings/covers.ts'

interface Request {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
}

/** Envoy's result for a match, within the reach of these matches. */
function fits({ path, caseSensitive, headers, queryParameters }: Match, request: Request): boolean {
  const fold = (text: string): string =>
    caseSensitive === false && path.kind !== 'regex' ? text.toLowerCase() : text
  const [wanted, given] = [fold(path.value), fold(request.path)]
  const pathFits =
    path.kind === 'prefix'
      ? given.startsWith(wanted)
      : path.kind === 'exact'
        ? given === wanted
        : new RegExp(`^(?:${path.value})$`).test(request.path)
  return (
    pathFits &&
    headers.every(
      ({ name, match, invert }) => valueFits(match, request.headers[name.toLowerCase()]) !== invert,
    ) &&
    queryParameters.every(({ name, match }) => valueFits(match, request.query[name]))
  )
}

function valueFits(match: StringMatch, value: string | undefined): boolean {
  if (value === undefined) return false
  switch (match.kind) {
    case 'present':
      return true
    case 'exact':
      return value === match.value
    case 'prefix':
      return value.startsWith(match.value)
    case 'regex':
      return new RegExp(`^(?:${match.value})$`).test(value)
  }
}

const value = fc.constantFrom('', 'a', 'ab', 'abc', 'b')
const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  fc.constant({ kind: 'present' as const }),
  fc.record({ kind: fc.constantFrom('exact' as const, 'prefix' as const), value }),
  fc.record({ kind: fc.constant('regex' as const), value: fc.constantFrom('a.*', '.*', 'a|b') }),
)
const header: fc.Arbitrary<HeaderMatch> = fc.record({
  name: fc.constantFrom('x', 'Y', ':method'),
  match: stringMatch,
  invert: fc.boolean(),
})
const match: fc.Arbitrary<Match> = fc.record({
  path: fc.oneof(
    fc.record({
      kind: fc.constantFrom('exact' as const, 'prefix' as const),
      value: fc.constantFrom('/', '/a', '/A', '/a/b', '/ab'),
    }),
    fc.record({ kind: fc.constant('regex' as const), value: fc.constantFrom('.*', '/a.*', '/[ab]') }),
  ),
  caseSensitive: fc.constantFrom(undefined, true, false),
  headers: fc.array(header, { maxLength: 2 }),
  queryParameters: fc.array(fc.record({ name: fc.constantFrom('q', 'r'), match: stringMatch }), {
    maxLength: 1,
  }),
})
const values = fc.dictionary(fc.constantFrom('x', 'y', ':method'), value, { maxKeys: 3 })
const request: fc.Arbitrary<Request> = fc.record({
  path: fc.constantFrom('/', '/a', '/A', '/a/b', '/A/b', '/ab', '/abc', '/b'),
  headers: values,
  query: fc.dictionary(fc.constantFrom('q', 'r'), value, { maxKeys: 2 }),
})

test('where one match covers another, it takes every request of it', () => {
  let covered = 0
  fc.assert(
    fc.property(
      match,
      match,
      fc.array(request, { minLength: 20, maxLength: 40 }),
      (earlier, later, requests) => {
        if (!covers(earlier, later)) return
        covered += 1
        for (const each of requests) if (fits(later, each)) expect(fits(earlier, each)).toBe(true)
      },
    ),
    { numRuns: 4000 },
  )
  expect(covered).toBeGreaterThan(50)
})

test('a match covers itself', () => {
  fc.assert(
    fc.property(match, (each) => {
      expect(covers(each, each)).toBe(true)
    }),
  )
})
