import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configurationOf, request, services } from '../../bench/support/round-trip-objects.ts'
import { roundTrip, ways } from '../../bench/support/round-trip.ts'

const seed = 20_261_121
const count = 60

test.each(ways)(
  `what %s says of mirrors, %s says too (${count} configurations, seed ${seed})`,
  (from, to) => {
    const tally = { whole: 0, compared: 0, mirrored: 0 }
    fc.assert(
      fc.property(
        configurationOf[from],
        fc.array(request, { minLength: 40, maxLength: 40 }),
        (objects, requests) => {
          const { differences, whole, compared, mirrored, text } = roundTrip(
            [...services, ...objects],
            to,
            requests,
          )
          if (whole) {
            tally.whole += 1
            tally.compared += compared
            tally.mirrored += mirrored
          }
          expect(differences.length === 0 ? [] : [...differences, text]).toEqual([])
        },
      ),
      { seed, numRuns: count, endOnFailure: true },
    )
    console.log(
      `${from} to ${to}: ${count} configurations, ${tally.whole} of them carried whole; ${tally.compared} ` +
        `requests compared, ${tally.mirrored} of them mirrored (seed ${seed})`,
    )
    expect(tally.mirrored).toBeGreaterThan(0)
  },
)
