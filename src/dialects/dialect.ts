import type { Diagnostic, ObjectId } from '../diagnostics/diagnostic.ts'
import type { JsonObject, Manifest } from '../manifest/manifest.ts'
import type { Attachment } from '../model/attach.ts'
import type { ObjectStatus } from '../model/condition.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { BackendPolicy, EndpointSet, Service } from '../model/backend.ts'
import type { EgressRule } from '../model/egress.ts'
import type { Protection } from '../model/protection.ts'
import type { RouteTable } from '../model/route.ts'
import type { Settings } from '../model/settings.ts'
import type { BackendTls, TlsRouteTable, TlsSecret } from '../model/tls.ts'
import type { Divergence } from './portability.ts'
import type { StatusMoment, StatusReport } from './status.ts'

export interface GroupKind {
  readonly group: string
  readonly versions: readonly string[]
  readonly kind: string
  /** Other names that people write for it: former ones. */
  readonly formerly?: readonly string[]
  /** The one object of the kind that the dialect reads; absent where it reads them all. */
  readonly only?: { readonly namespace: string; readonly name: string }
  /** Set where its API has conditions, which a controller writes. */
  readonly status?: 'conditions'
}

/** What one manifest means. Parts that a mistake makes meaningless are absent; their diagnostics say so. */
export interface Translated {
  readonly routeTables: readonly RouteTable[]
  readonly listeners: readonly GatewayListener[]
  readonly services: readonly Service[]
  readonly endpoints: readonly EndpointSet[]
  readonly policies: readonly BackendPolicy[]
  readonly backendTls: readonly BackendTls[]
  readonly egress: readonly EgressRule[]
  readonly tlsTables: readonly TlsRouteTable[]
  readonly secrets: readonly TlsSecret[]
  /** What the object protects in its own controller, and not here. */
  readonly protections: readonly Protection[]
  /** Mirrors that the object declares for the routes of others. */
  readonly attachments: readonly Attachment[]
  /** What a controller says of the object in its status, one for each parent. */
  readonly statuses: readonly ObjectStatus[]
  readonly diagnostics: readonly Diagnostic[]
  /** The objects to which this one delegates, whether they are there or not. */
  readonly delegates: readonly ObjectId[]
  /** Found as well, as long as no object delegates to this one. */
  readonly unlessDelegated: readonly Diagnostic[]
  /**
   * True when a mistake was found for which the object's last good version, if there is one, stays in force.
   */
  readonly refused: boolean
}

/**
 * What a dialect may know besides its manifest. Each read is a dependency: the manifest is translated again
 * when the answer changes.
 */
export interface ObjectLookup {
  readonly settings: Settings
  manifest(id: ObjectId): Manifest | undefined
  /** All manifests of a kind in a namespace, sorted by name. */
  manifestsOf(kind: { readonly group: string; readonly kind: string }, namespace: string): readonly Manifest[]
  /**
   * All manifests that their dialect lists under the key (`Dialect.indexKeys`), of every namespace, sorted by
   * object.
   */
  indexed(key: string): readonly Manifest[]
  /**
   * Of those, the key of the oldest object, then the first by namespace and name: who speaks for all of them.
   * What they say is not asked for.
   */
  firstIndexed(key: string): string | undefined
  /** Whether some dialect reads the kind, in any version. */
  isClaimed(kind: { readonly group: string; readonly kind: string }): boolean
}

export interface Dialect {
  readonly name: string
  readonly kinds: readonly GroupKind[]
  /**
   * Kinds of the same API that it does not read, where one is easily taken for a misspelling of a kind that
   * it reads.
   */
  readonly unread?: readonly Pick<GroupKind, 'group' | 'kind'>[]
  /** Pure. Reads other objects only through `lookup`. Never throws for user input. */
  translate(manifest: Manifest, lookup: ObjectLookup): Translated
  /**
   * What an object says about the whole mesh, over the settings that the operator chose; undefined for every
   * other object. Reads no others.
   */
  settings?(manifest: Manifest, chosen: Settings): Settings | undefined
  /**
   * Keys under which `ObjectLookup.indexed` finds the object, as for those that form a group wherever they
   * are. Reads no others; never throws.
   */
  indexKeys?(manifest: Manifest): readonly string[]
  /**
   * False for an object that is labelled for another control plane than `settings` say; absent: there are no
   * such labels. Reads no others.
   */
  inRevision?(manifest: Manifest, settings: Settings): boolean
  /**
   * The `status` that the object is to have, made from the one that it has; what others say in it stays.
   * Undefined where its API has none, or where another controller may be writing it. Never throws.
   */
  status?(report: StatusReport, moment: StatusMoment): JsonObject | undefined
  /**
   * What is wrong with annotations of the dialect on an object of any kind. Reads no others; never throws.
   */
  annotationFindings?(manifest: Manifest): readonly Diagnostic[]
  /** Where the vendors' own controllers do otherwise. */
  readonly divergences?: readonly Divergence[]
}

const nothing: Translated = {
  routeTables: [],
  listeners: [],
  services: [],
  endpoints: [],
  policies: [],
  backendTls: [],
  egress: [],
  tlsTables: [],
  secrets: [],
  protections: [],
  attachments: [],
  statuses: [],
  diagnostics: [],
  delegates: [],
  unlessDelegated: [],
  refused: false,
}

/** A translation that has only the given parts. */
export function translated(parts: Partial<Translated>): Translated {
  return { ...nothing, ...parts }
}
