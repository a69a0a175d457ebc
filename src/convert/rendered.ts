import type { FieldPath } from '../diagnostics/diagnostic.ts'
import type { JsonObject, Manifest } from '../manifest/manifest.ts'
import type { BackendPolicy, BackendReference, EndpointSet, Service } from '../model/backend.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { RouteTable } from '../model/route.ts'
import type { Settings } from '../model/settings.ts'
import type { BackendTls } from '../model/tls.ts'

/** The model that a dialect writes, and its context. */
export interface Writable {
  readonly settings: Settings
  /** The tables to be written, including attachments. */
  readonly tables: readonly RouteTable[]
  /** All listeners: those that the dialect itself declared need not be written. */
  readonly listeners: readonly GatewayListener[]
  /** All of them; Kubernetes' own are taken as given. */
  readonly services: readonly Service[]
  readonly endpoints: readonly EndpointSet[]
  readonly policies: readonly BackendPolicy[]
  readonly backendTls: readonly BackendTls[]
  /** The objects of all dialects and of Kubernetes, as the user wrote them. */
  readonly manifests: readonly Manifest[]
  /** Whether an object of the dialect stays unchanged, so that its name is taken. */
  isTaken(object: { readonly kind: string; readonly namespace: string; readonly name: string }): boolean
}

/** Something that could not be carried, at a field of the written object or below. */
export interface Comment {
  readonly path: FieldPath
  readonly text: string
}

/**
 * An object to be written as YAML, each comment before the node that its path leads to, or the nearest above
 * it.
 */
export interface RenderedObject {
  readonly object: JsonObject
  readonly comments: readonly Comment[]
}

export interface Rendered {
  readonly objects: readonly RenderedObject[]
  /** Comments about settings that could not be carried and belong to no object. */
  readonly comments: readonly string[]
}

/** Collects comments while something is written; paths are relative to it. */
export interface Remarks {
  readonly comments: readonly Comment[]
  add(path: FieldPath, text: string): void
}

export function createRemarks(): Remarks {
  const comments: Comment[] = []
  return {
    comments,
    add: (path, text) => {
      comments.push({ path, text })
    },
  }
}

/** The same comments below the path of a larger object. */
export function commentsAt(path: FieldPath, comments: readonly Comment[]): readonly Comment[] {
  return comments.map((each) => ({ ...each, path: [...path, ...each.path] }))
}

/** Names objects that are to be created: the wanted name, numbered if it is taken. */
export type Naming = (object: {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}) => string

export function createNaming(isTaken: Writable['isTaken']): Naming {
  const given = new Set<string>()
  return ({ kind, namespace, name: wanted }) => {
    const name = kubernetesName(wanted)
    for (let count = 1; ; count += 1) {
      const candidate = count === 1 ? name : `${name}-${count}`
      const key = `${kind}/${namespace}/${candidate}`
      if (given.has(key) || isTaken({ kind, namespace, name: candidate })) continue
      given.add(key)
      return candidate
    }
  }
}

/** A text as the name of a Kubernetes object (RFC 1123 subdomain). */
export function kubernetesName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll('*', 'any')
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 240)
  return name === '' ? 'unnamed' : name
}

/** A backend in a comment. */
export function nameOfBackend({ host }: BackendReference): string {
  return host === '' ? 'a backend that cannot be read' : host
}

/** The given fields, without undefined ones. */
export function present<V>(fields: Readonly<Record<string, V | undefined>>): Readonly<Record<string, V>> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, V] => entry[1] !== undefined),
  )
}
