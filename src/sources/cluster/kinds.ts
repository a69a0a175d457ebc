import { ApiFailure } from '../../kubernetes/failure.ts'
import type { KubernetesApi } from '../../kubernetes/api.ts'

/** A kind that somebody reads, with the versions in which it can be read, the best first. */
export interface WantedKind {
  readonly group: string
  readonly kind: string
  readonly versions: readonly string[]
  /** The only object that is read; absent: every object. */
  readonly only?: { readonly namespace: string; readonly name: string }
}

/** A kind as the cluster serves it. */
export interface ServedKind {
  readonly group: string
  readonly kind: string
  readonly version: string
  /** The name in URLs: `virtualservices`. */
  readonly plural: string
  readonly namespaced: boolean
}

/** `absent`: the cluster does not have it; `unknown`: its answer cannot be had now. */
export type Discovered = ServedKind | 'absent' | 'unknown'

export interface Discovery {
  /** The key is `kindName`. */
  readonly kinds: ReadonlyMap<string, Discovered>
  /** Why something is unknown. */
  readonly error: string | undefined
}

/** `networking.istio.io/VirtualService`, as no two kinds have it. */
export function kindName({ group, kind }: { readonly group: string; readonly kind: string }): string {
  return `${group}/${kind}`
}

/** The form in manifests: `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Pick<ServedKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`
}

/**
 * The API path of the objects of a kind. An empty `namespace` means all namespaces, or a cluster-scoped kind.
 */
export function collectionPath(apiVersion: string, plural: string, namespace: string): string {
  return `${rootPath(apiVersion)}${namespace === '' ? '' : `/namespaces/${namespace}`}/${plural}`
}

function rootPath(apiVersion: string): string {
  return `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}`
}

type Resources = readonly Resource[] | 'absent' | ApiFailure

interface Resource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

/** Asks which of the kinds the cluster serves, and in which version. Never rejects. */
export async function discover(api: KubernetesApi, wanted: readonly WantedKind[]): Promise<Discovery> {
  const versions = new Set(
    wanted.flatMap(({ group, versions: ofKind }) =>
      ofKind.map((version) => apiVersionOf({ group, version })),
    ),
  )
  const served = new Map<string, Resources>()
  await Promise.all(
    [...versions].map(async (apiVersion) => {
      served.set(apiVersion, await resourcesOf(api, apiVersion))
    }),
  )
  const failure = [...served.values()].find((each) => each instanceof ApiFailure)
  return {
    kinds: new Map(wanted.map((each) => [kindName(each), find(each, served)])),
    error: failure?.message,
  }
}

/** While the server starts, it may not know kinds yet that it has: only a ready one is believed. */
export async function isReady(api: KubernetesApi): Promise<boolean> {
  try {
    await api.request({ path: '/readyz', accept: '*/*' })
    return true
  } catch (thrown) {
    // An identity without permission must not wait for the answer.
    return thrown instanceof ApiFailure && (thrown.status === 401 || thrown.status === 403)
  }
}

function find({ group, kind, versions }: WantedKind, served: ReadonlyMap<string, Resources>): Discovered {
  for (const version of versions) {
    const resources = served.get(apiVersionOf({ group, version }))
    if (resources instanceof ApiFailure || resources === undefined) return 'unknown'
    if (resources === 'absent') continue
    const resource = resources.find(
      (each) =>
        each.kind === kind &&
        !each.name.includes('/') &&
        each.verbs.includes('list') &&
        each.verbs.includes('watch'),
    )
    if (resource !== undefined)
      return { group, kind, version, plural: resource.name, namespaced: resource.namespaced }
  }
  return 'absent'
}

async function resourcesOf(api: KubernetesApi, apiVersion: string): Promise<Resources> {
  try {
    const { value } = await api.request({ path: rootPath(apiVersion) })
    const { resources } = value as { readonly resources?: readonly Resource[] }
    return resources ?? []
  } catch (thrown) {
    const failure = thrown instanceof ApiFailure ? thrown : new ApiFailure(String(thrown))
    return failure.status === 404 ? 'absent' : failure
  }
}
