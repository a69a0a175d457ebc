import { setTimeout as pause } from 'node:timers/promises'
import type { Damage, GorItem } from './gor-reader.ts'
import type { RecordedRequest } from './recorded-request.ts'
import type { Target } from './replay-target.ts'
import type { Tally } from './replay-tally.ts'

/** When requests are sent: as they were recorded, so many times as fast, or so many a second. */
export type Pace =
  | { readonly kind: 'recorded'; readonly speed: number }
  | { readonly kind: 'rate'; readonly perSecond: number }

export interface ReplayOptions {
  /** Opens the recording; once for each loop. */
  readonly open: () => AsyncIterable<GorItem>
  readonly target: Target
  readonly pace: Pace
  readonly loops: number
  /** Requests under way at a time; the next one waits, and is late then. */
  readonly concurrency: number
  readonly tally: Tally
  readonly onDamage: (damage: Damage) => void
  /** Ends it: nothing more is sent, and what is under way is waited for. */
  readonly signal: AbortSignal
}

/**
 * Sends a recording, in its order; resolves when every request has its answer, or has none for good. Rejects
 * if it cannot be read.
 */
export async function replay(options: ReplayOptions): Promise<void> {
  const underWay = new Set<Promise<void>>()
  try {
    for (let loop = 0; loop < options.loops && !options.signal.aborted; loop += 1)
      await replayOnce(options, underWay)
  } finally {
    await Promise.all(underWay)
  }
}

async function replayOnce(
  { open, target, pace, concurrency, tally, onDamage, signal }: ReplayOptions,
  underWay: Set<Promise<void>>,
): Promise<void> {
  const schedule = startSchedule(pace)
  for await (const item of open()) {
    if (signal.aborted) return
    if ('damage' in item) {
      tally.damaged(item.damage)
      onDamage(item.damage)
      continue
    }
    if (item.request.isCut) {
      tally.cut()
      continue
    }
    const due = schedule(item.request)
    while (underWay.size >= concurrency) await Promise.race(underWay)
    await until(due, signal)
    if (signal.aborted) return
    const started = performance.now()
    tally.sent(started - due)
    const ended = async (): Promise<void> => {
      tally.ended(await target.send(item.request), performance.now() - started)
    }
    const sent: Promise<void> = ended().finally(() => underWay.delete(sent))
    underWay.add(sent)
  }
}

/** When each request is due, in milliseconds of `performance.now()`; the first one is now. */
function startSchedule(pace: Pace): (request: RecordedRequest) => number {
  let start: number | undefined
  let first = 0n
  let sent = 0
  return ({ time }) => {
    if (start === undefined) [start, first] = [performance.now(), time]
    sent += 1
    if (pace.kind === 'rate') return start + ((sent - 1) * 1000) / pace.perSecond
    return start + Number(time - first) / 1e6 / pace.speed
  }
}

/** The longest that a timer of Node waits. */
const longestPause = 2 ** 31 - 1

async function until(due: number, signal: AbortSignal): Promise<void> {
  for (let left = due - performance.now(); left >= 0.5 && !signal.aborted; left = due - performance.now()) {
    await pause(Math.min(left, longestPause), undefined, { signal }).catch(() => undefined)
  }
}
