import { UsageError, errorText } from '../../errors.ts'
import { parseHostPort } from '../../control-plane/config.ts'
import { printableLines } from '../../diagnostics/foreign-text.ts'
import { fileSink, openSink } from '../../record/byte-sink.ts'
import type { ByteSink } from '../../record/byte-sink.ts'
import { connectionOf } from '../admin-connection.ts'
import type { ConnectionFlags } from '../admin-connection.ts'
import type { TapFormat } from './tap-session.ts'
import { followTap, unwritable } from './tap-session.ts'

/** The flags of the command, as `tap-command.ts` reads them. */
export interface TapFlags extends ConnectionFlags {
  readonly route?: string
  readonly host?: string
  readonly percent: number
  readonly format: TapFormat
  readonly bodyLimit?: number
  readonly output?: string
  readonly for?: number
  readonly admin: string
}

/** Prints copies until it is stopped, or the time is over; sets the exit status. */
export async function tap(flags: TapFlags): Promise<void> {
  parseHostPort('--admin', flags.admin)
  const options = { admin: flags.admin, ...(await connectionOf(flags)) }
  const sink = await sinkOf(flags.output)
  // gRPC is large: it is loaded when the flags are known to be right.
  const { tapClient } = await import('./tap-client.ts')
  const client = tapClient(options)
  const stopped = new AbortController()
  const stop = (): void => {
    stopped.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  // The reader of the output has closed it.
  process.stdout.on('error', stop)
  try {
    const { format, host, route } = flags
    const bodyLimit = flags.bodyLimit ?? (format === 'line' ? 4096 : 1024 * 1024)
    const request = {
      percent: flags.percent,
      bodyLimit,
      ...(host === undefined ? {} : { host }),
      ...(route === undefined ? {} : { route }),
    }
    const tell = (line: string): void => {
      process.stderr.write(`${printableLines(line)}\n`)
    }
    const end = await followTap({
      client,
      request,
      format,
      sink,
      tell,
      length: flags.for,
      stopped: stopped.signal,
    })
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
    throw new UsageError(`--output ${output}: ${errorText(error)}`, {
      cause: error,
    })
  })
}
