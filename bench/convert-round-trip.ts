/**
 * Random configurations of each dialect, converted and translated again, and random requests to both: the
 * same mirrors. `node bench/convert-round-trip.ts [--count N] [--seed N] [--only FROM-TO]`.
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { configurationOf, request, services } from './support/round-trip-objects.ts'
import { roundTrip, ways } from './support/round-trip.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '20261121' },
    only: { type: 'string' },
  },
})
const [count, seed] = [Number(values.count), Number(values.seed)]

for (const [from, to] of ways.filter((way) => values.only === undefined || way.join('-') === values.only)) {
  const tally = { whole: 0, compared: 0, mirrored: 0, wrong: 0 }
  const cases = fc.sample(
    fc.tuple(configurationOf[from], fc.array(request, { minLength: 60, maxLength: 60 })),
    { numRuns: count, seed },
  )
  cases.forEach(([objects, requests], index) => {
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
    if (differences.length === 0) return
    tally.wrong += 1
    process.exitCode = 1
    if (tally.wrong <= 2)
      console.log(
        `${from} to ${to}, seed ${seed}, configuration ${index}:\n  ` +
          `${differences.slice(0, 5).join('\n  ')}\n${JSON.stringify(objects)}\n${text}`,
      )
  })
  console.log(
    `${from} to ${to}: ${count} configurations (seed ${seed}), ${tally.whole} carried whole; ` +
      `${tally.compared} requests compared, ${tally.mirrored} of them mirrored; ${tally.wrong} ` +
      `configurations with differences`,
  )
}
