import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../support/command.ts'
import { plane, reviews, sidecarId } from './plane.ts'
import type { Plane } from './plane.ts'

async function metrics(running: Plane): Promise<ReadonlyMap<string, number>> {
  const lines = (await (await running.ask('/metrics')).text())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))]
    }),
  )
}

test('each documented metric is served, and each of ours that is served is documented', async () => {
  const running = await plane({ 'reviews.yaml': reviews })
  const answer = await running.ask('/metrics')
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const served = [...(await answer.text()).matchAll(/^# TYPE (shadowplane_\w+) (\w+)$/gm)].map(
    ([, name, kind]) => `${name} ${kind}`,
  )
  const page = readFileSync(join(projectRoot, 'docs/metrics.md'), 'utf8')
  const documented = [...page.matchAll(/^\| `(shadowplane_\w+)` \| (\w+) \|/gm)].map(
    ([, name, kind]) => `${name} ${kind}`,
  )
  expect(served.toSorted()).toEqual(documented.toSorted())
})

test('labels are those that are documented', async () => {
  const running = await plane({ 'reviews.yaml': reviews })
  await running.proxy(sidecarId('a'), 'sotw')
  await running.event('acked', ({ type }) => type === 'route')
  const page = readFileSync(join(projectRoot, 'docs/metrics.md'), 'utf8')
  const documented = new Map(
    [...page.matchAll(/^\| `(shadowplane_\w+)` \| \w+ \|([^|]*)\|/gm)].map(([, name = '', labels = '']) => [
      name,
      labels.match(/\w+/g) ?? [],
    ]),
  )
  for (const series of (await metrics(running)).keys()) {
    const [, name = '', labels = ''] =
      /^(shadowplane_\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})?$/.exec(series) ?? []
    if (name === '') continue
    expect([
      name,
      [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le'),
    ]).toEqual([name, documented.get(name)])
  }
})

test('what proxies take and refuse is counted', async () => {
  const running = await plane({ 'reviews.yaml': `${reviews}    nonsense: 1\n` })
  const before = await metrics(running)
  expect(before.get('shadowplane_nacks_total{type="route"}')).toBe(0)
  expect(before.get('shadowplane_config_objects')).toBe(2)
  expect(before.get('shadowplane_diagnostics{severity="error"}')).toBe(1)
  await running.proxy(sidecarId('a'), 'sotw')
  await running.event('acked', ({ type }) => type === 'route')
  const client = running.client(sidecarId('b'), 'delta')
  client.subscribe('listener')
  await client.next('listener')
  client.nack('listener', 'no')
  await running.event('nacked')
  const after = await metrics(running)
  expect(after.get('shadowplane_proxies{mode="sotw",role="sidecar"}')).toBe(1)
  expect(after.get('shadowplane_proxies{mode="delta",role="sidecar"}')).toBe(1)
  expect(after.get('shadowplane_subscriptions{type="listener",status="NACKED"}')).toBe(1)
  expect(after.get('shadowplane_subscriptions{type="route",status="SYNCED"}')).toBe(1)
  expect(after.get('shadowplane_nacks_total{type="listener"}')).toBe(1)
  expect(after.get('shadowplane_acks_total{type="route"}')).toBe(1)
  expect(after.get('shadowplane_ack_latency_seconds_count{type="listener"}')).toBe(2)
  expect(after.get('shadowplane_push_bytes_total{type="route"}')).toBeGreaterThan(100)
  expect(after.get('shadowplane_resources{type="route"}')).toBeGreaterThan(0)
  expect(after.get('shadowplane_flush_duration_seconds_count')).toBeGreaterThan(
    before.get('shadowplane_flush_duration_seconds_count') ?? 0,
  )
})
