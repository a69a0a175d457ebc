import type { Code, Severity } from '../diagnostics/codes.ts'
import { objectName } from '../diagnostics/diagnostic.ts'
import type { FieldPath, ObjectId, Origin } from '../diagnostics/diagnostic.ts'
import { renderPath } from '../diagnostics/field-path.ts'
import { isConfidential } from './confidential.ts'
import type { NodeValue } from './node-value.ts'
import type { Json, JsonObject, Manifest } from './manifest.ts'
import { isJsonObject } from './message.ts'

/** An object found in a document: the document itself, or an item of a List. */
export interface FoundObject {
  readonly manifest: Manifest
  /** Path from the document to the object. */
  readonly prefix: FieldPath
}

/** A mistake at a path of the document. With `origin`, the object is there in spite of it. */
export interface ObjectMistake {
  readonly code: Code
  /** Absent: that of the code. */
  readonly severity?: Severity
  readonly message: string
  readonly hint?: string
  readonly path: FieldPath
  readonly origin?: Origin
}

export interface FoundObjects {
  readonly objects: readonly FoundObject[]
  readonly mistakes: readonly ObjectMistake[]
}

/** Cluster-scoped kinds that people keep beside their routes. */
const clusterScoped = new Set([
  '/Namespace',
  '/Node',
  '/PersistentVolume',
  'gateway.networking.k8s.io/GatewayClass',
  'networking.k8s.io/IngressClass',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  'storage.k8s.io/StorageClass',
  'scheduling.k8s.io/PriorityClass',
  'cert-manager.io/ClusterIssuer',
])

/**
 * The Kubernetes objects of one document: the object itself, or the items of a `List` (or of a `ServiceList`,
 * whose items may omit their kind).
 */
export function findObjects(document: NodeValue, mayBeRead: MayBeRead): FoundObjects {
  return document.value === null ? nothing : read({ document, value: document.value, prefix: [], mayBeRead })
}

/**
 * Whether an object of this version and kind could mean something here, were it whole. Absent: the document
 * does not say it.
 */
export type MayBeRead = (kind: {
  readonly apiVersion?: string | undefined
  readonly kind?: string | undefined
}) => boolean

const nothing: FoundObjects = { objects: [], mistakes: [] }

/** A value of a document that should be an object; a typed list hands its version and kind down. */
interface Candidate {
  readonly document: NodeValue
  readonly value: Json
  readonly prefix: FieldPath
  readonly mayBeRead: MayBeRead
  readonly apiVersion?: string
  readonly kind?: string
}

function read(candidate: Candidate): FoundObjects {
  const { value, prefix } = candidate
  if (!isJsonObject(value)) {
    const what = `is ${shownValue(value)}, not a Kubernetes object`
    return prefix.length > 0 || isListOfObjects(value, candidate.mayBeRead)
      ? mistake(prefix, what)
      : otherYaml(what)
  }
  const kind = text(value['kind']) ?? candidate.kind
  const apiVersion = text(value['apiVersion']) ?? candidate.apiVersion
  const items = { ...candidate, value: value['items'] ?? null, prefix: [...prefix, 'items'] }
  if (kind === 'List') return readItems(items)
  if (kind?.endsWith('List') === true && apiVersion !== undefined && 'items' in value) {
    return readItems({ ...items, apiVersion, kind: kind.slice(0, -'List'.length) })
  }
  const metadata = isJsonObject(value['metadata']) ? value['metadata'] : {}
  const isNamed = isGiven(metadata['name'])
  if (kind !== undefined && apiVersion !== undefined && isNamed)
    return readNamed({ ...candidate, value, metadata, apiVersion, kind })
  const missing = [
    apiVersion === undefined ? 'apiVersion' : [],
    kind === undefined ? 'kind' : [],
    isNamed ? [] : 'metadata.name',
  ].flat()
  const what = `is not a Kubernetes object: it has no ${missing.join(', no ')}`
  const isMeant =
    prefix.length > 0 ||
    (kind === undefined && apiVersion === undefined
      ? isShapedAsObject(value)
      : candidate.mayBeRead({ apiVersion, kind }))
  return isMeant ? mistake(prefix, what) : otherYaml(what)
}

/**
 * Has the parts of an object that mean something here, so that version and kind may have been forgotten or
 * misspelt.
 */
function isShapedAsObject(value: JsonObject): boolean {
  return isJsonObject(value['metadata']) && isJsonObject(value['spec'])
}

