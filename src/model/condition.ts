import type { ObjectId } from '../diagnostics/diagnostic.ts'

/** What a controller says of an object, as Kubernetes writes it (metav1.Condition without the times). */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  /** One word, from the API's specification where it has one. */
  readonly reason: string
  readonly message: string
}

/** The status of an object towards one of those that it refers to, such as a route's towards a gateway; `parent` absent: of the object itself. */
export interface ObjectStatus {
  readonly object: ObjectId
  /** Of a part of the object that has a status of its own, by name, such as a listener of a gateway. */
  readonly section?: string
  readonly parent?: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string; readonly section?: string; readonly port?: number }
  readonly conditions: readonly Condition[]
}
