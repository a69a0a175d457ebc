import type { AdminExtension } from '../admin/extension.ts'
import type { FlushReport } from '../collection/graph.ts'
import type { DiagnosticChange } from '../diagnostics/record.ts'
import type { ControlPlaneEvent } from '../observe/event.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { HostedService } from '../server/hosted-service.ts'
import type { ClientState } from '../server/status/client-state.ts'
import type { KubernetesSource } from '../sources/cluster/source.ts'
import type { OverlaySource } from '../sources/overlay-source.ts'
import type { SourceState } from '../sources/source.ts'

/**
 * Something that runs beside the pipeline: it follows the flushes, and has effects of its own. Every hook is
 * optional. A part is a file of this folder, or a folder of its own, and a line in `parts.ts`.
 */
export interface Part {
  readonly name: string
  /** Runs once, when proxies are served. */
  start?(): void
  /** Runs after each flush, before its snapshots are published. */
  flushed?(flush: Flush): void
  /** Runs after the snapshots of a flush have been published. */
  published?(): void
  /** Runs when findings were added or resolved. */
  diagnosed?(change: DiagnosticChange): void
  /** gRPC services on the port of the xDS server. */
  services?(): readonly HostedService[]
  /** Services, paths, files and event streams on the admin port. */
  admin?(): AdminExtension
  /** Resolves when everything that the part started has ended. */
  close?(): Promise<void>
}

/** A completed flush of the pipeline. */
export interface Flush {
  readonly report: FlushReport
  /** The number of scopes whose snapshot changes. */
  readonly scopes: number
  /** Milliseconds of computing. */
  readonly milliseconds: number
}

/** The control plane as its parts see it. */
export interface PartContext {
  readonly pipeline: Pipeline
  readonly overlay: OverlaySource
  /** Undefined if no cluster is read. */
  readonly kubernetes: KubernetesSource | undefined
  /** The newest state of the sources. */
  readonly state: () => SourceState
  readonly clients: () => readonly ClientState[]
  readonly tell: (event: ControlPlaneEvent) => void
  /** Increases with everything that may change the resources that proxies have, or should have. */
  readonly revision: () => number
  /** Computes and publishes every pending change at once. */
  readonly catchUp: () => void
  /** Whether Secrets have been read: before that, a missing one is not reported. */
  readonly isComplete: () => boolean
}
