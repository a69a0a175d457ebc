import { createHistogram } from 'node:perf_hooks'
import type { Damage } from './gor-reader.ts'
import type { Outcome } from './replay-target.ts'

/** Milliseconds. */
export interface Latencies {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface ReplaySummary {
  readonly sent: number
  readonly answered: number
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>
  /** Requests without an answer, by reason. */
  readonly errors: Readonly<Record<string, number>>
  /** Requests that were not sent, as the recording does not hold all of their body. */
  readonly cut: number
  /** Places in the file that do not hold a record. */
  readonly damaged: number
  /** Latency of the answers; undefined if there are none. */
  readonly latencies: Latencies | undefined
  /** Milliseconds by which a request was sent later than it was due, at most. */
  readonly late: number
}

/** Counts what a replay does, in a memory that does not grow with it. */
export interface Tally {
  sent(late: number): void
  ended(outcome: Outcome, milliseconds: number): void
  cut(): void
  damaged(damage: Damage): void
  summary(): ReplaySummary
}

const mostReasons = 20
const microseconds = 1000

export function createTally(): Tally {
  const histogram = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 })
  const statuses = new Map<number, number>()
  const errors = new Map<string, number>()
  const counts = { sent: 0, answered: 0, cut: 0, damaged: 0, late: 0 }
  return {
    sent(late) {
      counts.sent += 1
      counts.late = Math.max(counts.late, late)
    },
    ended(outcome, milliseconds) {
      if ('error' in outcome)
        return count(
          errors,
          errors.has(outcome.error) || errors.size < mostReasons ? outcome.error : 'others',
        )
      counts.answered += 1
      count(statuses, outcome.status)
      histogram.record(Math.max(1, Math.round(milliseconds * microseconds)))
    },
    cut: () => {
      counts.cut += 1
    },
    damaged: () => {
      counts.damaged += 1
    },
    summary: () => ({
      ...counts,
      statuses: Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b)),
      errors: Object.fromEntries([...errors].toSorted(([, a], [, b]) => b - a)),
      latencies:
        counts.answered === 0
          ? undefined
          : latencies((share) => histogram.percentile(share) / microseconds, histogram.max / microseconds),
    }),
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function latencies(percentile: (share: number) => number, max: number): Latencies {
  return { p50: percentile(50), p90: percentile(90), p99: percentile(99), max }
}
