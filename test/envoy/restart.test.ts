import { expect, test } from 'vitest'
import { measureRestart } from '../../bench/restart.ts'
import { setting } from '../support/envoy-setting.ts'

test(
  'the control plane is killed under load and comes back: no request fails, and a delta Envoy is sent ' +
    'what changed meanwhile, nothing else',
  async () => {
    const { results, expectations } = await measureRestart({
      ...(await setting()),
      modes: ['delta'],
      rate: 200,
      requests: 60,
    })
    expect(expectations.filter(({ held }) => !held)).toEqual([])
    expect(
      results.map(({ unchanged, edited }) => [
        unchanged,
        edited.map(({ type, sent, removed }) => [type, sent, removed]),
      ]),
    ).toEqual([[[], [['virtual-host', ['http.80/*:80'], []]]]])
  },
)

test('a state-of-the-world Envoy comes back without a failed request and gets the edit', async () => {
  const { expectations } = await measureRestart({
    ...(await setting()),
    modes: ['sotw'],
    rate: 200,
    requests: 60,
  })
  expect(expectations.filter(({ held }) => !held)).toEqual([])
})
