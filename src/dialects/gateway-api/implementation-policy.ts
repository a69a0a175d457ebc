import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { valueAt } from '../../manifest/issue.ts'
import { isRecord } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { targetsOf } from '../reading/attached-policy.ts'
import { translated } from '../dialect.ts'
import type { GroupKind, ObjectLookup, Translated } from '../dialect.ts'
import { unclaimedKind } from '../reading/unclaimed.ts'

interface PolicyKind {
  readonly group: string
  readonly kind: string
  /** Fields of `spec` that keep requests out, or plain text. */
  readonly fields: readonly string[]
}

/**
 * Policies of implementations of the Gateway API that decide who may send a request. Nothing here acts on
 * them.
 */
const policyKinds: readonly PolicyKind[] = [
  {
    group: 'gateway.envoyproxy.io',
    kind: 'SecurityPolicy',
    fields: ['apiKeyAuth', 'basicAuth', 'jwt', 'oidc', 'extAuth', 'authorization'],
  },
  { group: 'gateway.envoyproxy.io', kind: 'ClientTrafficPolicy', fields: ['tls.clientValidation'] },
  {
    group: 'gateway.envoyproxy.io',
    kind: 'EnvoyExtensionPolicy',
    fields: ['wasm', 'extProc', 'lua', 'dynamicModule'],
  },
  { group: 'gateway.envoyproxy.io', kind: 'EnvoyPatchPolicy', fields: ['jsonPatches'] },
  {
    group: 'gateway.kgateway.dev',
    kind: 'TrafficPolicy',
    fields: [
      'extAuth',
      'extProc',
      'jwt',
      'jwtAuth',
      'jwtAuthentication',
      'basicAuth',
      'apiKeyAuth',
      'apiKeyAuthentication',
      'oauth2',
      'rbac',
      'csrf',
    ],
  },
  { group: 'gateway.kgateway.dev', kind: 'BackendConfigPolicy', fields: ['tls'] },
]

/** The kinds, as a dialect claims them. */
export const implementationPolicies: readonly GroupKind[] = policyKinds.map(({ group, kind }) => ({
  group,
  kind,
  versions: ['v1', 'v1alpha1'],
}))

export function isImplementationPolicy({ id }: Manifest): boolean {
  return policyFor(id) !== undefined
}

function policyFor(id: Pick<Manifest['id'], 'group' | 'kind'>): PolicyKind | undefined {
  return policyKinds.find(({ group, kind }) => group === id.group && kind === id.kind)
}

/** The protection of the policy; a policy that allows every request is only noted. */
export function translateImplementationPolicy(manifest: Manifest, { isClaimed }: ObjectLookup): Translated {
  const { id, object } = manifest
  const paths = (policyFor(id)?.fields ?? [])
    .map((field): FieldPath => ['spec', ...field.split('.')])
    .filter((path) => isInForce(valueAt(object, path)))
  if (paths.length === 0) return translated({ diagnostics: [unclaimedKind(manifest)] })
  const targets = targetsOf(manifest, isClaimed)
  return translated({
    protections: paths.map((path) => ({
      missing: `${path.slice(1).join('.')} is not supported`,
      targets,
      origin: { object: id, path, part: 'key' },
    })),
  })
}

/** kgateway turns a part of a policy off by `disable: {}`. */
function isInForce(value: unknown): boolean {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return false
  return !isRecord(value) || value['disable'] === undefined
}
