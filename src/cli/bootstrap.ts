import { Command, Option } from 'commander'
import { stringify } from 'yaml'
import { parseHostPort } from '../config.ts'
import { bootstrap, defaultBootstrap } from '../envoy/bootstrap.ts'
import type { BootstrapOptions } from '../envoy/bootstrap.ts'
import { defaultRules, interceptionRules } from '../envoy/interception-rules.ts'
import { sdsFiles } from '../envoy/xds-credentials.ts'
import type { SdsFile, XdsCredentials } from '../envoy/xds-credentials.ts'
import { UsageError } from '../sources/source.ts'
import { parseAddress, parseLabels, parsePortMap, parseProxyId } from './proxy-flags.ts'

interface Flags {
  readonly role?: 'gateway' | 'sidecar'
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ip?: string
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

/** `shadowplane bootstrap`: a complete Envoy bootstrap on standard output. */
export function bootstrapCommand(): Command {
  const command = new Command('bootstrap')
    .summary('print the bootstrap of a stock Envoy')
    .description(`Prints a complete bootstrap for a stock Envoy, with which it takes everything else from the control plane: \
ADS in state-of-the-world or delta form, the runtime layer that carries mirror percentages, fast reconnects, \
and an admin interface. Start Envoy with it:

  shadowplane bootstrap > envoy.yaml && envoy -c envoy.yaml

Without --role, --namespace or --labels it is a plain Envoy: a gateway in namespace default that the selector of \
every Gateway matches.`)
    .addOption(new Option('--role <role>', 'what the proxy is: a gateway listens on the ports of Gateways, a sidecar on those of Services').choices(['gateway', 'sidecar']))
    .option('--namespace <name>', 'namespace of the proxy (default: default)')
    .option('--labels <k=v,…>', 'its labels, which selectors of Gateways must match, as in istio=ingressgateway', (text) => parseLabels('--labels', text))
    .option('--ip <address>', 'its address in the node id (default: 127.0.0.1)', (text) => parseAddress('--ip', text))
    .addOption(new Option('--mode <mode>', 'the xDS protocol: delta sends only what changed').choices(['sotw', 'delta']).default(defaultBootstrap.mode))
    .option('--bind-address <address>', 'address that listeners bind to (default: 0.0.0.0 for a gateway, 127.0.0.1 for a sidecar)', (text) => parseAddress('--bind-address', text))
    .option('--port-map <port=bound,…>', 'bind other ports than those configured, as in 80=8080; names stay as they are', (text) => parsePortMap('--port-map', text))
    .option('--interception', 'a sidecar to which iptables redirects every TCP connection to and from its workload; without it, the workload calls the ports that the sidecar binds')
    .option('--proxy-id <id>', 'user and group id that Envoy runs as, for -o iptables', (text) => parseProxyId('--proxy-id', text), defaultRules.proxy)
    .addOption(new Option('--xds <host:port>', 'where the control plane listens').argParser((text) => parseHostPort('--xds', text)).default(defaultBootstrap.xds, '127.0.0.1:18000'))
    .addOption(new Option('--admin-address <host:port>', 'Envoy\'s admin interface; it can stop the proxy, so keep it on loopback')
      .argParser((text) => parseHostPort('--admin-address', text)).default(defaultBootstrap.admin, '127.0.0.1:9901'))
    .option('--xds-ca <file>', 'authorities of the control plane\'s certificate: the connection is TLS then; this and the other files are paths where Envoy runs')
    .option('--xds-name <name>', 'name or address that its certificate must have (default: the host of --xds)')
    .option('--client-cert <file>', 'certificate that Envoy shows')
    .option('--client-key <file>', 'its key')
    .option('--token-file <file>', 'token that Envoy shows, as the ServiceAccount token of a projected volume')
    .option('--sds-directory <path>', 'where the files are that -o sds-trust, sds-certificate and sds-token print, as trust.yaml and so on: by them, Envoy follows renewed files', '/etc/shadowplane')
    .option('--node-id <id>', 'node id, instead of the one made from role, address and namespace')
    .option('--node-cluster <name>', 'node cluster (default: the role, or envoy)')
    .addOption(new Option('-o, --output <format>', 'form of the output; iptables prints the rules for --interception instead, sds-… a file for --sds-directory')
      .choices(['yaml', 'json', 'iptables', 'sds-trust', 'sds-certificate', 'sds-token']).default('yaml'))
    .addHelpText('after', `
Examples:
  A gateway that Gateways with the selector istio: ingressgateway configure, on port 8080 instead of 80:
    shadowplane bootstrap --role gateway --labels istio=ingressgateway --port-map 80=8080
  A sidecar in namespace shop:
    shadowplane bootstrap --role sidecar --namespace shop
  The same with interception, in the network namespace of its workload; the labels tell which services are the workload's:
    shadowplane bootstrap --role sidecar --namespace shop --labels app=cart --interception > envoy.yaml
    shadowplane bootstrap --role sidecar --interception -o iptables | iptables-restore --noflush
    setpriv --reuid 1337 --regid 1337 --clear-groups envoy -c envoy.yaml
  Over TLS, with a certificate of its own; each file is followed when it is renewed:
    tls="--xds-ca /certs/ca.crt --client-cert /certs/tls.crt --client-key /certs/tls.key --sds-directory $PWD"
    shadowplane bootstrap --namespace shop $tls > envoy.yaml
    shadowplane bootstrap $tls -o sds-trust > trust.yaml
    shadowplane bootstrap $tls -o sds-certificate > certificate.yaml`)
  return command.action((flags: Flags) => {
    command.configureOutput().writeOut?.(render(flags))
  })
}

function render({ output, adminAddress, interception, proxyId, ...flags }: Flags): string {
  if (interception === true && flags.role !== 'sidecar') throw new UsageError('--interception: only a sidecar intercepts; add --role sidecar')
  if (output === 'iptables') {
    if (interception !== true) throw new UsageError('-o iptables: the rules are for --role sidecar --interception')
    const { outbound, inbound } = defaultRules
    return interceptionRules({ proxy: proxyId, outbound: flags.portMap?.[outbound] ?? outbound, inbound: flags.portMap?.[inbound] ?? inbound })
  }
  const credentials = credentialsOf(flags)
  if (output !== 'yaml' && output !== 'json') return yaml(sdsFile(output, credentials))
  const message = bootstrap({ ...flags, credentials, admin: adminAddress, ...(interception === true ? { interception: 'redirect' } : {}) })
  return output === 'json' ? `${JSON.stringify(message, null, 2)}\n` : yaml(message)
}

function yaml(message: object): string {
  return stringify(message, { lineWidth: 0, aliasDuplicateObjects: false })
}

function credentialsOf({ xds, xdsCa: ca, xdsName: name = xds.host, clientCert: file, clientKey: key, tokenFile: token, sdsDirectory }: Omit<Flags, 'adminAddress' | 'output' | 'proxyId'>): XdsCredentials {
  if ((file === undefined) !== (key === undefined)) throw new UsageError('--client-cert and --client-key go together')
  if (file !== undefined && ca === undefined) throw new UsageError('--client-cert needs --xds-ca: a certificate is shown over TLS only')
  return { ca, name, token, sdsDirectory, certificate: file === undefined || key === undefined ? undefined : { file, key } }
}

const sdsFlags = { trust: '--xds-ca', certificate: '--client-cert and --client-key', token: '--token-file' } as const

function sdsFile(output: `sds-${SdsFile}`, credentials: XdsCredentials): object {
  const name = output.slice('sds-'.length) as SdsFile
  const found = sdsFiles(credentials).get(name)
  if (found === undefined) throw new UsageError(`-o ${output}: give ${sdsFlags[name]}, which the file refers to`)
  return found
}
