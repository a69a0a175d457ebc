import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LayeredMap } from '../../src/sources/layered-map.ts'

const edits = fc.array(
  fc.array(
    fc.tuple(fc.integer({ min: 0, max: 1_500 }).map(String), fc.option(fc.nat(), { nil: undefined })),
    { maxLength: 300 },
  ),
  { maxLength: 6 },
)

test('is after any edits what a map is, and each earlier one stays as it was', () => {
  fc.assert(
    fc.property(edits, (rounds) => {
      const expected = new Map<string, number>()
      let map = LayeredMap.over<number>(new Map())
      const earlier: (readonly [LayeredMap<number>, ReadonlyMap<string, number>])[] = []
      for (const round of rounds) {
        earlier.push([map, new Map(expected)])
        map = map.with(new Map(round))
        for (const [key, value] of new Map(round)) {
          if (value === undefined) expected.delete(key)
          else expected.set(key, value)
        }
      }
      for (const [layered, plain] of [...earlier, [map, expected] as const]) {
        expect(layered.size).toBe(plain.size)
        expect(new Map(layered)).toEqual(plain)
        expect(new Set(layered.keys())).toEqual(new Set(plain.keys()))
        expect([...layered.values()].toSorted((a, b) => a - b)).toEqual(
          [...plain.values()].toSorted((a, b) => a - b),
        )
        for (const key of ['0', '1', '700'])
          expect([layered.has(key), layered.get(key)]).toEqual([plain.has(key), plain.get(key)])
        const seen = new Map<string, number>()
        layered.forEach((value, key) => seen.set(key, value))
        expect(seen).toEqual(plain)
      }
    }),
    { numRuns: 50 },
  )
})
