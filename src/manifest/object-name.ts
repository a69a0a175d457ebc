import { isConfidential } from './confidential.ts'
import type { Json } from './manifest.ts'

/** A rule of Kubernetes for names of objects. */
interface NameRule {
  readonly longest: number
  readonly form: RegExp
  readonly must: string
}

/** A mistake in a name, in words that follow its path. */
export interface NameMistake {
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
export function nameMistakes(kind: string, name: Json): readonly NameMistake[] {
  return unruled.test(kind) && typeof name === 'string'
    ? []
    : mistakesBy(labelled.has(kind) ? label : subdomain, name)
}

/** Kubernetes' objections to a name for a namespace. */
export function namespaceMistakes(namespace: Json): readonly NameMistake[] {
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
