import { expect, test } from 'vitest'
import { measureRemoval } from '../../bench/removal.ts'
import { setting } from '../support/envoy-setting.ts'

test(
  'a mirror that is taken out of a file gets no more copies, however the file is saved, and no request ' +
    'fails',
  async () => {
    const { removals, expectations } = await measureRemoval({ ...(await setting()), removals: 2, pause: 0 })
    expect(expectations.filter(({ held }) => !held)).toEqual([])
    expect(removals.map(({ saving }) => saving)).toEqual([
      'rename',
      'rename',
      'in place',
      'in place',
      'ConfigMap swap',
      'ConfigMap swap',
    ])
  },
  90_000,
)
