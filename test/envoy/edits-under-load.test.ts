import { expect, test } from 'vitest'
import { measureEditsUnderLoad } from '../../bench/edits-under-load.ts'
import { mistakes } from '../../bench/support/mistake.ts'
import { setting } from '../support/envoy-setting.ts'

test(
  'mistakes that are saved under load: each is told at its place, what is right stays in force, and no ' +
    'request fails',
  async () => {
    const { results, expectations } = await measureEditsUnderLoad({
      ...(await setting()),
      rate: 100,
      requests: 20,
    })
    expect(expectations.filter(({ held }) => !held)).toEqual([])
    expect(results.map(({ mistake, pushed }) => [mistake.name, pushed])).toEqual(
      mistakes.map(({ name, kind }) => [name, kind === 'refused' ? 0 : 1]),
    )
  },
)
