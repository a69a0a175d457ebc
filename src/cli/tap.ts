import { readFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { parseHostPort } from '../config.ts'
import { durationSchema } from '../manifest/duration.ts'
import { fileSink, openSink } from '../record/byte-sink.ts'
import type { ByteSink } from '../record/byte-sink.ts'
import { UsageError } from '../sources/source.ts'
import { tapClient } from './tap-client.ts'
import type { TapClientOptions } from './tap-client.ts'
import { followTap, unwritable } from './tap-session.ts'
import type { TapFormat } from './tap-session.ts'

interface Flags {
  readonly route?: string
  readonly host?: string
  readonly percent: number
  readonly format: TapFormat
  readonly bodyLimit?: number
  readonly output?: string
  readonly for?: number
  readonly admin: string
  readonly tokenFile?: string
  readonly tls?: true
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** `shadowplane tap`: copies of live requests, printed. Exit status 1 when the control plane ended it. */
export function tapCommand(): Command {
  return new Command('tap')
    .summary('print copies of live requests')
    .description(`Asks a running control plane to mirror routes to a recorder of its own, and prints what arrives there: method, URL, headers \
and body. The mirror ends with the command. Nothing is captured from the network and no privileges are needed; what TLS hides from a capture is seen.

Copies are printed as fast as they are taken: what is too much is dropped and counted, and the control plane's memory stays bounded. \
With --format gor it is what GoReplay writes, for "shadowplane replay" or for GoReplay itself.`)
    .addOption(new Option('--route <kind/namespace/name>', 'routes of this object, as in HTTPRoute/default/shop, or of a rule of it: …/shop#rule').conflicts('host'))
    .option('--host <host>', 'routes for this host, written as the routes write it (default: every route)')
    .addOption(new Option('--percent <number>', 'of the requests').argParser(percent).default(100))
    .addOption(new Option('--format <format>', 'how to print: a line, a JSON object a line, or GoReplay\'s file format').choices(['line', 'json', 'gor']).default('line'))
    .addOption(new Option('--body-limit <size>', 'how much of a body, as in 64KiB, up to 16MiB (default: 4KiB for lines, else 1MiB)').argParser(size))
    .option('--output <file>', 'write there instead of to standard output; compressed if it ends in .gz')
    .addOption(new Option('--for <duration>', 'end after so long, as in 30s (default: when it is interrupted)').argParser(duration))
    .option('--admin <host:port>', 'the admin listener of the control plane', '127.0.0.1:18001')
    .option('--token-file <file>', 'holds the token of the control plane')
    .option('--tls', 'the admin listener speaks TLS')
    .option('--ca <file>', 'authority of its certificate (implies --tls; default: those of the system)')
    .option('--cert <file>', 'client certificate to show it (implies --tls)')
    .option('--key <file>', 'its key')
    .action(tap)
}

async function tap(flags: Flags): Promise<void> {
  const options = await connectionOf(flags)
  const sink = await sinkOf(flags.output)
  const client = tapClient(options)
  const stopped = new AbortController()
  const stop = (): void => { stopped.abort() }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  // Whoever read the output has gone.
  process.stdout.on('error', stop)
  try {
    const { format, host, route } = flags
    const bodyLimit = flags.bodyLimit ?? (format === 'line' ? 4096 : 1024 * 1024)
    const request = { percent: flags.percent, bodyLimit, ...(host === undefined ? {} : { host }), ...(route === undefined ? {} : { route }) }
    const tell = (line: string): void => { process.stderr.write(`${line}\n`) }
    const end = await followTap({ client, request, format, sink, tell, length: flags.for, stopped: stopped.signal })
    process.exitCode = end === 'asked' ? 0 : 1
  } finally {
    client.close()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
    await sink.close().catch(unwritable)
  }
}

async function sinkOf(output: string | undefined): Promise<ByteSink> {
  if (output === undefined) return openSink(process.stdout)
  return fileSink(output).catch((error: unknown) => {
    throw new UsageError(`--output ${output}: ${error instanceof Error ? error.message : String(error)}`)
  })
}

async function connectionOf({ admin, tokenFile, tls, ca, cert, key }: Flags): Promise<TapClientOptions> {
  parseHostPort('--admin', admin)
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together')
  const token = tokenFile === undefined ? undefined : (await read('--token-file', tokenFile)).toString().trim()
  const certificate = cert === undefined || key === undefined ? undefined : { chain: await read('--cert', cert), key: await read('--key', key) }
  const secured = tls === true || ca !== undefined || certificate !== undefined
  return {
    admin,
    ...(token === undefined ? {} : { token }),
    ...(secured ? { tls: { ca: ca === undefined ? null : await read('--ca', ca), ...(certificate === undefined ? {} : { certificate }) } } : {}),
  }
}

async function read(flag: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new UsageError(`${flag} ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function percent(text: string): number {
  const value = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : 0
  if (value <= 0 || value > 100) throw new UsageError(`--percent ${text}: write a percentage above 0, up to 100`)
  return value
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 * 1024 }

function size(text: string): number {
  const [, number, unit] = /^(\d{1,8})(?:([km])(?:i?b)?|b)?$/i.exec(text) ?? []
  const value = Number(number) * (units[unit?.toLowerCase() ?? ''] ?? 1)
  if (number === undefined || value < 1 || value > 16 * 1024 * 1024) throw new UsageError(`--body-limit ${text}: write a size, as in 500, 64KiB or 1MiB, up to 16MiB`)
  return value
}

const longest = 24 * 24 * 3_600_000 // what a timer of Node can wait

function duration(text: string): number {
  const parsed = durationSchema.safeParse(text)
  if (!parsed.success || parsed.data <= 0 || parsed.data > longest) throw new UsageError(`--for ${text}: write a duration above 0, as in 30s or 5m, up to 576h`)
  return parsed.data
}
