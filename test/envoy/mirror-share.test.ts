import { expect, test } from 'vitest'
import { measureMirrorShare } from '../../bench/mirror-share.ts'
import { setting } from '../support/envoy-setting.ts'

test(
  'Envoy mirrors the share that the VirtualService says: all, none, and within six standard deviations ' +
    'of the rest',
  async () => {
    const { shares, expectations } = await measureMirrorShare({
      ...(await setting()),
      percentages: [100, 0, 33.3333, 0.57],
      requests: 2_000,
      deviations: 6,
    })
    expect(expectations.filter(({ held }) => !held)).toEqual([])
    expect(shares.map(({ percentage, millionths }) => [percentage, millionths])).toEqual([
      [100, 1_000_000],
      [0, 0],
      [33.3333, 333_333],
      [0.57, 5_700],
    ])
    expect(shares.slice(0, 2).map(({ tally }) => tally.copies)).toEqual([2_000, 0])
  },
)
