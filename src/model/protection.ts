import type { ObjectId, Origin } from '../diagnostics/diagnostic.ts'
import type { Labels } from './labels.ts'

/** A policy that decides who may send a request, and that proxies served from here do not enforce. */
export interface Protection {
  /** The check that is missing, as the beginning of a sentence: `extAuth is not supported`. */
  readonly missing: string
  readonly targets: readonly ProtectionTarget[]
  readonly origin: Origin
}

/** The targets of a policy. */
export type ProtectionTarget =
  /** Proxies with all of the labels; `namespace` undefined: of every namespace. */
  | { readonly kind: 'workloads'; readonly namespace: string | undefined; readonly labels: Labels }
  | { readonly kind: 'object'; readonly id: ObjectId }
  /** Objects of one kind and namespace with all of the labels. */
  | { readonly kind: 'selected'; readonly of: Omit<ObjectId, 'name'>; readonly labels: Labels }
  | { readonly kind: 'everything' }
