import { Command, Option } from 'commander'
import { parseDuration } from '../../manifest/duration-text.ts'
import { UsageError } from '../../errors.ts'
import type { ReplayFlags } from './replay.ts'

/**
 * `shadowplane replay`: sends recorded requests. Exit status 1 if a request had no answer, or the file has
 * damaged places.
 */
export function replayCommand(): Command {
  return new Command('replay')
    .summary('send recorded requests again')
    .description(
      `Sends the requests of a recording in GoReplay's format, written by "shadowplane tap --format gor" ` +
        `or by GoReplay, \
to another address, spaced as they were recorded. Answers in the recording are passed over, gzip is known ` +
        `by its first bytes. \
Progress goes to standard error, the summary to standard output.

The exit status is 1 if a request had no answer, or a place of the file is damaged; the place is ` +
        `reported, and the rest is sent.`,
    )
    .argument('<file>', 'the recording; - is standard input')
    .addOption(
      new Option('--to <url>', 'where to send them, as in http://127.0.0.1:8080; a path is put before theirs')
        .argParser(target)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--speed <percent>', 'of the speed at which they were recorded')
        .argParser(speed)
        .default(1, '100%'),
    )
    .addOption(
      new Option('--rate <n>', 'instead of that: so many a second').argParser(rate).conflicts('speed'),
    )
    .addOption(new Option('--loop <n>', 'send the file so many times').argParser(whole('--loop')).default(1))
    .addOption(
      new Option('--concurrency <n>', 'requests under way at a time; further ones wait')
        .argParser(whole('--concurrency'))
        .default(100),
    )
    .addOption(
      new Option('--timeout <duration>', 'until an answer must be there')
        .argParser(timeout)
        .default(5_000, '5s'),
    )
    .option('--original-host', 'keep the Host that they were recorded with, instead of the address of --to')
    .addOption(
      new Option('-o, --output <format>', 'how to print the summary')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (file: string, flags: ReplayFlags) => {
      const { replayFile } = await import('./replay.ts')
      await replayFile(file, flags)
    })
}

function target(text: string): URL {
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new UsageError(`--to ${text}: write an address, as in http://127.0.0.1:8080`)
  if (url.search !== '' || url.hash !== '' || url.username !== '')
    throw new UsageError(`--to ${text}: write scheme, host, port and path only`)
  return url
}

function speed(text: string): number {
  const value = /^\d{1,9}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : 0
  if (value <= 0)
    throw new UsageError(`--speed ${text}: write a percentage above 0, as in 200% for twice as fast`)
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
  const milliseconds = parseDuration(text) ?? 0
  if (milliseconds <= 0 || milliseconds > longestTimeout)
    throw new UsageError(`--timeout ${text}: write a duration above 0, as in 5s or 500ms, up to 24h`)
  return milliseconds
}
