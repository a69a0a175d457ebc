import { expect, test } from 'vitest'
import { measureSimulator, sharesOf } from '../../bench/simulator.ts'
import { setting } from '../support/envoy-setting.ts'

/** The same every time, so that a failure is one of a change: `node bench/simulator.ts` takes others. */
const seed = 20_261_120

test('a real Envoy does with 600 random requests what the simulator says', async () => {
  const { agreements, disagreements, copies, withheld, partial } = await measureSimulator({
    ...(await setting()),
    configurations: 30,
    requests: 600,
    seed,
  })
  expect(disagreements).toEqual([])
  expect(agreements).toBe(600)
  expect(copies).toBeGreaterThan(50)
  expect(withheld).toBeGreaterThan(0)
  // The deviation of a share that fires less than ten times on average says nothing.
  expect(
    sharesOf(partial).filter(
      ({ chances, millionths, deviations }) => chances * millionths >= 10_000_000 && deviations > 6,
    ),
  ).toEqual([])
})
