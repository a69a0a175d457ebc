import { Command, Option } from 'commander'
import { UsageError } from '../errors.ts'
import { version } from '../version.ts'
import type { InstallFlags } from './install.ts'

/** The defaults of an installation. */
export const installedByDefault = {
  namespace: 'shadowplane',
  image: `shadowplane:${version()}`,
  replicas: 2,
  maxConnectionAge: '30m',
  tls: 'none',
  gatewayNamespace: 'shadowplane-gateway',
} as const satisfies Partial<InstallFlags>

/** `shadowplane install --print`: the objects that run it in a cluster, on standard output. */
export function installCommand(): Command {
  const command = new Command('install')
    .summary('print what runs shadowplane in a Kubernetes cluster')
    .description(
      `Prints the objects that run shadowplane in a Kubernetes cluster: the control plane with two ` +
        `replicas and no more permissions than it \
needs, and an example gateway of stock Envoys that show their ServiceAccount tokens. It changes nothing ` +
        `by itself:

  shadowplane install --print | kubectl apply -f -

The directory deploy/ holds the same for "kubectl apply -k deploy/", and deploy/chart is a Helm chart of it.`,
    )
    .option('--print', 'to standard output; there is no other way yet')
    .option('--namespace <name>', 'of the control plane', parseNamespace, installedByDefault.namespace)
    .option('--image <image>', 'of the control plane', installedByDefault.image)
    .addOption(
      new Option('--replicas <n>', 'of the control plane')
        .argParser(parseReplicas)
        .default(installedByDefault.replicas),
    )
    .option(
      '--max-connection-age <duration>',
      'after which proxies must connect again',
      installedByDefault.maxConnectionAge,
    )
    .addOption(
      new Option(
        '--tls <how>',
        'files: the xDS port has the certificate in the Secret shadowplane-xds, which proxies verify with ' +
          'the ConfigMap shadowplane-ca',
      )
        .choices(['none', 'files'])
        .default(installedByDefault.tls),
    )
    .option(
      '--gateway-namespace <name>',
      'of the example gateway',
      parseNamespace,
      installedByDefault.gatewayNamespace,
    )
  return command.action(async (flags: InstallFlags) => {
    const { renderInstallation } = await import('./install.ts')
    command.configureOutput().writeOut?.(renderInstallation(flags))
  })
}

function parseNamespace(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text))
    throw new UsageError(`${text} is no name of a namespace: write lower-case letters, digits and -`)
  return text
}

function parseReplicas(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text))
    throw new UsageError(`--replicas ${text}: write a whole number from 1 to 999`)
  return Number(text)
}
