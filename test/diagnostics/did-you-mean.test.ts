import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { didYouMean, editDistance } from '../../src/diagnostics/did-you-mean.ts'

const hosts = [
  'reviews.shop.svc.cluster.local',
  'ratings.shop.svc.cluster.local',
  'details.shop.svc.cluster.local',
]

describe('the name that was meant', () => {
  test.each([
    ['reveiws.shop.svc.cluster.local', 'reviews.shop.svc.cluster.local'],
    ['Ratings.shop.svc.cluster.local', 'ratings.shop.svc.cluster.local'],
    ['det-ails.shop.svc.cluster.local', 'details.shop.svc.cluster.local'],
    ['payments.shop.svc.cluster.local', undefined],
    ['', undefined],
  ])('%j: %j', (name, meant) => {
    expect(didYouMean(name, hosts, 2)).toBe(meant)
  })

  test('of several that are as close the first', () => {
    expect(didYouMean('abx', ['abd', 'abc'])).toBe('abd')
  })

  test('a closer one that stands later', () => {
    expect(didYouMean('mirorr', ['mirrors', 'mirror'])).toBe('mirror')
  })
})

describe('edit distance', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 })

  test('is that of all cells, up to the limit', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 12 }), (a, b, limit) => {
        expect(editDistance(a, b, limit)).toBe(Math.min(allCells(a, b), limit))
      }),
      { numRuns: 2_000 },
    )
  })

  test('a name is found among others wherever its distance says so', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.'), maxLength: 7 })
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 5 }), (wanted, candidates) => {
        const least = Math.min(...candidates.map((each) => allCells(wanted, each)))
        const isClose = least <= Math.max(1, Math.floor(wanted.length / 3))
        expect(didYouMean(wanted, candidates)).toBe(
          isClose ? candidates.find((each) => allCells(wanted, each) === least) : undefined,
        )
      }),
      { numRuns: 2_000 },
    )
  })
})

/** Optimal string alignment by its definition. */
function allCells(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const [shorterA, shorterB] = [a.slice(0, -1), b.slice(0, -1)]
  if (a.at(-1) === b.at(-1)) return allCells(shorterA, shorterB)
  const isSwapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)
  return (
    1 +
    Math.min(
      allCells(shorterA, b),
      allCells(a, shorterB),
      allCells(shorterA, shorterB),
      isSwapped ? allCells(a.slice(0, -2), b.slice(0, -2)) : Infinity,
    )
  )
}
