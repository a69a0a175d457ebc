import type { Fetch } from '../collection/collection.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { BackendPolicy, EndpointSet, Service } from '../model/backend.ts'
import type { RouteTable } from '../model/route.ts'
import type { Settings } from '../model/settings.ts'

/** `*` as version: every served version of the kind. */
export interface GroupKind {
  readonly group: string
  readonly versions: readonly string[]
  readonly kind: string
}

/** What one manifest means. Parts that a mistake makes meaningless are absent; their diagnostics say so. */
export interface Translated {
  readonly routeTables: readonly RouteTable[]
  readonly listeners: readonly GatewayListener[]
  readonly services: readonly Service[]
  readonly endpoints: readonly EndpointSet[]
  readonly policies: readonly BackendPolicy[]
  readonly diagnostics: readonly Diagnostic[]
  /** True when a mistake was found for which the object's last good version, if there is one, stays in force. */
  readonly refused: boolean
}

/** What a dialect may know besides its manifest: other manifests, through `fetch`, and the settings of this control plane. */
export interface Surroundings {
  readonly fetch: Fetch
  readonly settings: Settings
  /** Manifests of one kind in one namespace, sorted by name; the read is a dependency on that group. */
  manifestsOf(groupKind: string, namespace: string): readonly Manifest[]
}

export interface Dialect {
  readonly name: string
  readonly kinds: readonly GroupKind[]
  /** Pure. Reads other objects only through `surroundings`; that read IS the dependency. Never throws for user input. */
  translate(manifest: Manifest, surroundings: Surroundings): Translated
}
