import { expect, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { plane, reviews } from './plane.ts'

test('probes and metrics are answered, and nothing of the configuration', async () => {
  const probes = `127.0.0.1:${await freePort()}`
  await plane({ 'reviews.yaml': reviews }, { probes })
  const ask = async (path: string) => {
    const answer = await fetch(`http://${probes}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  expect(await ask('/livez')).toEqual({ status: 200, text: 'ok\n' })
  expect(await ask('/readyz')).toEqual({ status: 200, text: 'ok\n' })
  expect((await ask('/metrics')).text).toContain('shadowplane_proxies')
  for (const path of ['/status', '/config_dump?proxy=x', '/v1/taps', '/', '/readyz/../status']) {
    expect(await ask(path)).toEqual({ status: 404, text: 'there are /livez, /metrics, /readyz\n' })
  }
})

test('an address that is taken is said under the flag', async () => {
  const taken = await plane({})
  await expect(plane({}, { probes: taken.adminAddress })).rejects.toThrow(
    `--probes ${taken.adminAddress}: another process listens there`,
  )
})
