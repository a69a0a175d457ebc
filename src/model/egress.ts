import type { Origin } from '../diagnostics/diagnostic.ts'
import type { Labels } from './labels.ts'
import type { OutsideTraffic } from './settings.ts'

/**
 * The part of the mesh that the sidecars of a namespace see, or those with some labels. Without such a rule
 * they see everything that is visible to them.
 */
export interface EgressRule {
  readonly namespace: string
  readonly name: string
  /**
   * Undefined: every sidecar of the namespace that no rule with a selector takes; in the root namespace, of
   * every other one too.
   */
  readonly selector: Labels | undefined
  readonly created: string
  /** A port uses the first listener that names it, otherwise the first that names no port. */
  readonly listeners: readonly EgressListener[]
  /** Undefined: as for the whole mesh. */
  readonly outsideTraffic: OutsideTraffic | undefined
  readonly origin: Origin
}

export interface EgressListener {
  /** Undefined: every port that has no listener of its own. */
  readonly port: number | undefined
  /** Address to bind to; '' means the proxy's own. */
  readonly bind: string
  readonly hosts: readonly EgressHost[]
}

/** Hosts of the services, and of the route tables, in a namespace. */
export interface EgressHost {
  /** `*` is every namespace, `.` the proxy's own. */
  readonly namespace: string
  /** May begin with `*`. */
  readonly host: string
  /** Removes the hosts again, at any position in the list. */
  readonly excluded: boolean
}
