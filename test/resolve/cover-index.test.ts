import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Match } from '../../src/model/route.ts'
import { createCoverIndex } from '../../src/resolve/findings/cover-index.ts'
import { covers } from '../../src/resolve/findings/covers.ts'

const path = fc.oneof(
  fc.record({
    kind: fc.constantFrom('exact', 'prefix', 'segments', 'regex'),
    value: fc.constantFrom('/', '/a', '/A', '/a/', '/a/b', '/ab', '/a/b/c', '.*', ''),
  }),
) as fc.Arbitrary<Match['path']>

const match: fc.Arbitrary<Match> = fc.record({
  path,
  caseSensitive: fc.constantFrom(undefined, true, false),
  headers: fc.subarray([
    { name: 'x', match: { kind: 'exact', value: '1' }, invert: false },
    { name: 'y', match: { kind: 'present' }, invert: false },
  ] as const),
  queryParameters: fc.constant([]),
})

test('finds the same first match as a comparison with each', () => {
  fc.assert(
    fc.property(fc.array(match, { maxLength: 30 }), match, (earlier, later) => {
      const index = createCoverIndex<number>()
      for (const [position, each] of earlier.entries()) index.add(each, position)
      const expected = earlier.findIndex((each) => covers(each, later))
      expect(index.firstCovering(later)).toBe(expected < 0 ? undefined : expected)
    }),
    { numRuns: 2_000, seed: 20_261_121 },
  )
})
