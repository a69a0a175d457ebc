/** A rule of a Role or ClusterRole, and what the control plane does with it. */
export interface Permission {
  readonly group: string
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  /** The only objects that it is for. */
  readonly names?: readonly string[]
  readonly because: string
}

const read = ['list', 'watch'] as const

/** A kind that the control plane reads, as its dialect says it. */
export interface ReadKind {
  readonly group: string
  readonly kind: string
  /** The one object of it that is read. */
  readonly only?: { readonly name: string }
  /** Set if the control plane writes conditions. */
  readonly status?: 'conditions'
}

/**
 * In every namespace that is watched. Discovery and /readyz are open to every account by Kubernetes' own
 * roles.
 */
export function clusterPermissions(kinds: readonly ReadKind[]): readonly Permission[] {
  const whole = kinds.filter((kind) => kind.only === undefined && !isSecret(kind))
  const single = kinds.flatMap((kind) => (kind.only === undefined ? [] : [{ ...kind, name: kind.only.name }]))
  return [
    ...perGroup(whole).map(([group, resources]): Permission => ({
      group,
      resources,
      verbs: read,
      because: 'routes, gateways, policies, backends and their endpoints',
    })),
    ...single.map(({ group, kind, name }): Permission => ({
      group,
      resources: [plural(kind)],
      verbs: read,
      names: [name],
      because: 'settings',
    })),
    {
      group: 'apiextensions.k8s.io',
      resources: ['customresourcedefinitions'],
      verbs: read,
      because: 'which kinds there are',
    },
    ...perGroup(kinds.filter(({ status }) => status === 'conditions')).flatMap(
      ([group, resources]): readonly Permission[] => [
        {
          group,
          resources,
          verbs: ['get'],
          because: 'the status that an object has, before another is written',
        },
        {
          group,
          resources: resources.map((resource) => `${resource}/status`),
          verbs: ['update'],
          because: 'conditions',
        },
      ],
    ),
    {
      group: 'events.k8s.io',
      resources: ['events'],
      verbs: ['create', 'patch'],
      because: 'what is wrong with objects whose conditions do not say it',
    },
    {
      group: 'authentication.k8s.io',
      resources: ['tokenreviews'],
      verbs: ['create'],
      because: 'the tokens that proxies show',
    },
  ]
}

/** In its own namespace. */
export const ownPermissions: readonly Permission[] = [
  {
    group: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['create'],
    because: 'one replica writes status',
  },
  {
    group: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'watch', 'update'],
    names: ['shadowplane'],
    because: 'one replica writes status',
  },
]

/**
 * In the namespaces of gateways, and in no other: certificates are given to proxies of their own namespace
 * only.
 */
export const secretPermissions: readonly Permission[] = [
  {
    group: '',
    resources: ['secrets'],
    verbs: read,
    because: 'the certificates that listeners and clusters name',
  },
]

/** A PolicyRule of rbac.authorization.k8s.io/v1. */
export function policyRule({
  group,
  resources,
  verbs,
  names,
}: Permission): Readonly<Record<string, readonly string[]>> {
  return { apiGroups: [group], resources, verbs, ...(names === undefined ? {} : { resourceNames: names }) }
}

function perGroup(kinds: readonly ReadKind[]): readonly (readonly [string, readonly string[]])[] {
  return [...Map.groupBy(kinds, ({ group }) => group)].map(([group, ofGroup]) => [
    group,
    ofGroup.map(({ kind }) => plural(kind)),
  ])
}

function isSecret({ group, kind }: ReadKind): boolean {
  return group === '' && kind === 'Secret'
}

/** The resource of a kind, as Kubernetes names it where its definition says nothing else. */
export function plural(kind: string): string {
  const lower = kind.toLowerCase()
  if (lower.endsWith('ss')) return `${lower}es`
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`
}
