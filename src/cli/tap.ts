import { readFile } from 'node:fs/promises'
import { parseHostPort } from '../config.ts'
import { fileSink, openSink } from '../record/byte-sink.ts'
import type { ByteSink } from '../record/byte-sink.ts'
import { UsageError } from '../sources/source.ts'
import type { TapFlags } from './tap-command.ts'
import type { TapClientOptions } from './tap-client.ts'
import { followTap, unwritable } from './tap-session.ts'

/** Prints copies until it is stopped, or the time is over; sets the exit status. */
export async function tap(flags: TapFlags): Promise<void> {
  const options = await connectionOf(flags)
  const sink = await sinkOf(flags.output)
  // gRPC is large: it is loaded when the flags are known to be right.
  const { tapClient } = await import('./tap-client.ts')
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
    throw new UsageError(`--output ${output}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  })
}

async function connectionOf({ admin, tokenFile, tls, ca, cert, key }: TapFlags): Promise<TapClientOptions> {
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
    throw new UsageError(`${flag} ${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
