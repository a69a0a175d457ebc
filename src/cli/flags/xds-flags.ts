import { isIP } from 'node:net'
import { Option } from 'commander'
import type { Command } from 'commander'
import { parseHostPort } from '../../control-plane/config.ts'
import type { Config } from '../../control-plane/config.ts'
import type { ProxyIdentity } from '../../identity/authenticate.ts'
import { parseDuration } from '../../manifest/duration-text.ts'
import { UsageError } from '../../errors.ts'

export interface XdsFlags {
  readonly listen: string
  readonly xdsCert?: string
  readonly xdsKey?: string
  readonly xdsClientCa?: string
  readonly proxyIdentity?: ProxyIdentity['kind']
  readonly trustDomain?: string
  readonly tokenAudience: string
  readonly maxConnectionAge?: number
  /** DNS domain of the cluster that is read. */
  readonly kubeconfig?: string
  readonly context?: string
}

/** The flags on who may connect to the xDS port, and how. */
export function addXdsFlags(command: Command): Command {
  return command
    .option(
      '--xds-cert <file>',
      'certificate of the xDS port, in PEM: it then uses TLS; a renewed file is in force at once, for ' +
        'new connections',
    )
    .option('--xds-key <file>', 'its key')
    .option('--xds-client-ca <file>', 'only proxies with a certificate of these authorities are served')
    .addOption(
      new Option(
        '--proxy-identity <kind>',
        'what a proxy must show to be served as one of its namespace: a certificate that names ' +
          'spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT, \
a ServiceAccount token, which the API server reviews, or nothing (default: certificate with ' +
          '--xds-client-ca, else none)',
      ).choices(['none', 'certificate', 'token']),
    )
    .option('--trust-domain <domain>', 'of the certificates of proxies (default: --domain)')
    .option('--token-audience <name>', 'for which the tokens of proxies must be', 'shadowplane')
    .addOption(
      new Option(
        '--max-connection-age <duration>',
        'after which proxies must connect again, as in 30m, so that they spread over new replicas ' +
          '(default: never)',
      ).argParser(age),
    )
}

/** Throws UsageError for flags that do not go together. */
export function xdsOf(flags: XdsFlags, domain: string): Pick<Config, 'xds'> {
  const { xdsCert: certificate, xdsKey: key, xdsClientCa: clientCa, maxConnectionAge } = flags
  if ((certificate === undefined) !== (key === undefined))
    throw new UsageError('--xds-cert and --xds-key go together')
  if (clientCa !== undefined && certificate === undefined)
    throw new UsageError(
      '--xds-client-ca needs --xds-cert and --xds-key: proxies show certificates over TLS only',
    )
  const kind = flags.proxyIdentity ?? (clientCa === undefined ? 'none' : 'certificate')
  if (kind === 'certificate' && clientCa === undefined)
    throw new UsageError(
      '--proxy-identity certificate needs --xds-client-ca: it names the trusted authorities',
    )
  if (flags.trustDomain !== undefined && kind !== 'certificate')
    throw new UsageError('--trust-domain is for --proxy-identity certificate')
  const tls =
    certificate === undefined || key === undefined
      ? {}
      : { tls: { certificate, key, ...(clientCa === undefined ? {} : { clientCa }) } }
  return {
    xds: {
      ...tls,
      identity: identityOf(kind, flags, domain),
      ...(maxConnectionAge === undefined ? {} : { maxConnectionAge }),
    },
  }
}

/** A warning for an operator who opens the port to a network; undefined if none is due. */
export function openPortWarning({ listen }: XdsFlags, { xds }: Pick<Config, 'xds'>): string | undefined {
  const { host } = parseHostPort('--listen', listen)
  if (
    xds === undefined ||
    host === 'localhost' ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.'))
  )
    return undefined
  if (xds.identity.kind === 'none' && xds.tls?.clientCa === undefined) {
    return (
      `--listen ${listen}: every client of this port is served as a proxy of the namespace that it ` +
      `names, with the certificates of that namespace; --proxy-identity certificate or token asks who it is`
    )
  }
  return xds.tls === undefined
    ? `--listen ${listen}: tokens and certificates go over this port in plain text; --xds-cert and ` +
        `--xds-key encrypt it`
    : undefined
}

function identityOf(kind: ProxyIdentity['kind'], flags: XdsFlags, domain: string): ProxyIdentity {
  const { trustDomain = domain, tokenAudience: audience, kubeconfig, context } = flags
  switch (kind) {
    case 'none':
      return { kind }
    case 'certificate':
      return { kind, trustDomain }
    case 'token':
      return {
        kind,
        audience,
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
      }
  }
}

function age(text: string): number {
  const milliseconds = parseDuration(text)
  // grpc-js keeps a timer for it, which takes no more than 2^31 ms.
  if (milliseconds === undefined || milliseconds < 1_000 || milliseconds > 86_400_000)
    throw new UsageError(`--max-connection-age ${text}: write a duration from 1s to 24h, as in 30m`)
  return milliseconds
}
