import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { Option } from 'commander'
import type { Command } from 'commander'
import { UsageError, errorText } from '../../errors.ts'
import { parseHostPort } from '../../control-plane/config.ts'
import type { Config } from '../../control-plane/config.ts'

export interface AdminFlags {
  readonly listen: string
  readonly adminTokenFile?: string
  readonly adminCert?: string
  readonly adminKey?: string
  readonly adminClientCa?: string
  readonly adminMetrics: 'guarded' | 'open'
  readonly tapAddress?: string
  readonly tapPorts?: readonly number[]
}

/** The flags of access to the admin API, and of the recorders of taps. */
export function addAdminFlags(command: Command): Command {
  return command
    .option(
      '--admin-token-file <file>',
      'holds a token: everybody who sends it may use the admin port (status, config dumps, metrics, ' +
        'taps), from ' +
        'anywhere; without a token or --admin-client-ca it is open to this machine only',
    )
    .option('--admin-cert <file>', 'certificate of the admin listener, in PEM: it then uses TLS')
    .option('--admin-key <file>', 'its key')
    .option('--admin-client-ca <file>', 'clients with a certificate of this authority may use the admin port')
    .addOption(
      new Option(
        '--admin-metrics <access>',
        'whether /metrics on the admin port is guarded like everything else there, or open like /healthz ' +
          'and /readyz',
      )
        .choices(['guarded', 'open'])
        .default('guarded'),
    )
    .option(
      '--tap-address <host>',
      'name or address by which proxies reach this machine, for the copies of "shadowplane tap" (default: ' +
        'the host of --listen)',
    )
    .option(
      '--tap-ports <first-last>',
      'ports on which these copies are taken, one for each tap at a time (default: any that is free)',
      parsePorts,
    )
}

/**
 * Reads the files that the flags name. Throws UsageError for those that cannot be read, or do not go
 * together.
 */
export async function adminOf(flags: AdminFlags): Promise<Pick<Config, 'adminAccess' | 'recorder'>> {
  const { adminTokenFile, adminCert, adminKey, adminClientCa, tapAddress, tapPorts = [0] } = flags
  if ((adminCert === undefined) !== (adminKey === undefined))
    throw new UsageError('--admin-cert and --admin-key go together')
  if (adminClientCa !== undefined && adminCert === undefined)
    throw new UsageError(
      '--admin-client-ca needs --admin-cert and --admin-key: clients show certificates over TLS only',
    )
  const token =
    adminTokenFile === undefined ? undefined : (await read('--admin-token-file', adminTokenFile)).trim()
  if (token !== undefined && !/^\S{8,}$/.test(token))
    throw new UsageError(
      `--admin-token-file ${adminTokenFile ?? ''}: the token must have 8 characters or more, and no blank`,
    )
  const clientCa = adminClientCa === undefined ? undefined : await read('--admin-client-ca', adminClientCa)
  const tls =
    adminCert === undefined || adminKey === undefined
      ? undefined
      : {
          certificate: await read('--admin-cert', adminCert),
          key: await read('--admin-key', adminKey),
          ...(clientCa === undefined ? {} : { clientCa }),
        }
  const { host } = parseHostPort('--listen', flags.listen)
  return {
    adminAccess: {
      metrics: flags.adminMetrics,
      ...(token === undefined ? {} : { token }),
      ...(tls === undefined ? {} : { tls }),
    },
    recorder: { ports: tapPorts, ...recorderHost(host, tapAddress) },
  }
}

/** A warning for an operator who opens the admin port to a network; undefined if none is due. */
export function openAdminWarning(
  admin: string,
  { adminAccess = {} }: Pick<Config, 'adminAccess'>,
): string | undefined {
  if (isLoopback(parseHostPort('--admin', admin).host)) return undefined
  const { token, tls } = adminAccess
  if (token === undefined && tls?.clientCa === undefined) {
    return (
      `--admin ${admin}: without --admin-token-file or --admin-client-ca only callers on this ` +
      `machine are answered, except on /healthz and /readyz; --probes opens /metrics to a network`
    )
  }
  return tls === undefined
    ? `--admin ${admin}: the token goes over this port in plain text; --admin-cert and --admin-key encrypt it`
    : undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/**
 * An address of its own is where proxies go and nothing else is needed to listen; behind a name there may be
 * any network.
 */
function recorderHost(
  listen: string,
  tapAddress: string | undefined,
): { readonly host: string; readonly advertised: string } {
  if (tapAddress === undefined) return { host: listen, advertised: listen }
  const address = tapAddress.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) === 0 && !/^[a-z\d]([\w.-]*[a-z\d])?$/i.test(address))
    throw new UsageError(`--tap-address ${tapAddress}: write a name or an address, without a port`)
  return { host: /^(127\.|::1$)/.test(address) ? address : listen, advertised: address }
}

function parsePorts(text: string): readonly number[] {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (first === undefined || from < 1 || to > 65_535 || to < from || to - from >= 100)
    throw new UsageError(`--tap-ports ${text}: write up to 100 ports, as in 18010-18017`)
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

async function read(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${flag} ${file}: ${errorText(error)}`, {
      cause: error,
    })
  }
}
