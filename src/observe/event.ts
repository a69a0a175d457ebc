import type { Code, Severity } from '../diagnostics/codes.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { Millionths } from '../model/fraction.ts'
import type { XdsEvent } from '../server/event.ts'
import type { WritebackEvent } from '../writeback/writeback.ts'

/** A mirror in force that an edit added, removed (`after` undefined) or changed. */
export interface MirrorChange {
  readonly object: ObjectId
  readonly runtimeKey: string
  /** The cluster of the copies. */
  readonly cluster: string
  readonly before: Millionths | undefined
  readonly after: Millionths | undefined
}

/** A rendered diagnostic: `text` has file:line:column, the line and a caret. */
export interface ShownDiagnostic {
  readonly code: Code
  readonly severity: Severity
  readonly text: string
}

/** The events of a running control plane. */
export type ControlPlaneEvent =
  | XdsEvent
  | WritebackEvent
  | {
      readonly kind: 'listening'
      readonly xds: string
      readonly admin: string
      readonly adminScheme: 'http' | 'https'
    }
  | {
      readonly kind: 'config-changed'
      readonly mirrors: readonly MirrorChange[]
      /** Objects that were added, removed or changed. */
      readonly objects: number
      /** Objects whose translation ran, resources whose bytes changed, and scopes with a new snapshot. */
      readonly translated: number
      readonly resources: number
      readonly scopes: number
    }
  | {
      readonly kind: 'diagnostics'
      readonly added: readonly ShownDiagnostic[]
      readonly resolved: readonly ShownDiagnostic[]
    }
  /**
   * The certificate of the xDS port: `until` is RFC 3339; with a problem, the last good certificate stays.
   */
  | { readonly kind: 'certificate'; readonly until: string; readonly problem?: string }
  /** The server ends; connected proxies receive UNAVAILABLE and connect elsewhere. */
  | { readonly kind: 'stopping'; readonly reason: string; readonly proxies: number }
  /** A signal without an effect, because the server does the same already. */
  | { readonly kind: 'signal-ignored'; readonly signal: string }
  | { readonly kind: 'outage'; readonly reason: string | undefined }
