import { findObjects } from '../../manifest/kubernetes-object.ts'
import type { Json, JsonObject, Manifest } from '../../manifest/manifest.ts'
import type { NodeValue } from '../../manifest/node-value.ts'
import { isJsonObject } from '../../manifest/message.ts'
import { apiVersionOf } from './kinds.ts'
import type { ServedKind } from './kinds.ts'

/**
 * Turns an object of the API into a manifest: without unused fields, and with its version and kind, which
 * items of lists lack.
 */
export function manifestOf({ value, exactNumbers }: NodeValue, served: ServedKind): Manifest | undefined {
  if (!isJsonObject(value)) return undefined
  const { kind } = served
  return findObjects(
    { value: { ...relevant(value, kind), apiVersion: apiVersionOf(served), kind }, exactNumbers },
    () => true,
  ).objects[0]?.manifest
}

const heavy = new Set([
  'managedFields',
  'resourceVersion',
  'selfLink',
  'ownerReferences',
  'finalizers',
  'generateName',
])
/** `kubectl apply` keeps the whole object in it once more. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/**
 * Controllers write the status, ourselves included, so it is not configuration. Kinds that hold more than
 * configuration are reduced to the fields that are read.
 */
function relevant({ metadata, status: _, ...rest }: JsonObject, kind: string): JsonObject {
  const kept = { metadata: isJsonObject(metadata) ? ofMetadata(metadata) : {} }
  if (kind === 'Pod') return { ...kept, status: podStatus(_) }
  if (kind === 'Service') return { ...kept, ...rest, ...serviceStatus(_) }
  return kind === 'Node' || kind === 'Namespace' ? kept : { ...kept, ...rest }
}

function ofMetadata(metadata: JsonObject): JsonObject {
  const entries = Object.entries(metadata).filter(([name]) => !heavy.has(name))
  return Object.fromEntries(
    entries.map(([name, value]) =>
      name === 'annotations' && isJsonObject(value) ? [name, without(value, lastApplied)] : [name, value],
    ),
  )
}

function without(object: JsonObject, name: string): JsonObject {
  const { [name]: _, ...rest } = object
  return rest
}

/** The addresses of its load balancer, which become those of a Gateway. */
function serviceStatus(status: Json | undefined): JsonObject {
  const ingress =
    isJsonObject(status) && isJsonObject(status['loadBalancer'])
      ? status['loadBalancer']['ingress']
      : undefined
  return ingress === undefined ? {} : { status: { loadBalancer: { ingress } } }
}

/** Its address, and whether it is over or ready. */
function podStatus(status: Json | undefined): JsonObject {
  if (!isJsonObject(status)) return {}
  const { podIP, phase, conditions } = status
  const ready = Array.isArray(conditions)
    ? (conditions as readonly Json[]).flatMap((each) =>
        isJsonObject(each) && each['type'] === 'Ready'
          ? [{ type: 'Ready', status: each['status'] ?? '' }]
          : [],
      )
    : []
  return {
    ...(podIP === undefined ? {} : { podIP }),
    ...(phase === undefined ? {} : { phase }),
    conditions: ready,
  }
}
