import type { Json } from './manifest.ts'
import { isJsonObject } from './message.ts'

const secretKind = /["']?\bkind["']?\s*:\s*["']?Secret(List)?\b/

/**
 * True for a text that nothing is known of and that holds a Kubernetes Secret, or may: its lines must not be
 * shown.
 */
export function isConfidential(text: string): boolean {
  return secretKind.test(text) || text.includes('-----BEGIN ')
}

/**
 * Whether a document, read from `text`, holds a Kubernetes Secret: as itself, in a list, inside another
 * object, or in a text. A reference to a Secret, for example in a Gateway's `certificateRefs`, does not.
 */
export function isConfidentialDocument(value: Json, text: string): boolean {
  return text.includes('-----BEGIN ') || (secretKind.test(text) && holdsSecret(value, 'object'))
}

/** `object`: the value is at a place for objects, so its kind alone identifies it. */
function holdsSecret(value: Json, as: 'object' | 'field'): boolean {
  if (typeof value === 'string') return secretKind.test(value)
  if (Array.isArray(value)) return (value as readonly Json[]).some((each) => holdsSecret(each, as))
  if (!isJsonObject(value)) return false
  const isSecret = value['kind'] === 'Secret' || value['kind'] === 'SecretList'
  if (isSecret && (as === 'object' || 'data' in value || 'stringData' in value)) return true
  return Object.entries(value).some(([key, each]) =>
    holdsSecret(each, as === 'object' && key === 'items' ? 'object' : 'field'),
  )
}

const named = /^(\s*(?:-\s+)*(?:"[^"]*"|'[^']*'|[\w./-]+)\s*:)(?=\s|$)/

/** A line without its value: `tls.key: …`. */
export function withoutValue(line: string): string {
  const name = named.exec(line)?.[1]
  if (name === undefined) return line.trim() === '' ? line : '…'
  return name.length === line.trimEnd().length ? name : `${name} …`
}
