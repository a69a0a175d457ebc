import { expect, test } from 'vitest'
import { measureEditLatency } from '../../bench/edit-latency.ts'
import { setting } from '../support/envoy-setting.ts'

test(
  'every edit reaches a request, header and percentage together, however it is saved, and no request ' +
    'fails',
  async () => {
    const { edits, expectations } = await measureEditLatency({
      ...(await setting()),
      edits: 4,
      pause: 0,
      aim: undefined,
    })
    expect(expectations.filter(({ held }) => !held)).toEqual([])
    const each = [
      [0, false],
      [100, true],
      [0, false],
      [100, true],
    ]
    expect(edits.map(({ percentage, copied }) => [percentage, copied])).toEqual([...each, ...each])
  },
)
