import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { PlacedManifest } from '../manifest/manifest.ts'

/** Everything that a source holds at one moment. Immutable; a later state is another value. */
export interface SourceState {
  /** The keys are object keys. An object in two places appears once: the first by path and position. */
  readonly manifests: ReadonlyMap<string, PlacedManifest>
  /** The keys that may differ from the previously published state; absent: any. */
  readonly changed?: ReadonlySet<string>
  /** Syntax errors, duplicates, unreadable files: what only the source can know. */
  readonly diagnostics: readonly Diagnostic[]
  /** Undefined while all is well; else one line that says what the source cannot do now (health shows it). */
  readonly outage: string | undefined
}

/**
 * A source of manifests. It owns its I/O, its retries and the last good state. Nothing is served before
 * `start` has resolved.
 */
export interface Source {
  /**
   * Resolves with the first complete state; rejects with UsageError when the configuration itself is wrong (a
   * path that does not exist).
   */
  start(): Promise<SourceState>
  /**
   * `listener` runs after every later change, with the whole new state. Called once, before or after `start`.
   */
  onChange(listener: (state: SourceState) => void): void
  close(): Promise<void>
}
