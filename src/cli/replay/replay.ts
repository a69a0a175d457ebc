import { stat } from 'node:fs/promises'
import { UsageError, errorText } from '../../errors.ts'
import { display } from '../../demo/display.ts'
import { readGorFile, readGorStream } from '../../record/gor-file.ts'
import { replay } from '../../record/replay.ts'
import type { Pace } from '../../record/replay.ts'
import { createTally } from '../../record/replay-tally.ts'
import type { Tally, ReplaySummary } from '../../record/replay-tally.ts'
import { createTarget } from '../../record/replay-target.ts'
import { printable } from '../../diagnostics/foreign-text.ts'

/** The flags of the command, as `replay-command.ts` reads them. */
export interface ReplayFlags {
  readonly to: URL
  readonly speed: number
  readonly rate?: number
  readonly loop: number
  readonly concurrency: number
  readonly timeout: number
  readonly originalHost?: true
  readonly output: 'text' | 'json'
}

/** Sends what the file holds, and prints the summary; sets the exit status. */
export async function replayFile(file: string, flags: ReplayFlags): Promise<void> {
  await check(file, flags)
  const pace: Pace =
    flags.rate === undefined
      ? { kind: 'recorded', speed: flags.speed }
      : { kind: 'rate', perSecond: flags.rate }
  const tally = createTally()
  const destination = createTarget({
    url: flags.to,
    host: flags.originalHost === true ? 'original' : 'target',
    timeout: flags.timeout,
    connections: flags.concurrency,
  })
  const stopped = new AbortController()
  const stop = (): void => {
    stopped.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  const progress = showProgress(tally)
  const start = performance.now()
  try {
    await replay({
      open: () => (file === '-' ? readGorStream(process.stdin) : readGorFile(file)),
      target: destination,
      pace,
      loops: flags.loop,
      concurrency: flags.concurrency,
      tally,
      signal: stopped.signal,
      onDamage: ({ offset, problem }) => {
        progress.damage(printable(`${file}: byte ${offset}: ${problem}`))
      },
    }).catch((error: unknown) => {
      throw new UsageError(`${file} cannot be read: ${errorText(error)}`, { cause: error })
    })
  } finally {
    progress.close()
    destination.close()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  }
  report(file, { tally, elapsed: performance.now() - start, flags, interrupted: stopped.signal.aborted })
}

interface Replayed {
  readonly tally: Tally
  readonly elapsed: number
  readonly flags: ReplayFlags
  readonly interrupted: boolean
}

function report(file: string, { tally, elapsed, flags, interrupted }: Replayed): void {
  const summary = tally.summary()
  if (summary.sent + summary.cut === 0 && !interrupted)
    throw new UsageError(`${file} holds no request in GoReplay's format`)
  process.stdout.write(
    flags.output === 'json'
      ? `${JSON.stringify({ ...summary, elapsed }, null, 2)}\n`
      : renderReplay(summary, elapsed),
  )
  process.exitCode = summary.damaged > 0 || Object.keys(summary.errors).length > 0 ? 1 : 0
}

async function check(file: string, { loop }: ReplayFlags): Promise<void> {
  if (file === '-' && loop > 1)
    throw new UsageError('--loop: standard input can be read only once: write the recording to a file')
  if (file === '-') return
  const stats = await stat(file).catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${errorText(error)}`, { cause: error })
  })
  if (stats.isDirectory()) throw new UsageError(`${file} is a directory: name the recording itself`)
}

const redrawInterval = 200 // milliseconds
const lineInterval = 10_000
const mostDamageShown = 10

function showProgress(tally: Tally): { damage(line: string): void; close(): void } {
  const out = display(process.stderr)
  const start = performance.now()
  const line = (): string => progressLine(tally.summary(), performance.now() - start)
  const show = out.isTerminal
    ? () => {
        out.status(line())
      }
    : () => {
        out.line(line())
      }
  const timer = setInterval(show, out.isTerminal ? redrawInterval : lineInterval)
  let damages = 0
  return {
    damage(text) {
      damages += 1
      if (damages <= mostDamageShown) out.line(text)
      if (damages === mostDamageShown) out.line('… further damaged places are only counted')
    },
    close() {
      clearInterval(timer)
      out.status('')
    },
  }
}

/** The progress of a replay in one line; `elapsed` in milliseconds. */
function progressLine({ sent, answered, errors, latencies }: ReplaySummary, elapsed: number): string {
  const failed = total(errors)
  const slow =
    latencies === undefined ? '' : `, p50 ${milliseconds(latencies.p50)}, p99 ${milliseconds(latencies.p99)}`
  return `${sent} sent, ${answered} answered, ${failed} without answer, ${perSecond(sent, elapsed)}${slow}`
}

/** The results of a replay, for people. */
function renderReplay(summary: ReplaySummary, elapsed: number): string {
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
