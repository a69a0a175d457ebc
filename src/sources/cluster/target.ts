import { apiVersionOf, collectionPath, kindName } from './kinds.ts'
import type { ServedKind, WantedKind } from './kinds.ts'
import type { ReflectedPath } from './reflector.ts'

/** The part of the cluster that is read. */
export interface Selection {
  /** Empty: every namespace. */
  readonly namespaces: readonly string[]
  /** For configuration only: built-in Kubernetes kinds are read whatever their labels are. */
  readonly labelSelector?: string
}

/** One list and watch. */
export interface Target extends ReflectedPath {
  /** No two have the same; it says nothing of the version. */
  readonly key: string
  readonly served: ServedKind
  /**
   * The reaction to a forbidden list: serve nothing until it is allowed, or serve the rest, with a finding or
   * without.
   */
  readonly whenForbidden: 'wait' | 'tell' | 'go without'
}

/** Groups whose objects people do not label for this control plane. */
const builtIn = new Set(['', 'discovery.k8s.io'])

/** The lists and watches of a kind: one of the whole cluster, or one a namespace. */
export function targetsOf(
  wanted: WantedKind,
  served: ServedKind,
  { namespaces, labelSelector }: Selection,
): readonly Target[] {
  const target = (namespace: string, name: string | undefined): Target =>
    targetOf(served, {
      namespace,
      query: {
        ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
        ...(labelSelector === undefined || wanted.only !== undefined || builtIn.has(served.group)
          ? {}
          : { labelSelector }),
      },
      whenForbidden: namespaces.length > 0 && !served.namespaced ? 'go without' : 'wait',
    })
  const { only } = wanted
  if (only !== undefined)
    return namespaces.length > 0 && !namespaces.includes(only.namespace)
      ? []
      : [target(only.namespace, only.name)]
  if (namespaces.length === 0) return [target('', undefined)]
  if (served.namespaced) return namespaces.map((namespace) => target(namespace, undefined))
  return served.kind === 'Namespace'
    ? namespaces.map((namespace) => target('', namespace))
    : [target('', undefined)]
}

/** The list and watch of one Secret, which needs no permission to see others. */
export function secretTarget({
  namespace,
  name,
}: {
  readonly namespace: string
  readonly name: string
}): Target {
  return targetOf(
    { group: '', kind: 'Secret', version: 'v1', plural: 'secrets', namespaced: true },
    { namespace, query: { fieldSelector: `metadata.name=${name}` }, whenForbidden: 'tell' },
  )
}

function targetOf(
  served: ServedKind,
  {
    namespace,
    query,
    whenForbidden,
  }: { readonly namespace: string } & Pick<Target, 'query' | 'whenForbidden'>,
): Target {
  return {
    key: [kindName(served), namespace, query['fieldSelector'] ?? ''].join(' '),
    path: collectionPath(apiVersionOf(served), served.plural, namespace),
    served,
    query,
    whenForbidden,
  }
}
