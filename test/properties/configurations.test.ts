import { expect, test } from 'vitest'
import { addressesOf } from '../../bench/support/configuration-fuzzer/lanes.ts'
import { counted } from '../../bench/support/configuration-fuzzer/report.ts'
import { runConfigurations } from '../../bench/support/configuration-fuzzer/run.ts'
import { setting } from '../support/envoy-setting.ts'

/**
 * A small share of what bench/accepted-by-envoy.ts checks, always the same: as many of these configurations
 * as fit into the time.
 */
const share = { count: 100, batch: 25, enough: 14_000 }

const seed = 20_261_121

test(
  `configurations, valid and half-valid, are accepted by Envoy and cost their neighbours nothing (seed ` +
    `${seed})`,
  async () => {
    const { binary, signal } = await setting()
    const result = await runConfigurations({
      ...share,
      seed,
      binary,
      signal,
      addresses: addressesOf(8 + (seed % 100)),
      progress: () => {},
    })
    console.log(counted(result, seed).join('\n'))
    expect(result.valid + result.halfValid).toBeGreaterThan(0)
    expect(
      result.found.map(
        ({ kind, text, subject }) => `seed ${seed}, configuration ${subject.place.id}: ${kind}: ${text}`,
      ),
    ).toEqual([])
  },
)
