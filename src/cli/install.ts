import { Command, Option } from 'commander'
import { dialects } from '../dialects/index.ts'
import { pinnedRelease } from '../envoy/release.ts'
import { installation, renderObjects } from '../install/render.ts'
import { UsageError } from '../sources/source.ts'
import type { InstallSettings } from '../install/settings.ts'
import { version } from '../version.ts'

interface Flags extends Pick<InstallSettings, 'namespace' | 'image' | 'maxConnectionAge' | 'tls'> {
  readonly print?: true
  readonly replicas: number
  readonly gatewayNamespace: string
}

/** Of what the control plane gives to itself: taps. */
const ownGroup = 'shadowplane.io'

/** What is installed where nothing else is said; deploy/ is its output. */
export const defaultInstallation: InstallSettings = {
  namespace: 'shadowplane',
  image: `shadowplane:${version()}`,
  replicas: 2,
  maxConnectionAge: '30m',
  tls: 'none',
  kinds: dialects.flatMap(({ kinds }) => kinds).filter(({ group }) => group !== ownGroup),
  gateway: { namespace: 'shadowplane-gateway', image: `envoyproxy/envoy:v${pinnedRelease.version}`, replicas: 2 },
}

/** `shadowplane install --print`: the objects that run it in a cluster, on standard output. */
export function installCommand(): Command {
  const command = new Command('install')
    .summary('print what runs shadowplane in a Kubernetes cluster')
    .description(`Prints the objects that run shadowplane in a Kubernetes cluster: the control plane with two replicas and no more permissions than it \
needs, and an example gateway of stock Envoys that show their ServiceAccount tokens. It changes nothing by itself:

  shadowplane install --print | kubectl apply -f -

The directory deploy/ holds the same for "kubectl apply -k deploy/", and deploy/chart is a Helm chart of it.`)
    .option('--print', 'to standard output; there is no other way yet')
    .option('--namespace <name>', 'of the control plane', parseNamespace, defaultInstallation.namespace)
    .option('--image <image>', 'of the control plane', defaultInstallation.image)
    .addOption(new Option('--replicas <n>', 'of the control plane').argParser(parseReplicas).default(2))
    .option('--max-connection-age <duration>', 'after which proxies are asked to connect again', defaultInstallation.maxConnectionAge)
    .addOption(new Option('--tls <how>', 'files: the xDS port has the certificate in the Secret shadowplane-xds, which proxies verify with the ConfigMap shadowplane-ca').choices(['none', 'files']).default('none'))
    .option('--gateway-namespace <name>', 'of the example gateway', parseNamespace, defaultInstallation.gateway.namespace)
  return command.action(({ print, replicas, gatewayNamespace, ...flags }: Flags) => {
    if (print === undefined) throw new UsageError('install: add --print, and pass its output to "kubectl apply -f -"')
    const settings = { ...flags, replicas, kinds: defaultInstallation.kinds, gateway: { ...defaultInstallation.gateway, namespace: gatewayNamespace } }
    if (settings.namespace === gatewayNamespace) throw new UsageError(`--gateway-namespace ${gatewayNamespace}: the gateway needs a namespace of its own, whose certificates it is given`)
    command.configureOutput().writeOut?.(renderObjects(installation(settings)))
  })
}

function parseNamespace(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) throw new UsageError(`${text} is no name of a namespace: write lower-case letters, digits and -`)
  return text
}

function parseReplicas(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new UsageError(`--replicas ${text}: write a whole number from 1 to 999`)
  return Number(text)
}
