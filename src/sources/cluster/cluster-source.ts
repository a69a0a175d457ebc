import { kubernetesApi } from '../../kubernetes/api.ts'
import type { ClusterChoice } from '../../kubernetes/credentials.ts'
import type { WantedKind } from './kinds.ts'
import { createKubernetesSource } from './source.ts'
import type { KubernetesSource, KubernetesSourceOptions } from './source.ts'
import type { Selection } from './target.ts'

/** A cluster to read, and what of it. */
export interface ClusterConfig
  extends ClusterChoice, Selection, Pick<KubernetesSourceOptions, 'pace' | 'lookEvery'> {}

/**
 * The source of a cluster; rejects with UsageError when the kubeconfig cannot be used. The cluster itself may
 * be out of reach.
 */
export async function createClusterSource(
  config: ClusterConfig,
  kinds: readonly WantedKind[],
  onOutage: (outage: string | undefined) => void,
): Promise<KubernetesSource> {
  return createKubernetesSource({
    ...config,
    api: await kubernetesApi(config),
    selection: config,
    kinds,
    onOutage,
  })
}
