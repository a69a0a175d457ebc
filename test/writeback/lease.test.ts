import { describe, expect, test } from 'vitest'
import { choose, isHeld, leaseObject, leaseRecord, see } from '../../src/writeback/lease.ts'
import type { LeaseChoice, LeaseRecord } from '../../src/writeback/lease.ts'
import { leasePaceOf } from '../../src/writeback/lease-pace.ts'

const record: LeaseRecord = {
  version: '7',
  holder: 'a',
  duration: 15_000,
  acquired: '2026-01-01T00:00:00.000000Z',
  transitions: 2,
}

describe('what a replica does about the Lease', () => {
  const cases: readonly {
    readonly seen: LeaseRecord | undefined
    readonly ago: number
    readonly as: string
    readonly chosen: LeaseChoice
    readonly because: string
  }[] = [
    { seen: undefined, ago: 0, as: 'b', chosen: 'create', because: 'there is none' },
    { seen: record, ago: 0, as: 'a', chosen: 'renew', because: 'it is the holder' },
    {
      seen: record,
      ago: 60_000,
      as: 'a',
      chosen: 'renew',
      because: 'nobody took it from a holder that was silent',
    },
    { seen: record, ago: 14_999, as: 'b', chosen: 'wait', because: 'the holder may still renew' },
    { seen: record, ago: 15_000, as: 'b', chosen: 'take', because: 'the holder was silent for its duration' },
    {
      seen: { ...record, duration: 60_000 },
      ago: 15_000,
      as: 'b',
      chosen: 'wait',
      because: "the duration is the holder's",
    },
    { seen: { ...record, holder: '' }, ago: 0, as: 'b', chosen: 'take', because: 'it was released' },
  ]
  test.each(cases)('$chosen: $because', ({ seen, ago, as, chosen }) => {
    expect(choose({ record: seen, since: 1_000 }, as, 1_000 + ago)).toBe(chosen)
  })
})

describe('how long a holder has been silent', () => {
  test('is counted from when its last word was seen here', () => {
    const first = see(undefined, record, 100)
    expect(see(first, { ...record }, 9_000)).toBe(first)
    expect(see(first, { ...record, version: '8' }, 9_000).since).toBe(9_000)
    expect(see(first, undefined, 9_000)).toEqual({ record: undefined, since: 9_000 })
  })

  test('is not told by the times that it writes: a clock that is an hour behind, or ahead, takes nothing', () => {
    for (const now of ['2020-01-01T00:00:00.000Z', '2040-01-01T00:00:00.000Z']) {
      const written = leaseRecord({
        ...leaseObject(record, { name: 'x', namespace: 'y', holder: 'a', duration: 15_000, now }),
        metadata: { resourceVersion: '8' },
      })
      expect(choose(see(undefined, written, 0), 'b', 14_999)).toBe('wait')
    }
  })
})

test('a holder stops to be one before another may take the Lease', () => {
  const pace = leasePaceOf(15_000)
  expect(pace).toEqual({ duration: 15_000, deadline: 10_000, retry: 2_000 })
  expect([isHeld(undefined, 0, pace), isHeld(0, 9_999, pace), isHeld(0, 10_000, pace)]).toEqual([
    false,
    true,
    false,
  ])
  // Its last renewal began at 0 and was seen by the other at once: earlier it cannot be.
  expect(choose(see(undefined, record, 0), 'b', 10_000)).toBe('wait')
})

describe('the object that is written', () => {
  const claim = { name: 'shadowplane', namespace: 'infra', duration: 15_000, now: '2026-02-03T04:05:06.789Z' }

  test('of one who had it keeps since when', () => {
    expect(leaseObject(record, { ...claim, holder: 'a' })).toMatchObject({
      metadata: { name: 'shadowplane', namespace: 'infra', resourceVersion: '7' },
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        acquireTime: record.acquired,
        renewTime: '2026-02-03T04:05:06.789000Z',
        leaseTransitions: 2,
      },
    })
  })

  test('of another is a transition; of the first, and of nobody, none', () => {
    expect(leaseObject(record, { ...claim, holder: 'b' })['spec']).toMatchObject({
      holderIdentity: 'b',
      acquireTime: '2026-02-03T04:05:06.789000Z',
      leaseTransitions: 3,
    })
    expect(leaseObject(record, { ...claim, holder: '' })['spec']).toMatchObject({
      holderIdentity: '',
      leaseTransitions: 2,
    })
    const first = leaseObject(undefined, { ...claim, holder: 'b' })
    expect(first['spec']).toMatchObject({ leaseTransitions: 0 })
    expect(first['metadata']).not.toHaveProperty('resourceVersion')
  })

  test('is read as it was written, and what others left out counts as released', () => {
    const object = leaseObject(record, { ...claim, holder: 'b' })
    expect(leaseRecord({ ...object, metadata: { resourceVersion: '9' } })).toEqual({
      version: '9',
      holder: 'b',
      duration: 15_000,
      acquired: '2026-02-03T04:05:06.789000Z',
      transitions: 3,
    })
    expect(leaseRecord({ metadata: { resourceVersion: '1' }, spec: {} })).toEqual({
      version: '1',
      holder: '',
      duration: 0,
      acquired: '',
      transitions: 0,
    })
  })
})
