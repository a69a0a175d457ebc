import type { ObjectId } from '../../diagnostics/diagnostic.ts'
import { isJsonObject } from '../../manifest/message.ts'
import type { Json, JsonObject, Manifest } from '../../manifest/manifest.ts'
import type { Labels } from '../../model/labels.ts'
import type { Protection, ProtectionTarget } from '../../model/protection.ts'

/** The `spec` of an object that no schema describes here. */
export function specOf({ object }: Manifest): JsonObject {
  return objectAt(object, 'spec')
}

/** The object in a field; an empty one if there is none. */
export function objectAt(value: JsonObject, field: string): JsonObject {
  const found = value[field]
  return isJsonObject(found) ? found : {}
}

/** The objects in a field that holds a list of them, or one alone. */
export function objectsAt(value: JsonObject, field: string): readonly JsonObject[] {
  const found = value[field]
  return isList(found) ? found.filter((each) => isJsonObject(each)) : isJsonObject(found) ? [found] : []
}

/** The strings of a map, as labels are. */
export function labelsAt(value: JsonObject, field: string): Labels {
  return Object.fromEntries(
    Object.entries(objectAt(value, field)).flatMap(([name, each]) =>
      typeof each === 'string' ? [[name, each]] : [],
    ),
  )
}

export type IsClaimed = (kind: Pick<ObjectId, 'group' | 'kind'>) => boolean

/**
 * The targets in `targetRef`, `targetRefs` and `targetSelectors`, in the form of policies for the Gateway API
 * (GEP-713). An unread kind may mean anything, and so may a GatewayClass.
 */
export function targetsOf(manifest: Manifest, isClaimed: IsClaimed): readonly ProtectionTarget[] {
  const spec = specOf(manifest)
  const references = [...objectsAt(spec, 'targetRef'), ...objectsAt(spec, 'targetRefs')]
  return [
    ...references.map((reference) => referenced(reference, manifest, isClaimed)),
    ...objectsAt(spec, 'targetSelectors').map((selector): ProtectionTarget => ({
      kind: 'selected',
      of: kindOf(selector, manifest),
      labels: labelsAt(selector, 'matchLabels'),
    })),
  ]
}

function referenced(reference: JsonObject, manifest: Manifest, isClaimed: IsClaimed): ProtectionTarget {
  const id: ObjectId = { ...kindOf(reference, manifest), name: textAt(reference, 'name') ?? '' }
  return id.kind === 'GatewayClass' || !isClaimed(id) ? { kind: 'everything' } : { kind: 'object', id }
}

function kindOf(reference: JsonObject, { id }: Manifest): Omit<ObjectId, 'name'> {
  return {
    group: textAt(reference, 'group') ?? '',
    kind: textAt(reference, 'kind') ?? '',
    namespace: textAt(reference, 'namespace') ?? id.namespace,
  }
}

export function textAt(value: JsonObject, field: string): string | undefined {
  const found = value[field]
  return typeof found === 'string' ? found : undefined
}

const protectingKind = /auth|security|jwt|oidc|rbac|waf|firewall|access/i
const protectingField = /auth|jwt|oidc|rbac|waf/i

/**
 * A policy of an unknown kind, if it is attached to an object of the Gateway API and its kind or a field of
 * it concerns who may send a request.
 */
export function foreignProtection(manifest: Manifest, isClaimed: IsClaimed): Protection | undefined {
  const { id } = manifest
  const targets = targetsOf(manifest, isClaimed)
  const field = Object.keys(specOf(manifest)).find((each) => protectingField.test(each))
  if (targets.length === 0 || (field === undefined && !protectingKind.test(id.kind))) return undefined
  return {
    missing: `${field ?? id.kind} is not supported`,
    targets,
    origin: { object: id, path: field === undefined ? ['kind'] : ['spec', field], part: 'key' },
  }
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