/** A list that would be read if it were the `items` of a List. */
function isListOfObjects(value: Json, mayBeRead: MayBeRead): boolean {
  return (
    isList(value) &&
    value.some((each) => {
      if (!isJsonObject(each)) return false
      const [apiVersion, kind] = [text(each['apiVersion']), text(each['kind'])]
      return apiVersion !== undefined && kind !== undefined && mayBeRead({ apiVersion, kind })
    })
  )
}

/**
 * Other YAML that people keep beside their manifests: chart values, and files of Kustomize, Compose and CI.
 */
function otherYaml(what: string): FoundObjects {
  return {
    objects: [],
    mistakes: [{ code: 'manifest/other-yaml', message: `the document ${what}`, path: [] }],
  }
}

interface Named extends Candidate {
  readonly value: JsonObject
  readonly metadata: JsonObject
  readonly apiVersion: string
  readonly kind: string
}

/**
 * Names become parts of host names and of Envoy's resources, so an object is left out if Kubernetes would not
 * take its name or namespace.
 */
function readNamed({ kind, ...named }: Named): FoundObjects {
  const { metadata, apiVersion, prefix, mayBeRead } = named
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  const isClusterScoped = clusterScoped.has(`${group}/${kind}`)
  const [name, namespace] = [metadata['name'] ?? '', metadata['namespace'] ?? '']
  const misnamed = [
    ...nameMistakes(`${group}/${kind}`, name).map((each) => ({
      ...each,
      path: [...prefix, 'metadata', 'name'],
    })),
    ...(isClusterScoped || namespace === '' ? [] : namespaceMistakes(namespace)).map((each) => ({
      ...each,
      path: [...prefix, 'metadata', 'namespace'],
    })),
  ]
  if (misnamed.length > 0 || typeof name !== 'string') {
    const severity = mayBeRead({ apiVersion, kind }) ? {} : ({ severity: 'info' } as const)
    return {
      objects: [],
      mistakes: misnamed.map(({ says, ...where }) => ({
        code: 'manifest/invalid-name',
        ...severity,
        message: `${kind}: ${renderPath(where.path)} ${says}`,
        ...where,
      })),
    }
  }
  return readObject({
    ...named,
    id: { group, kind, namespace: isClusterScoped ? '' : (text(namespace) ?? 'default'), name },
  })
}

interface Identified extends Omit<Named, 'kind'> {
  readonly id: ObjectId
}

function readObject({ document, value, prefix, metadata, apiVersion, id }: Identified): FoundObjects {
  const labels = strings('labels', metadata['labels'])
  const annotations = strings('annotations', metadata['annotations'])
  const exactNumbers = numbersBelow(document, prefix).map(
    ({ path, text: digits }) => [JSON.stringify(path.slice(prefix.length)), digits] as const,
  )
  const others = [...labels.others, ...annotations.others]
  const manifest: Manifest = {
    id,
    apiVersion,
    labels: labels.values,
    annotations: annotations.values,
    created: text(metadata['creationTimestamp']) ?? '',
    object: value,
    exactNumbers: Object.fromEntries(exactNumbers),
    ...(others.length === 0 ? {} : { malformed: true }),
  }
  const mistakes = others.map((other) => notAString(other, prefix, id))
  return { objects: [{ manifest, prefix }], mistakes }
}

type ExactNumbers = NodeValue['exactNumbers']

/**
 * The numbers of a document by the first steps of their paths, because each item of a List looks up its own.
 */
const numbersByPrefix = new WeakMap<NodeValue, Map<number, ReadonlyMap<string, ExactNumbers>>>()

function numbersBelow(document: NodeValue, prefix: FieldPath): ExactNumbers {
  if (document.exactNumbers.length === 0 || prefix.length === 0) return document.exactNumbers
  const byLength = numbersByPrefix.get(document) ?? new Map<number, ReadonlyMap<string, ExactNumbers>>()
  numbersByPrefix.set(document, byLength)
  const known =
    byLength.get(prefix.length) ??
    Map.groupBy(document.exactNumbers, ({ path }) => JSON.stringify(path.slice(0, prefix.length)))
  byLength.set(prefix.length, known)
  return known.get(JSON.stringify(prefix)) ?? []
}

function readItems(candidate: Candidate): FoundObjects {
  const { value: items, prefix } = candidate
  if (items === null) return nothing
  if (!isList(items)) return mistake(prefix, 'is not the list of objects that a List holds')
  const found = items.map((value, index) => read({ ...candidate, value, prefix: [...prefix, index] }))
  return { objects: found.flatMap((each) => each.objects), mistakes: found.flatMap((each) => each.mistakes) }
}

