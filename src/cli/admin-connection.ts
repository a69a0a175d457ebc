import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { UsageError, errorText } from '../errors.ts'

/** The credentials and address that a command uses for the admin listener of a control plane. */
export interface ConnectionFlags {
  readonly tokenFile?: string
  readonly tls?: true
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** The flags' values, with their files read. */
export interface AdminConnection {
  readonly token?: string
  /** PEM; present if the listener speaks TLS. */
  readonly tls?: {
    readonly ca: Buffer | null
    readonly certificate?: { readonly chain: Buffer; readonly key: Buffer }
  }
}

/** The flags that every command has that asks a running control plane. */
export function addConnectionFlags(command: Command): Command {
  return command
    .option('--token-file <file>', 'holds the token of the control plane')
    .option('--tls', 'the admin listener uses TLS')
    .option('--ca <file>', 'authority of its certificate (implies --tls; default: those of the system)')
    .option('--cert <file>', 'client certificate to show it (implies --tls)')
    .option('--key <file>', 'its key')
}

/** Throws UsageError for files that cannot be read, or flags that do not go together. */
export async function connectionOf({
  tokenFile,
  tls,
  ca,
  cert,
  key,
}: ConnectionFlags): Promise<AdminConnection> {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together')
  const token =
    tokenFile === undefined ? undefined : (await read('--token-file', tokenFile)).toString().trim()
  const certificate =
    cert === undefined || key === undefined
      ? undefined
      : { chain: await read('--cert', cert), key: await read('--key', key) }
  const secured = tls === true || ca !== undefined || certificate !== undefined
  return {
    ...(token === undefined ? {} : { token }),
    ...(secured
      ? {
          tls: {
            ca: ca === undefined ? null : await read('--ca', ca),
            ...(certificate === undefined ? {} : { certificate }),
          },
        }
      : {}),
  }
}

async function read(flag: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new UsageError(`${flag} ${file}: ${errorText(error)}`, {
      cause: error,
    })
  }
}
