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
  /** The only object of the kind that the dialect reads; absent: every object. */
  readonly only?: { readonly namespace: string; readonly name: string }
  /** Set if its API has conditions that a controller writes. */
  readonly status?: 'conditions'
}

/**
 * The translation of one manifest. Parts that a mistake makes meaningless are absent; their diagnostics
 * report that.
 */
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
  /** Protections that the object's own controller enforces, and this one does not. */
  readonly protections: readonly Protection[]
  /** Mirrors that the object declares for the routes of others. */
  readonly attachments: readonly Attachment[]
  /** The controller's statements in the object's status, one for each parent. */
  readonly statuses: readonly ObjectStatus[]
  readonly diagnostics: readonly Diagnostic[]
  /** The objects to which this one delegates, whether they are there or not. */
  readonly delegates: readonly ObjectId[]
  /** Found as well, as long as no object delegates to this one. */
  readonly unlessDelegated: readonly Diagnostic[]
  /**
   * True when a mistake was found for which the object's last good version, if there is one, stays in force.
   */
  readonly rejected: boolean
}

/**
 * The other objects that a translation may read. Each read is a dependency: the manifest is translated again
 * when the answer changes.
 */
export interface ObjectLookup {
  readonly settings: Settings
  manifest(id: ObjectId): Manifest | undefined
  /** The content of an object, as the reader of its kind decoded it; undefined if there is none. */
  value<V>(reader: Reader<V>, id: ObjectId): V | undefined
  /** All manifests of a kind in a namespace, sorted by name. */
  manifestsOf(kind: { readonly group: string; readonly kind: string }, namespace: string): readonly Manifest[]
  /**
   * All manifests that their dialect lists under the key (`Dialect.indexKeys`), of every namespace, sorted by
   * object.
   */
  indexed(key: string): readonly Manifest[]
  /**
   * Among them, the key of the oldest object, then the first by namespace and name: the one that reports for
   * all of them. Its content is not read.
   */
  firstIndexed(key: string): string | undefined
  /** Whether some dialect reads the kind, in any version. */
  isClaimed(kind: { readonly group: string; readonly kind: string }): boolean
}

/** The decoded content of one manifest. */
export interface Read<V = unknown> {
  /** Without the parts that have mistakes; undefined if nothing usable is left. */
  readonly value: V | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** True if a mistake keeps the object's last good version in force, when there is one. */
  readonly rejected: boolean
}

/** An object and its decoded content. */
export interface ReadObject<V = unknown> {
  readonly manifest: Manifest
  readonly value: V
}

/**
 * The two steps of a kind: reading decodes once, translating never decodes. Neither throws for user input.
 */
export interface Reader<V = unknown> {
  /** Pure, and independent of other objects. The operator's `settings` are for `unsplit` only. */
  read(manifest: Manifest, settings: Settings): Read<V>
  /** Pure. Reads other objects only through `lookup`. Called only if there is a value. */
  translate(object: ReadObject<V>, lookup: ObjectLookup): Translated
}

export interface Dialect {
  readonly name: string
  readonly kinds: readonly GroupKind[]
  /**
   * Kinds of the same API that it does not read, if one is easily mistaken for a misspelling of a kind that
   * it reads.
   */
  readonly unread?: readonly Pick<GroupKind, 'group' | 'kind'>[]
  /** The reader of the object's kind. */
  reader(manifest: Manifest): Reader
  /**
   * The mesh-wide settings of an object, over those that the operator chose; undefined for every other
   * object. Reads no other objects.
   */
  settings?(manifest: Manifest, chosen: Settings): Settings | undefined
  /**
   * Keys by which `ObjectLookup.indexed` finds the object, for example for objects that form a group. Reads
   * no other objects; never throws.
   */
  indexKeys?(manifest: Manifest): readonly string[]
  /**
   * False for an object whose labels name another control plane than `settings` do. Absent if the dialect has
   * no such labels. Reads no other objects.
   */
  inRevision?(manifest: Manifest, settings: Settings): boolean
  /**
   * The new `status` of the object, made from the present one; other controllers' parts stay. Undefined if
   * its API has none, or another controller may be writing it. Never throws.
   */
  status?(report: StatusReport, moment: StatusMoment): JsonObject | undefined
  /**
   * Findings about annotations of the dialect on an object of any kind. Reads no other objects; never throws.
   */
  annotationFindings?(manifest: Manifest): readonly Diagnostic[]
  /** The differences from the vendors' own controllers. */
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
  rejected: false,
}

/** A translation that has only the given parts. */
export function translated(parts: Partial<Translated>): Translated {
  return { ...nothing, ...parts }
}
