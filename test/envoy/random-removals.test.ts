import { expect, test } from 'vitest'
import { measureRandomRemovals } from '../../bench/random-removals.ts'
import { setting } from '../support/envoy-setting.ts'

test(
  'routes, hosts and listeners that come and go leave an Envoy as a fresh one is, and it answers as ' +
    'explain says',
  async () => {
    const seed = Date.now() % 1_000_000
    const report = await measureRandomRemovals({ ...(await setting()), steps: 40, every: 20, seed })
    expect({
      seed,
      differences: report.differences,
      otherwise: report.otherwise,
      warnings: report.warnings,
    }).toEqual({ seed, differences: [], otherwise: [], warnings: [] })
    expect(report.requests).toBe(300)
  },
  120_000,
)
