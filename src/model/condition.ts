import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'

/** A controller's statement about an object, in Kubernetes' form (metav1.Condition without the times). */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  /** One word, from the API's specification if it has one. */
  readonly reason: string
  readonly message: string
}

export interface ObjectAddress {
  readonly type: 'IPAddress' | 'Hostname'
  readonly value: string
}

/**
 * The status of an object with respect to an object that it refers to, for example of a route with respect to
 * a gateway. `parent` absent: of the object itself.
 */
export interface ObjectStatus {
  readonly object: ObjectId
  /** Name of a part of the object that has its own status, for example a listener of a gateway. */
  readonly section?: string
  readonly parent?: {
    readonly group: string
    readonly kind: string
    readonly namespace: string
    readonly name: string
    readonly section?: string
    readonly port?: number
  }
  readonly conditions: readonly Condition[]
  /** The addresses of an object as a whole, for example of a gateway; absent if they are unknown. */
  readonly addresses?: readonly ObjectAddress[]
  /** Sections of the parent that take the object, by name, whichever of them it names. */
  readonly takenBy?: readonly string[]
  /** The controller that reports this, if several controllers report on one object. */
  readonly controller?: string
}

/** Keys of the sections that take the object: of its parent, by name. */
export function sectionsTaking({ parent, takenBy = [], conditions }: ObjectStatus): readonly string[] {
  if (parent === undefined || conditions.some(({ type, status }) => type === 'Accepted' && status !== 'True'))
    return []
  return takenBy.map((section) => sectionKey(objectKey(parent), section))
}

export function sectionKey(object: string, section: string): string {
  return `${object}|${section}`
}

/** The number of objects in the statuses: an object may have two for one parent. */
export function countObjects(statuses: readonly ObjectStatus[]): number {
  return new Set(statuses.map(({ object }) => objectKey(object))).size
}
