import type { JsonObject, Manifest } from '../../manifest/manifest.ts'
import type { ProtectionTarget } from '../../model/protection.ts'
import { labelsAt, objectAt, objectsAt, specOf, targetsOf, textAt } from '../reading/attached-policy.ts'
import { translated } from '../dialect.ts'
import type { GroupKind, ObjectLookup, Translated } from '../dialect.ts'
import { unclaimedKind } from '../reading/unclaimed.ts'

const securityGroup = 'security.istio.io'

/** Kinds of Istio that can keep requests out. Nothing here acts on them. */
export const protectionKinds: readonly GroupKind[] = [
  ...['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication'].map((kind) => ({
    group: securityGroup,
    versions: ['v1', 'v1beta1'],
    kind,
  })),
  { group: 'networking.istio.io', versions: ['v1alpha3'], kind: 'EnvoyFilter' },
  ...['WasmPlugin', 'TrafficExtension'].map((kind) => ({
    group: 'extensions.istio.io',
    versions: ['v1alpha1'],
    kind,
  })),
]

export function isProtectionKind({ id }: Manifest): boolean {
  return protectionKinds.some(({ group, kind }) => group === id.group && kind === id.kind)
}

/** The protection of the policy; a policy that allows every request is only noted. */
export function translateProtection(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { id } = manifest
  const missing = protects(manifest) ? (missingOf[id.kind] ?? `${id.kind} is not supported`) : undefined
  if (missing === undefined) return translated({ diagnostics: [unclaimedKind(manifest)] })
  return translated({
    protections: [{ missing, targets: targets(manifest, lookup), origin: { object: id, path: ['kind'] } }],
  })
}

const missingOf: Readonly<Record<string, string>> = {
  PeerAuthentication: 'mutual TLS of clients is not enforced',
  EnvoyFilter: 'EnvoyFilter is not supported, whatever filter it adds',
}

/**
 * `targetRefs`, else the selector, else every workload of the namespace: of all namespaces in the root
 * namespace.
 */
function targets(manifest: Manifest, { settings, isClaimed }: ObjectLookup): readonly ProtectionTarget[] {
  const referenced = targetsOf(manifest, isClaimed)
  if (referenced.length > 0) return referenced
  const spec = specOf(manifest)
  const labels = {
    ...labelsAt(objectAt(spec, 'selector'), 'matchLabels'),
    ...labelsAt(objectAt(spec, 'workloadSelector'), 'labels'),
  }
  const { namespace } = manifest.id
  return [
    { kind: 'workloads', namespace: namespace === settings.rootNamespace ? undefined : namespace, labels },
  ]
}

/** False for a policy that refuses no request, by Istio's own rules. */
function protects(manifest: Manifest): boolean {
  const spec = specOf(manifest)
  switch (manifest.id.kind) {
    case 'AuthorizationPolicy':
      return manifest.annotations['istio.io/dry-run'] !== 'true' && authorizes(spec)
    case 'RequestAuthentication':
      return objectsAt(spec, 'jwtRules').length > 0
    case 'PeerAuthentication':
      return [
        objectAt(spec, 'mtls'),
        ...objectsAt({ ports: Object.values(objectAt(spec, 'portLevelMtls')) }, 'ports'),
      ].some(isStrict)
    case 'EnvoyFilter':
      return objectsAt(spec, 'configPatches').some(
        (each) => textAt(objectAt(each, 'patch'), 'operation') !== 'REMOVE',
      )
    default:
      return true
  }
}

/**
 * ALLOW without rules refuses everything, and with an empty rule nothing; DENY and CUSTOM concern the
 * requests of their rules.
 */
function authorizes(spec: JsonObject): boolean {
  const rules = objectsAt(spec, 'rules')
  switch (spec['action'] ?? 'ALLOW') {
    case 'AUDIT':
      return false
    case 'DENY':
    case 'CUSTOM':
      return rules.length > 0
    default:
      return !rules.some((rule) => Object.values(rule).every((each) => each === null))
  }
}

/** Without a mode, the policy of the namespace or of the mesh decides; it is an object of its own. */
function isStrict(mtls: JsonObject): boolean {
  return mtls['mode'] === 'STRICT'
}