function mistake(path: FieldPath, what: string): FoundObjects {
  const subject = path.length === 0 ? 'the document' : renderPath(path)
  return { objects: [], mistakes: [{ code: 'manifest/not-an-object', message: `${subject} ${what}`, path }] }
}

interface NoString {
  /** Path from the object. */
  readonly path: FieldPath
  readonly value: Json
}

interface Strings {
  readonly values: Readonly<Record<string, string>>
  readonly others: readonly NoString[]
}

/** Labels and annotations are strings; a null value is an empty string, as Kubernetes reads it. */
function strings(field: 'labels' | 'annotations', value: Json | undefined): Strings {
  const path = ['metadata', field]
  if (value === undefined || value === null) return { values: {}, others: [] }
  if (!isJsonObject(value)) return { values: {}, others: [{ path, value }] }
  const entries = Object.entries(value)
  return {
    values: Object.fromEntries(
      entries.flatMap(([key, each]) =>
        typeof each === 'string' ? [[key, each]] : each === null ? [[key, '']] : [],
      ),
    ),
    others: entries
      .filter(([, each]) => typeof each !== 'string' && each !== null)
      .map(([key, each]) => ({ path: [...path, key], value: each })),
  }
}

function notAString({ path, value }: NoString, prefix: FieldPath, object: ObjectId): ObjectMistake {
  const isScalar = typeof value !== 'object'
  const isEntry = path.length > 2
  return {
    code: 'field/wrong-type',
    message:
      `${object.kind} ${objectName(object)}: ${renderPath(path)} is ` +
      `${isScalar ? `the ${typeof value} ${String(value)}` : 'a collection'}, ` +
      `must be ${isEntry ? 'a string' : 'a mapping of strings'}`,
    ...(isScalar && isEntry ? { hint: `write "${String(value)}" in quotes` } : {}),
    path: [...prefix, ...path],
    origin: { object, path },
  }
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Kubernetes treats an empty name like an absent one. */
function isGiven(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== ''
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string' && isConfidential(value)) return 'a key or certificate'
  return `the ${typeof value} ${JSON.stringify(value)}`
}

/** A rule of Kubernetes for names of objects. */
interface NameRule {
  readonly longest: number
  readonly form: RegExp
  readonly must: string
}

/** A mistake in a name, in words that follow its path. */
interface NameMistake {
  readonly says: string
  readonly hint?: string
}

const edges = 'with a letter or digit at each end'

/** RFC 1123, as Kubernetes' `IsDNS1123Label`. */
const label: NameRule = {
  longest: 63,
  form: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  must: `must be lower case letters, digits and -, ${edges}`,
}

/** RFC 1123, as Kubernetes' `IsDNS1123Subdomain`: the rule of all custom resources and most other kinds. */
const subdomain: NameRule = {
  longest: 253,
  form: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  must: `must be lower case letters, digits, - and ., ${edges} and around each .`,
}

/**
 * Kinds whose name is a part of host names. Kubernetes before 1.34 requires a letter first in a Service's;
 * later versions allow a digit.
 */
const labelled = new Set(['/Service', '/Namespace'])

/**
 * Kinds that may have any name without / and %, such as `system:node`: roles, and what servers beside
 * Kubernetes' own keep.
 */
const unruled = /^(rbac\.authorization\.k8s\.io|([^/]+\.)?openshift\.io)\/|^networking\.k8s\.io\/IPAddress$/

/** Kubernetes' objections to a name for objects of a kind (`<group>/<kind>`). */
function nameMistakes(kind: string, name: Json): readonly NameMistake[] {
  return unruled.test(kind) && typeof name === 'string'
    ? []
    : mistakesBy(labelled.has(kind) ? label : subdomain, name)
}

/** Kubernetes' objections to a name for a namespace. */
function namespaceMistakes(namespace: Json): readonly NameMistake[] {
  return mistakesBy(label, namespace)
}

function mistakesBy({ longest, form, must }: NameRule, name: Json): readonly NameMistake[] {
  if (typeof name === 'object') return [{ says: 'is a collection, must be a string' }]
  if (typeof name !== 'string')
    return [
      {
        says: `is the ${typeof name} ${String(name)}, must be a string`,
        hint: `write "${String(name)}" in quotes`,
      },
    ]
  if (name.length > longest)
    return [{ says: `is ${name.length} characters long, must have at most ${longest}` }]
  if (form.test(name)) return []
  if (isConfidential(name)) return [{ says: `is a key or certificate, ${must}` }]
  const meant = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
  return [
    { says: `is ${JSON.stringify(name)}, ${must}`, ...(form.test(meant) ? { hint: `write ${meant}` } : {}) },
  ]
}
