import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import { fullBucket, takeToken } from '../../src/writeback/token-bucket.ts'
import { WorkQueue } from '../../src/writeback/work-queue.ts'
import type { Outcome, WorkOptions } from '../../src/writeback/work-queue.ts'

/** Time that passes when a test says so. */
class SetClock implements Clock {
  #now = 0
  readonly #due = new Set<{ readonly at: number; readonly action: () => void }>()

  now(): number {
    return this.#now
  }
  date(): Date {
    return new Date(this.#now)
  }
  random(): number {
    return 0.999
  }
  after(milliseconds: number, action: () => void): () => void {
    const due = { at: this.#now + milliseconds, action }
    this.#due.add(due)
    return () => {
      this.#due.delete(due)
    }
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      await turn()
      const [next] = [...this.#due].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      this.#due.delete(next)
      next.action()
    }
    this.#now = end
  }
}

interface Piece {
  readonly key: string
  readonly at: number
  end(outcome: Outcome): void
}

function queueOf(options: Partial<WorkOptions> = {}): {
  readonly queue: WorkQueue
  readonly clock: SetClock
  readonly begun: Piece[]
} {
  const clock = new SetClock()
  const begun: Piece[] = []
  const queue = new WorkQueue({
    clock,
    rate: { perSecond: 10, burst: 100 },
    atOnce: 2,
    settle: 100,
    isWorth: () => true,
    work: (key) =>
      new Promise<Outcome>((resolve) => {
        begun.push({ key, at: clock.now(), end: resolve })
      }),
    ...options,
  })
  return { queue, clock, begun }
}

const keys = (pieces: readonly Piece[]): readonly string[] => pieces.map(({ key }) => key)

describe('a queue of work', () => {
  test('does nothing outside of a tenure', async () => {
    const { queue, clock, begun } = queueOf()
    queue.add('a')
    await clock.pass(1_000)
    expect([queue.size, begun.length]).toEqual([0, 0])
  })

  test('waits a moment, and does once what was added often', async () => {
    const { queue, clock, begun } = queueOf()
    queue.begin(new AbortController().signal)
    for (const key of ['a', 'b', 'a']) queue.add(key)
    await clock.pass(99)
    expect(begun).toEqual([])
    await clock.pass(1)
    expect(keys(begun)).toEqual(['a', 'b'])
  })

  test('has so many under way at once, and of one key one: what comes meanwhile is done after it', async () => {
    const { queue, clock, begun } = queueOf()
    queue.begin(new AbortController().signal)
    for (const key of ['a', 'b', 'c']) queue.add(key)
    await clock.pass(100)
    queue.add('a')
    await clock.pass(1_000)
    expect(keys(begun)).toEqual(['a', 'b'])
    begun[1]?.end('done')
    await clock.pass(1_000)
    expect(keys(begun)).toEqual(['a', 'b', 'c'])
    begun[0]?.end('done')
    await clock.pass(1_000)
    expect(keys(begun)).toEqual(['a', 'b', 'c', 'a'])
  })

  test('tries again what failed, ever later', async () => {
    const { queue, clock, begun } = queueOf({
      settle: 0,
      work: (key) => {
        begun.push({ key, at: clock.now(), end: () => undefined })
        return Promise.resolve('later')
      },
    })
    queue.begin(new AbortController().signal)
    queue.add('a')
    await clock.pass(600_000)
    const waits = begun.slice(1).map(({ at }, index) => Math.round((at - (begun[index]?.at ?? 0)) / 100) / 10)
    expect(waits.slice(0, 9)).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60])
    expect(queue.size).toBe(1)
  })

  test('forgets everything at its end, and goes on with what is under way only', async () => {
    const { queue, clock, begun } = queueOf({ atOnce: 1 })
    const tenure = new AbortController()
    queue.begin(tenure.signal)
    for (const key of ['a', 'b']) queue.add(key)
    await clock.pass(100)
    tenure.abort()
    queue.end()
    const ended = queue.ended()
    begun[0]?.end('later')
    await ended
    await clock.pass(100_000)
    expect([keys(begun), queue.size]).toEqual([['a'], 0])
  })

  test('keeps to its rate', async () => {
    const { queue, clock, begun } = queueOf({ rate: { perSecond: 10, burst: 5 }, atOnce: 1_000 })
    queue.begin(new AbortController().signal)
    for (let index = 0; index < 100; index += 1) queue.add(String(index))
    await clock.pass(100)
    expect(begun.length).toBe(5)
    await clock.pass(2_000)
    expect(begun.length).toBe(25)
  })
})

test('what is not worth it costs nothing of the rate', async () => {
  const { queue, clock, begun } = queueOf({ rate: { perSecond: 1, burst: 1 }, isWorth: (key) => key === 'z' })
  queue.begin(new AbortController().signal)
  for (const key of ['a', 'b', 'c', 'z']) queue.add(key)
  await clock.pass(100)
  expect(keys(begun)).toEqual(['z'])
})

test('a token bucket fills up to its burst', () => {
  const rate = { perSecond: 2, burst: 3 }
  const bucket = fullBucket(rate, 0)
  expect(takeToken(bucket, rate, 0)).toEqual({ tokens: 2, since: 0 })
  expect(takeToken({ tokens: 0, since: 0 }, rate, 250)).toBe(250)
  expect(takeToken({ tokens: 0, since: 0 }, rate, 100_000)).toEqual({ tokens: 2, since: 100_000 })
})
