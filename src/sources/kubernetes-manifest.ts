import { findObjects } from '../manifest/kubernetes-object.ts'
import type { Json, JsonObject, Manifest } from '../manifest/manifest.ts'
import type { NodeValue } from '../manifest/node-value.ts'
import { isRecord } from '../manifest/message.ts'
import type { ServedKind } from './kubernetes-kinds.ts'

/** An object of the API as a manifest: without what nobody reads, and with its version and kind, which items of lists lack. */
export function manifestOf({ value, exactNumbers }: NodeValue, { group, version, kind }: ServedKind): Manifest | undefined {
  if (!isObject(value)) return undefined
  const apiVersion = group === '' ? version : `${group}/${version}`
  return findObjects({ value: { ...relevant(value, kind), apiVersion, kind }, exactNumbers }).objects[0]?.manifest
}

const heavy = new Set(['managedFields', 'resourceVersion', 'selfLink', 'ownerReferences', 'finalizers', 'generateName'])
/** `kubectl apply` keeps the whole object in it once more. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** Status comes from controllers, ourselves included, and is no configuration. Of the kinds with more than configuration in them, what is read. */
function relevant({ metadata, status: _, ...rest }: JsonObject, kind: string): JsonObject {
  const kept = { metadata: isObject(metadata) ? ofMetadata(metadata) : {} }
  if (kind === 'Pod') return { ...kept, status: podStatus(_) }
  return kind === 'Node' || kind === 'Namespace' ? kept : { ...kept, ...rest }
}

function ofMetadata(metadata: JsonObject): JsonObject {
  const entries = Object.entries(metadata).filter(([name]) => !heavy.has(name))
  return Object.fromEntries(entries.map(([name, value]) => name === 'annotations' && isObject(value) ? [name, without(value, lastApplied)] : [name, value]))
}

function without(object: JsonObject, name: string): JsonObject {
  const { [name]: _, ...rest } = object
  return rest
}

/** Its address, and whether it is over or ready. */
function podStatus(status: Json | undefined): JsonObject {
  if (!isObject(status)) return {}
  const { podIP, phase, conditions } = status
  const ready = Array.isArray(conditions) ? (conditions as readonly Json[]).flatMap((each) =>
    isObject(each) && each['type'] === 'Ready' ? [{ type: 'Ready', status: each['status'] ?? '' }] : []) : []
  return { ...(podIP === undefined ? {} : { podIP }), ...(phase === undefined ? {} : { phase }), conditions: ready }
}

function isObject(value: Json | undefined): value is JsonObject {
  return isRecord(value)
}
