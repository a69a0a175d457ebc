import { stat } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { display } from '../demo/display.ts'
import { durationSchema } from '../manifest/duration.ts'
import { readGorFile, readGorStream } from '../record/gor-file.ts'
import { replay } from '../record/replay.ts'
import type { Pace } from '../record/replay.ts'
import { createTally } from '../record/replay-tally.ts'
import type { Tally } from '../record/replay-tally.ts'
import { createTarget } from '../record/replay-target.ts'
import { UsageError } from '../sources/source.ts'
import { progressLine, renderReplay } from './replay-text.ts'

interface Flags {
  readonly to: URL
  readonly speed: number
  readonly rate?: number
  readonly loop: number
  readonly concurrency: number
  readonly timeout: number
  readonly originalHost?: true
  readonly output: 'text' | 'json'
}

/** `shadowplane replay`: sends what was recorded. Exit status 1 when a request had no answer, or the file has damaged places. */
export function replayCommand(): Command {
  return new Command('replay')
    .summary('send recorded requests again')
    .description(`Sends the requests of a recording in GoReplay's format, written by "shadowplane tap --format gor" or by GoReplay, \
to another address, spaced as they were recorded. Answers in the recording are passed over, gzip is known by its first bytes. \
Progress goes to standard error, the summary to standard output.

The exit status is 1 if a request had no answer, or a place of the file is no record; it is told of, and the rest is sent.`)
    .argument('<file>', 'the recording; - is standard input')
    .addOption(new Option('--to <url>', 'where to send them, as in http://127.0.0.1:8080; a path stands before theirs').argParser(target).makeOptionMandatory())
    .addOption(new Option('--speed <percent>', 'of the speed at which they were recorded').argParser(speed).default(1, '100%'))
    .addOption(new Option('--rate <n>', 'instead of that: so many a second').argParser(rate).conflicts('speed'))
    .addOption(new Option('--loop <n>', 'send the file so many times').argParser(whole('--loop')).default(1))
    .addOption(new Option('--concurrency <n>', 'requests under way at a time; further ones wait').argParser(whole('--concurrency')).default(100))
    .addOption(new Option('--timeout <duration>', 'until an answer must be there').argParser(timeout).default(5_000, '5s'))
    .option('--original-host', 'keep the Host that they were recorded with, instead of the address of --to')
    .addOption(new Option('-o, --output <format>', 'how to print the summary').choices(['text', 'json']).default('text'))
    .action(run)
}

async function run(file: string, flags: Flags): Promise<void> {
  await check(file, flags)
  const pace: Pace = flags.rate === undefined ? { kind: 'recorded', speed: flags.speed } : { kind: 'rate', perSecond: flags.rate }
  const tally = createTally()
  const destination = createTarget({ url: flags.to, host: flags.originalHost === true ? 'original' : 'target', timeout: flags.timeout, connections: flags.concurrency })
  const stopped = new AbortController()
  const stop = (): void => { stopped.abort() }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  const progress = showProgress(tally)
  const start = performance.now()
  try {
    await replay({
      open: () => file === '-' ? readGorStream(process.stdin) : readGorFile(file),
      target: destination, pace, loops: flags.loop, concurrency: flags.concurrency, tally, signal: stopped.signal,
      onDamage: ({ offset, problem }) => { progress.damage(`${file}: byte ${offset}: ${problem}`) },
    }).catch((error: unknown) => { throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`) })
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
  readonly flags: Flags
  readonly interrupted: boolean
}

function report(file: string, { tally, elapsed, flags, interrupted }: Replayed): void {
  const summary = tally.summary()
  if (summary.sent + summary.cut === 0 && !interrupted) throw new UsageError(`${file} holds no request in GoReplay's format`)
  process.stdout.write(flags.output === 'json' ? `${JSON.stringify({ ...summary, elapsed }, null, 2)}\n` : renderReplay(summary, elapsed))
  process.exitCode = summary.damaged > 0 || Object.keys(summary.errors).length > 0 ? 1 : 0
}

async function check(file: string, { loop }: Flags): Promise<void> {
  if (file === '-' && loop > 1) throw new UsageError('--loop: standard input can be read only once: write the recording to a file')
  if (file === '-') return
  const stats = await stat(file).catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
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
  const show = out.isTerminal ? () => { out.status(line()) } : () => { out.line(line()) }
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

function target(text: string): URL {
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') throw new UsageError(`--to ${text}: write an address, as in http://127.0.0.1:8080`)
  if (url.search !== '' || url.hash !== '' || url.username !== '') throw new UsageError(`--to ${text}: write scheme, host, port and path only`)
  return url
}

function speed(text: string): number {
  const value = /^\d{1,9}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : 0
  if (value <= 0) throw new UsageError(`--speed ${text}: write a percentage above 0, as in 200% for twice as fast`)
  return value / 100
}

function rate(text: string): number {
  const value = /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : 0
  if (value <= 0) throw new UsageError(`--rate ${text}: write a number of requests a second above 0`)
  return value
}

function whole(flag: string): (text: string) => number {
  return (text) => {
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${flag} ${text}: write a whole number from 1 up`)
    return Number(text)
  }
}

const longestTimeout = 24 * 3_600_000

function timeout(text: string): number {
  const parsed = durationSchema.safeParse(text)
  if (!parsed.success || parsed.data <= 0 || parsed.data > longestTimeout) throw new UsageError(`--timeout ${text}: write a duration above 0, as in 5s or 500ms, up to 24h`)
  return parsed.data
}
