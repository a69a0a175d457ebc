import type { Resource } from '../../xds/resource.ts'
import type { TypeName } from '../../xds/resource-types.ts'
import type { Snapshot } from '../../xds/snapshot.ts'
import type { Proxy } from '../event.ts'
import type { Interest } from '../state/interest.ts'

/** The state of one proxy on one stream at one moment: for CSDS, `status` and metrics. */
export interface ClientState {
  readonly proxy: Proxy
  /** Milliseconds since the epoch. */
  readonly connectedAt: number
  /** The node of its first request, encoded (envoy.config.core.v3.Node). */
  readonly node: Uint8Array
  /** The resources that it should have. */
  readonly snapshot: Snapshot
  /** The subscribed types. */
  readonly types: ReadonlyMap<TypeName, TypeState>
}

export interface TypeState {
  /**
   * SYNCED: has answered for all that it should have. STALE: something was sent and is unanswered, or is yet
   * to be sent. NACKED: refuses something.
   */
  readonly status: 'SYNCED' | 'STALE' | 'NACKED'
  /** The subscriptions. */
  readonly interest: Pick<Interest, 'wildcard' | 'names'>
  /**
   * The resources that it is known to hold, by name; only a version if the proxy brought it from another
   * stream.
   */
  readonly held: ReadonlyMap<string, Resource | { readonly version: string }>
  /** The version_info of the last ACKed response; '' for none. */
  readonly ackedVersion: string
  /** Set while NACKED: the proxy's message, and the resources that it is about. */
  readonly refusal:
    { readonly message: string; readonly resources: readonly Resource[]; readonly at: number } | undefined
}
