import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { Config } from '../../control-plane/config.ts'
import type { Settings } from '../../model/settings.ts'
import type { ClusterConfig } from '../../sources/cluster/cluster-source.ts'
import { parseDuration } from '../../manifest/duration-text.ts'
import { UsageError } from '../../errors.ts'
import { leasePaceOf } from '../../writeback/lease-pace.ts'

export interface KubernetesFlags {
  readonly kubernetes?: true
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespaces?: string
  readonly labelSelector?: string
  readonly gatewayController?: readonly string[]
  readonly revision?: string
  readonly status: 'on' | 'off'
  readonly leaseNamespace?: string
  readonly leaseDuration?: number
}

/** The controller whose Gateways are served without --gateway-controller. */
export const ownGatewayController = 'shadowplane.io/gateway-controller'

/** The flags that say which cluster is read, and what of it. */
export function addKubernetesFlags(command: Command): Command {
  return command
    .option(
      '--kubernetes',
      'read and follow the objects of a cluster: of the one that this runs in, else of the one that ' +
        'kubectl would take',
    )
    .option('--kubeconfig <file>', 'the cluster, and who to be there')
    .option('--context <name>', 'of the kubeconfig, instead of its current one')
    .option('--namespaces <names>', 'with a comma between two: the only ones that are read')
    .option(
      '--label-selector <selector>',
      'routes, gateways and policies that are read, as in "mesh=blue"; what Kubernetes itself defines is ' +
        'read whatever its labels',
    )
    .option(
      '--gateway-controller <name...>',
      `only Gateways whose GatewayClass names one of these controllers are served (default: ` +
        `${ownGatewayController} with --kubernetes, else all)`,
    )
    .option(
      '--revision <name>',
      'of this control plane: objects whose label istio.io/rev says another one are not read',
    )
    .addOption(
      new Option(
        '--status <how>',
        'on: writes the status of objects and Events to the cluster; with several replicas, the one that ' +
          'holds a Lease writes',
      )
        .choices(['on', 'off'])
        .default('off'),
    )
    .option(
      '--lease-namespace <name>',
      'where the Lease is (default: that of the pod, outside of one "default")',
    )
    .addOption(
      new Option(
        '--lease-duration <duration>',
        'of silence, after which another replica may take the Lease, as in 15s (default: 15s)',
      ).argParser(duration),
    )
}

function duration(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds === undefined || milliseconds < 1_000)
    throw new UsageError(`--lease-duration ${text}: write 1s or more, as in 15s`)
  return milliseconds
}

/**
 * The objects that the flags select. Throws UsageError for a controller name that no GatewayClass can have.
 */
export function selectionOf({
  kubernetes,
  gatewayController,
  revision,
}: KubernetesFlags): Pick<Settings, 'gatewayControllers' | 'revision'> {
  const wrong = gatewayController?.find((name) => !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/\S+$/.test(name))
  if (wrong !== undefined)
    throw new UsageError(
      `--gateway-controller ${wrong}: write a domain and a path, such as ${ownGatewayController}`,
    )
  return {
    gatewayControllers: gatewayController ?? (kubernetes === undefined ? [] : [ownGatewayController]),
    ...(revision === undefined ? {} : { revision }),
  }
}

/** Whether something is written to the cluster, and where its Lease is. */
export function writebackOf({
  kubernetes,
  status,
  leaseNamespace,
  leaseDuration,
}: KubernetesFlags): Pick<Config, 'writeback'> {
  if (status === 'on' && kubernetes === undefined) throw new UsageError('--status on: give --kubernetes, too')
  const given = Object.entries({
    '--lease-namespace': leaseNamespace,
    '--lease-duration': leaseDuration,
  }).find(([, value]) => value !== undefined)
  if (given !== undefined && status === 'off') throw new UsageError(`${given[0]}: give --status on, too`)
  const pace = leaseDuration === undefined ? {} : { leasePace: leasePaceOf(leaseDuration) }
  return status === 'off'
    ? {}
    : { writeback: { leaseNamespace: leaseNamespace ?? podNamespace() ?? 'default', ...pace } }
}

/** The namespace of this process's pod; undefined outside of a pod. */
function podNamespace(): string | undefined {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Undefined if no cluster is read. Throws UsageError for flags that need `--kubernetes`. */
export function clusterOf(flags: KubernetesFlags): ClusterConfig | undefined {
  const { kubernetes, kubeconfig, context, namespaces, labelSelector } = flags
  if (kubernetes === undefined) {
    const given = Object.entries({
      '--kubeconfig': kubeconfig,
      '--context': context,
      '--namespaces': namespaces,
      '--label-selector': labelSelector,
    }).find(([, value]) => value !== undefined)
    if (given !== undefined) throw new UsageError(`${given[0]}: give --kubernetes, too`)
    return undefined
  }
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    namespaces: namespaces === undefined ? [] : namespaceNames(namespaces),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  }
}

function namespaceNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
  if (wrong !== undefined)
    throw new UsageError(
      `--namespaces ${text}: ` +
        `${wrong === '' ? 'a name is empty' : `${wrong} is no name of a namespace`}; ` +
        `write names with a comma between two`,
    )
  return [...new Set(names)]
}
