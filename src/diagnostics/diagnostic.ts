import type { Code, Severity } from './codes.ts'

/** Identity of a Kubernetes object. `group` is '' for the core group. */
export interface ObjectId {
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Path to a field of an object, as in `['spec', 'http', 0, 'mirror']`. */
export type FieldPath = readonly (string | number)[]

/** The source of a value, kept through every stage: even a NACK from a proxy can point at the user's line. */
export interface Origin {
  readonly object: ObjectId
  readonly path: FieldPath
  /** 'key': the origin is the field's name, for example a misspelt one, instead of its value. */
  readonly part?: 'key'
}

/** A position in a file; the first line and column are 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The whole text of the line and the length of the value on it, if they are known: for a caret. */
  readonly text?: string
  readonly length?: number
}

/**
 * A user's mistake, or something worth knowing, as a value. It points at a field (`origin`) or at a bare
 * `place` (a syntax error).
 */
export interface Diagnostic {
  readonly code: Code
  readonly severity: Severity
  readonly message: string
  readonly hint?: string
  /** The end of `message`, behind `: `. It is true only while the text with the mistake is in force. */
  readonly consequence?: string
  readonly origin?: Origin
  readonly place?: Place
}

/** `default/reviews`, or `reviews` for a kind without a namespace. */
export function objectName(id: ObjectId): string {
  return id.namespace === '' ? id.name : `${id.namespace}/${id.name}`
}

/** A string that no other object has: the key of manifests in collections. */
export function objectKey(id: ObjectId): string {
  return `${id.group}/${id.kind}/${id.namespace}/${id.name}`
}
