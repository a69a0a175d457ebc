import { expect, test } from 'vitest'
import { measureInterception } from '../../bench/interception.ts'
import { missingForInterception } from '../../bench/support/interception/network-program.ts'
import { setting } from '../support/envoy-setting.ts'

const missing = await missingForInterception()
if (missing !== undefined) console.warn(`skipped: ${missing}`)

test.skipIf(missing !== undefined)(
  'a VirtualService mirrors alike on bound listeners and with interception, and interception passes on ' +
    'all else',
  async () => {
    const { sidecars, expectations } = await measureInterception({
      ...(await setting()),
      requests: 400,
      deviations: 6,
    })
    expect(expectations.filter(({ held }) => !held)).toEqual([])
    expect(sidecars.map(({ mode, sent, answered }) => [mode, sent, answered])).toEqual([
      ['bound listeners', 400, 400],
      ['interception', 400, 400],
      ['interception, protocol detected', 400, 400],
    ])
  },
)
