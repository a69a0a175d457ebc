import { stringify } from 'yaml'
import { bootstrap } from '../envoy/bootstrap.ts'
import type { BootstrapOptions } from '../envoy/bootstrap.ts'
import { defaultRules, interceptionRules } from '../envoy/interception-rules.ts'
import { sdsFiles } from '../envoy/xds-credentials.ts'
import type { SdsFile, XdsCredentials } from '../envoy/xds-credentials.ts'
import { UsageError } from '../errors.ts'

/** The flags of the command, as `bootstrap-command.ts` reads them. */
export interface BootstrapFlags {
  readonly role?: 'gateway' | 'sidecar'
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ip?: string
  readonly domain: string
  readonly mode: 'sotw' | 'delta'
  readonly bindAddress?: string
  readonly portMap?: Readonly<Record<number, number>>
  readonly xds: BootstrapOptions['xds']
  readonly adminAddress: BootstrapOptions['admin']
  readonly nodeId?: string
  readonly nodeCluster?: string
  readonly interception?: true
  readonly proxyId: number
  readonly xdsCa?: string
  readonly xdsName?: string
  readonly clientCert?: string
  readonly clientKey?: string
  readonly tokenFile?: string
  readonly sdsDirectory: string
  readonly output: 'yaml' | 'json' | 'iptables' | `sds-${SdsFile}`
}

/** The output of the command. Throws a UsageError for flags that cannot be combined. */
export function renderBootstrap({
  output,
  adminAddress,
  interception,
  proxyId,
  ...flags
}: BootstrapFlags): string {
  if (interception === true && flags.role !== 'sidecar')
    throw new UsageError('--interception: only a sidecar intercepts; add --role sidecar')
  if (output === 'iptables') {
    if (interception !== true)
      throw new UsageError('-o iptables: the rules are for --role sidecar --interception')
    const { outbound, inbound } = defaultRules
    return interceptionRules({
      proxy: proxyId,
      outbound: flags.portMap?.[outbound] ?? outbound,
      inbound: flags.portMap?.[inbound] ?? inbound,
    })
  }
  const credentials = credentialsOf(flags)
  if (output !== 'yaml' && output !== 'json') return yaml(sdsFile(output, credentials))
  const message = bootstrap({
    ...flags,
    credentials,
    admin: adminAddress,
    ...(interception === true ? { interception: 'redirect' } : {}),
  })
  return output === 'json' ? `${JSON.stringify(message, null, 2)}\n` : yaml(message)
}

function yaml(message: object): string {
  return stringify(message, { lineWidth: 0, aliasDuplicateObjects: false })
}

function credentialsOf({
  xds,
  xdsCa: ca,
  xdsName: name = xds.host,
  clientCert: file,
  clientKey: key,
  tokenFile: token,
  sdsDirectory,
}: Omit<BootstrapFlags, 'adminAddress' | 'output' | 'proxyId'>): XdsCredentials {
  if ((file === undefined) !== (key === undefined))
    throw new UsageError('--client-cert and --client-key go together')
  if (file !== undefined && ca === undefined)
    throw new UsageError('--client-cert needs --xds-ca: a certificate is shown over TLS only')
  return {
    ca,
    name,
    token,
    sdsDirectory,
    certificate: file === undefined || key === undefined ? undefined : { file, key },
  }
}

const sdsFlags = {
  trust: '--xds-ca',
  certificate: '--client-cert and --client-key',
  token: '--token-file',
} as const

function sdsFile(output: `sds-${SdsFile}`, credentials: XdsCredentials): object {
  const name = output.slice('sds-'.length) as SdsFile
  const found = sdsFiles(credentials).get(name)
  if (found === undefined)
    throw new UsageError(`-o ${output}: give ${sdsFlags[name]}, which the file refers to`)
  return found
}
