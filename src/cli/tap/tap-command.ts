import { Command, Option } from 'commander'
import { parseDuration } from '../../manifest/duration-text.ts'
import { UsageError } from '../../errors.ts'
import { addConnectionFlags } from '../admin-connection.ts'
import type { TapFlags } from './tap.ts'

/** `shadowplane tap`: copies of live requests, printed. Exit status 1 when the control plane ended it. */
export function tapCommand(): Command {
  return addConnectionFlags(
    new Command('tap')
      .summary('print copies of live requests')
      .description(
        `Asks a running control plane to mirror routes to a recorder of its own, and prints what arrives ` +
          `there: method, URL, headers \
and body. The mirror ends with the command. Nothing is captured from the network and no privileges are ` +
          `needed; what TLS hides from a capture is seen.

Copies are printed as fast as they are taken: what is too much is dropped and counted, and the control ` +
          `plane's memory stays bounded. \
With --format gor it is what GoReplay writes, for "shadowplane replay" or for GoReplay itself.`,
      )
      .addOption(
        new Option(
          '--route <kind/namespace/name>',
          'routes of this object, as in HTTPRoute/default/shop, or of a rule of it: …/shop#rule',
        ).conflicts('host'),
      )
      .option('--host <host>', 'routes for this host, written as the routes write it (default: every route)')
      .addOption(new Option('--percent <number>', 'of the requests').argParser(percent).default(100))
      .addOption(
        new Option(
          '--format <format>',
          "how to print: a line, a JSON object a line, or GoReplay's file format",
        )
          .choices(['line', 'json', 'gor'])
          .default('line'),
      )
      .addOption(
        new Option(
          '--body-limit <size>',
          'how much of a body, as in 64KiB, up to 16MiB (default: 4KiB for lines, else 1MiB)',
        ).argParser(size),
      )
      .option('--output <file>', 'write there instead of to standard output; compressed if it ends in .gz')
      .addOption(
        new Option(
          '--for <duration>',
          'end after so long, as in 30s (default: when it is interrupted)',
        ).argParser(duration),
      )
      .option('--admin <host:port>', 'the admin listener of the control plane', '127.0.0.1:18001'),
  ).action(async (flags: TapFlags) => {
    const { tap } = await import('./tap.ts')
    await tap(flags)
  })
}

function percent(text: string): number {
  const value = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : 0
  if (value <= 0 || value > 100)
    throw new UsageError(`--percent ${text}: write a percentage above 0, up to 100`)
  return value
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 * 1024 }

function size(text: string): number {
  const [, number, unit] = /^(\d{1,8})(?:([km])(?:i?b)?|b)?$/i.exec(text) ?? []
  const value = Number(number) * (units[unit?.toLowerCase() ?? ''] ?? 1)
  if (number === undefined || value < 1 || value > 16 * 1024 * 1024)
    throw new UsageError(`--body-limit ${text}: write a size, as in 500, 64KiB or 1MiB, up to 16MiB`)
  return value
}

const longest = 24 * 24 * 3_600_000 // what a timer of Node can wait

function duration(text: string): number {
  const milliseconds = parseDuration(text) ?? 0
  if (milliseconds <= 0 || milliseconds > longest)
    throw new UsageError(`--for ${text}: write a duration above 0, as in 30s or 5m, up to 576h`)
  return milliseconds
}
