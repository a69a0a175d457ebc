import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'

/** What a controller says of an object, as Kubernetes writes it (metav1.Condition without the times). */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  /** One word, from the API's specification where it has one. */
  readonly reason: string
  readonly message: string
}

export interface ObjectAddress {
  readonly type: 'IPAddress' | 'Hostname'
  readonly value: string
}

/**
 * The status of an object towards one of those that it refers to, such as a route's towards a gateway;
 * `parent` absent: of the object itself.
 */
export interface ObjectStatus {
  readonly object: ObjectId
  /** Of a part of the object that has a status of its own, by name, such as a listener of a gateway. */
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
  /** Where an object as a whole, such as a gateway, is reached; absent if nothing here knows. */
  readonly addresses?: readonly ObjectAddress[]
  /** Sections of the parent that take the object, by name, whichever of them it names. */
  readonly takenBy?: readonly string[]
  /** In whose name this is said, where several controllers say something of one object. */
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

/** How many objects the statuses speak of: one may say something towards the same parent twice. */
export function countObjects(statuses: readonly ObjectStatus[]): number {
  return new Set(statuses.map(({ object }) => objectKey(object))).size
}
