import type { Command } from 'commander'
import type { ClusterConfig } from '../sources/cluster-source.ts'
import { UsageError } from '../sources/source.ts'

export interface KubernetesFlags {
  readonly kubernetes?: true
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespaces?: string
  readonly labelSelector?: string
}

/** The flags that say which cluster is read, and what of it. */
export function addKubernetesFlags(command: Command): Command {
  return command
    .option('--kubernetes', 'read and follow the objects of a cluster: of the one that this runs in, else of the one that kubectl would take')
    .option('--kubeconfig <file>', 'the cluster, and who to be there')
    .option('--context <name>', 'of the kubeconfig, instead of its current one')
    .option('--namespaces <names>', 'with a comma between two: the only ones that are read')
    .option('--label-selector <selector>', 'routes, gateways and policies that are read, as in "mesh=blue"; what Kubernetes itself defines is read whatever its labels')
}

/** Undefined where no cluster is read. Throws UsageError for flags that need `--kubernetes`. */
export function clusterOf(flags: KubernetesFlags): ClusterConfig | undefined {
  const { kubernetes, kubeconfig, context, namespaces, labelSelector } = flags
  if (kubernetes === undefined) {
    const given = Object.entries({ '--kubeconfig': kubeconfig, '--context': context, '--namespaces': namespaces, '--label-selector': labelSelector })
      .find(([, value]) => value !== undefined)
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
  if (wrong !== undefined) throw new UsageError(`--namespaces ${text}: ${wrong === '' ? 'a name is empty' : `${wrong} is no name of a namespace`}; write names with a comma between two`)
  return [...new Set(names)]
}
