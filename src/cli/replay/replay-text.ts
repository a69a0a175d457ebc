import type { ReplaySummary } from '../../record/replay-tally.ts'

/** The progress of a replay in one line; `elapsed` in milliseconds. */
export function progressLine({ sent, answered, errors, latencies }: ReplaySummary, elapsed: number): string {
  const failed = total(errors)
  const slow =
    latencies === undefined ? '' : `, p50 ${milliseconds(latencies.p50)}, p99 ${milliseconds(latencies.p99)}`
  return `${sent} sent, ${answered} answered, ${failed} without answer, ${perSecond(sent, elapsed)}${slow}`
}

/** The results of a replay, for people. */
export function renderReplay(summary: ReplaySummary, elapsed: number): string {
  const { sent, answered, statuses, errors, cut, damaged, latencies, late } = summary
  const lines = [
    `${sent} requests sent in ${(elapsed / 1000).toFixed(1)} s (${perSecond(sent, elapsed)}), ${answered} ` +
      `answered, ${total(errors)} without answer`,
    ...Object.entries(statuses).map(([status, count]) => `  status ${status}: ${count}`),
    ...Object.entries(errors).map(([reason, count]) => `  no answer, ${reason}: ${count}`),
    ...(latencies === undefined
      ? []
      : [
          `  latency: p50 ${milliseconds(latencies.p50)}, p90 ${milliseconds(latencies.p90)}, p99 ` +
            `${milliseconds(latencies.p99)}, max ${milliseconds(latencies.max)}`,
        ]),
    ...(late > worthSaying
      ? [`  sent later than due: up to ${milliseconds(late)} (--concurrency, or the target, is the limit)`]
      : []),
    ...(cut > 0 ? [`  not sent: ${cut}, as the recording does not hold all of their body`] : []),
    ...(damaged > 0 ? [`  damaged places in the file: ${damaged}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

const worthSaying = 100 // milliseconds

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function perSecond(count: number, elapsed: number): string {
  return `${((count * 1000) / Math.max(elapsed, 1)).toFixed(1)}/s`
}

function milliseconds(value: number): string {
  return value < 10
    ? `${value.toFixed(1)} ms`
    : value < 10_000
      ? `${value.toFixed(0)} ms`
      : `${(value / 1000).toFixed(1)} s`
}
