import { isDeepStrictEqual } from 'node:util'
import { dialects } from '../../../src/dialects/index.ts'
import { kubernetesApi } from '../../../src/kubernetes/api.ts'
import type { Manifest } from '../../../src/manifest/manifest.ts'
import { createKubernetesSource } from '../../../src/sources/cluster/source.ts'
import type { KubernetesSource, KubernetesSourceOptions } from '../../../src/sources/cluster/source.ts'
import type { SourceState } from '../../../src/sources/source.ts'
import { until } from './cluster.ts'

export interface Watching {
  readonly source: KubernetesSource
  readonly outages: readonly (string | undefined)[]
  state(): SourceState
  manifests(): ReadonlyMap<string, Manifest>
  close(): Promise<void>
}

/** A source that has started, and its last state. */
export async function watching(
  kubeconfig: string,
  options: Partial<KubernetesSourceOptions> = {},
): Promise<Watching> {
  const outages: (string | undefined)[] = []
  const source = createKubernetesSource({
    api: await kubernetesApi({ kubeconfig }),
    selection: { namespaces: [] },
    kinds: dialects.flatMap(({ kinds }) => kinds),
    onOutage: (outage) => {
      outages.push(outage)
    },
    ...options,
  })
  let later: SourceState | undefined
  source.onChange((next) => {
    later = next
  })
  const first = await source.start()
  const state = (): SourceState => later ?? first
  return {
    source,
    outages,
    state,
    manifests: () =>
      new Map(
        [...state().manifests]
          .map(([key, { manifest }]) => [key, manifest] as const)
          .toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ),
    close: () => source.close(),
  }
}

/** The current state, for a subscriber that comes now. */
export async function freshList(kubeconfig: string): Promise<ReadonlyMap<string, Manifest>> {
  const fresh = await watching(kubeconfig)
  const manifests = fresh.manifests()
  await fresh.close()
  return manifests
}

/** Waits until the source holds what the API holds, and every kind is well. */
export async function inStep(subject: Watching, kubeconfig: string): Promise<void> {
  const fresh = await freshList(kubeconfig)
  const different = (): readonly string[] => {
    const held = subject.manifests()
    return [...new Set([...fresh.keys(), ...held.keys()])].filter(
      (key) => !isDeepStrictEqual(fresh.get(key), held.get(key)),
    )
  }
  await until(
    () => `the state of a fresh list; other: ${different().join(', ')}`,
    () => different().length === 0,
  )
  const ill = (): readonly string[] =>
    subject.source
      .standings()
      .filter(({ synced, error }) => !synced || error !== undefined)
      .map(({ kind, error }) => `${kind} (${error})`)
  await until(
    () => `every kind to be well: ${ill().join(', ')}`,
    () => ill().length === 0,
  )
}
