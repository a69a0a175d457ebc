import { Command, Option } from 'commander'
import { parseHostPort } from '../control-plane/config.ts'
import { defaultBootstrap } from '../envoy/default-bootstrap.ts'
import { defaultRules } from '../envoy/interception-rules.ts'
import { domainOption } from './flags/settings-flags.ts'
import { parseAddress, parseLabels, parsePortMapFlag, parseProxyId } from './flags/proxy-flags.ts'
import type { BootstrapFlags } from './bootstrap.ts'

/** `shadowplane bootstrap`: a complete Envoy bootstrap on standard output. */
export function bootstrapCommand(): Command {
  const command = new Command('bootstrap')
    .summary('print the bootstrap of a stock Envoy')
    .description(
      `Prints a complete bootstrap for a stock Envoy, with which it takes everything else from the ` +
        `control plane: \
ADS in state-of-the-world or delta form, the runtime layer that carries mirror percentages, fast reconnects, \
and an admin interface. Start Envoy with it:

  shadowplane bootstrap > envoy.yaml && envoy -c envoy.yaml

Without --role, --namespace or --labels it is a plain Envoy: a gateway in namespace default that the ` +
        `selector of \
every Gateway matches.`,
    )
    .addOption(
      new Option(
        '--role <role>',
        'what the proxy is: a gateway listens on the ports of Gateways, a sidecar on those of Services',
      ).choices(['gateway', 'sidecar']),
    )
    .option('--namespace <name>', 'namespace of the proxy (default: default)')
    .option(
      '--labels <k=v,…>',
      'its labels, which selectors of Gateways must match, as in istio=ingressgateway',
      (text) => parseLabels('--labels', text),
    )
    .option('--ip <address>', 'its address in the node id (default: 127.0.0.1)', (text) =>
      parseAddress('--ip', text),
    )
    .addOption(domainOption('DNS domain of the cluster, in the node id'))
    .addOption(
      new Option('--mode <mode>', 'the xDS protocol: delta sends only what changed')
        .choices(['sotw', 'delta'])
        .default(defaultBootstrap.mode),
    )
    .option(
      '--bind-address <address>',
      'address that listeners bind to (default: 0.0.0.0 for a gateway, 127.0.0.1 for a sidecar)',
      (text) => parseAddress('--bind-address', text),
    )
    .option(
      '--port-map <port=bound,…>',
      'bind other ports than those configured, as in 80=8080; names stay as they are',
      (text) => parsePortMapFlag('--port-map', text),
    )
    .option(
      '--interception',
      'a sidecar to which iptables redirects every TCP connection to and from its workload; without it, ' +
        'the workload calls the ports that the sidecar binds',
    )
    .option(
      '--proxy-id <id>',
      'user and group id that Envoy runs as, for -o iptables',
      (text) => parseProxyId('--proxy-id', text),
      defaultRules.proxy,
    )
    .addOption(
      new Option('--xds <host:port>', 'where the control plane listens')
        .argParser((text) => parseHostPort('--xds', text))
        .default(defaultBootstrap.xds, '127.0.0.1:18000'),
    )
    .addOption(
      new Option(
        '--admin-address <host:port>',
        "Envoy's admin interface; it can stop the proxy, so keep it on loopback",
      )
        .argParser((text) => parseHostPort('--admin-address', text))
        .default(defaultBootstrap.admin, '127.0.0.1:9901'),
    )
    .option(
      '--xds-ca <file>',
      "authorities of the control plane's certificate: the connection is TLS then; this and the other " +
        'files are paths where Envoy runs',
    )
    .option(
      '--xds-name <name>',
      'name or address that its certificate must have (default: the host of --xds)',
    )
    .option('--client-cert <file>', 'certificate that Envoy shows')
    .option('--client-key <file>', 'its key')
    .option(
      '--token-file <file>',
      'token that Envoy shows, as the ServiceAccount token of a projected volume',
    )
    .option(
      '--sds-directory <path>',
      'where the files are that -o sds-trust, sds-certificate and sds-token print, as trust.yaml and so ' +
        'on: by them, Envoy follows renewed files',
      '/etc/shadowplane',
    )
    .option('--node-id <id>', 'node id, instead of the one made from role, address and namespace')
    .option('--node-cluster <name>', 'node cluster (default: the role, or envoy)')
    .addOption(
      new Option(
        '-o, --output <format>',
        'form of the output; iptables prints the rules for --interception instead, sds-… a file for ' +
          '--sds-directory',
      )
        .choices(['yaml', 'json', 'iptables', 'sds-trust', 'sds-certificate', 'sds-token'])
        .default('yaml'),
    )
    .addHelpText(
      'after',
      `
Examples:
  A gateway that Gateways with the selector istio: ingressgateway configure, on port 8080 instead of 80:
    shadowplane bootstrap --role gateway --labels istio=ingressgateway --port-map 80=8080
  A sidecar in namespace shop:
    shadowplane bootstrap --role sidecar --namespace shop
  The same with interception, in the network namespace of its workload; the labels tell which services ` +
        `are the workload's:
    shadowplane bootstrap --role sidecar --namespace shop --labels app=cart --interception > envoy.yaml
    shadowplane bootstrap --role sidecar --interception -o iptables | iptables-restore --noflush
    setpriv --reuid 1337 --regid 1337 --clear-groups envoy -c envoy.yaml
  Over TLS, with a certificate of its own; each file is followed when it is renewed:
    tls="--xds-ca /certs/ca.crt --client-cert /certs/tls.crt --client-key /certs/tls.key --sds-directory $PWD"
    shadowplane bootstrap --namespace shop $tls > envoy.yaml
    shadowplane bootstrap $tls -o sds-trust > trust.yaml
    shadowplane bootstrap $tls -o sds-certificate > certificate.yaml`,
    )
  return command.action(async (flags: BootstrapFlags) => {
    const { renderBootstrap } = await import('./bootstrap.ts')
    command.configureOutput().writeOut?.(renderBootstrap(flags))
  })
}
