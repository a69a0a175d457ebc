import { expect, test } from 'vitest'
import { measureEndToEnd } from '../../bench/end-to-end.ts'
import { measureFanOut } from '../../bench/fan-out.ts'
import { measureReconnectStorm } from '../../bench/reconnect-storm.ts'
import { measureSoak } from '../../bench/soak.ts'
import { measureStalledReaders } from '../../bench/stalled-readers.ts'
import type { Measurement, MeasureSetting } from '../../bench/support/measure-run.ts'
import { typeUrls } from '../../bench/support/load/discovery-response.ts'

// Bytes and counts of small runs; never a duration.

/** Milliseconds after which a run that hangs is given up. */
const limit = 170_000
const setting = (): MeasureSetting => ({
  quick: true,
  minutes: 1,
  profile: undefined,
  signal: AbortSignal.timeout(limit),
  progress: () => {},
})

function failures({ expectations }: Measurement): readonly string[] {
  expect(expectations.length).toBeGreaterThan(0)
  return expectations.filter(({ held }) => !held).map(({ what, found }) => `${what}: ${found}`)
}

test('a changed resource goes to each stream once, as it is', async () => {
  const found = await measureFanOut(setting())
  expect(failures(found)).toEqual([])
  const small = found.rows.filter(({ size }) => size === 2_000)
  expect(small.length).toBe(2)
  for (const { ours, streams, rounds } of small)
    expect(ours.bytes / (streams * rounds)).toSatisfy((bytes: number) => bytes > 2_000 && bytes < 2_400)
})

test('an edit of a file reaches every proxy, and none is sent anything else', async () => {
  const found = await measureEndToEnd(setting())
  expect(failures(found)).toEqual([])
  for (const { holdings, services, coldCounts, proxies } of found.rows) {
    expect(holdings[typeUrls.endpoint]).toEqual({ least: services, most: services })
    expect(holdings[typeUrls.listener]).toEqual({ least: 1, most: 1 })
    expect(coldCounts[typeUrls.cluster]?.responses).toBe(proxies)
    expect(coldCounts[typeUrls.route]?.responses).toBe(proxies)
  }
})

test('proxies that come back with what they have are sent nothing', async () => {
  const found = await measureReconnectStorm(setting())
  expect(failures(found)).toEqual([])
  expect(found.storm).toEqual(found.edit)
})

test('stalled readers hold up none of the others', async () => {
  const found = await measureStalledReaders(setting())
  expect(failures(found)).toEqual([])
  expect(found.stall.times.length).toBe(found.pushes)
  expect(found.crowded.times.filter(Number.isNaN)).toEqual([])
})

test('edit after edit, every proxy is sent each once', async () => {
  const found = await measureSoak(setting())
  expect(failures(found)).toEqual([])
})
