import type { Resource } from '../../xds/resource.ts'
import type { TypeName } from '../../xds/resource-types.ts'
import type { Snapshot } from '../../xds/snapshot.ts'
import type { Proxy } from '../event.ts'
import type { Interest } from '../state/interest.ts'

/** What one proxy on one stream has, at one moment: for CSDS, `status` and metrics. */
export interface ClientState {
  readonly proxy: Proxy
  /** Milliseconds since the epoch. */
  readonly connectedAt: number
  /** The node of its first request, encoded (envoy.config.core.v3.Node). */
  readonly node: Uint8Array
  /** What it should have. */
  readonly snapshot: Snapshot
  /** Types that it has asked for. */
  readonly types: ReadonlyMap<TypeName, TypeState>
}

export interface TypeState {
  /**
   * SYNCED: has answered for all that it should have. STALE: something was sent and is unanswered, or is yet
   * to be sent. NACKED: refuses something.
   */
  readonly status: 'SYNCED' | 'STALE' | 'NACKED'
  /** What it has asked for. */
  readonly interest: Pick<Interest, 'wildcard' | 'names'>
  /**
   * What it is known to hold, by name: a resource of ours, or only a version where it came with the proxy
   * from another stream.
   */
  readonly held: ReadonlyMap<string, Resource | { readonly version: string }>
  /** version_info of the last response that it ACKed; '' for none. */
  readonly ackedVersion: string
  /** Set while NACKED: what the proxy said, and what it said it of. */
  readonly refusal:
    { readonly message: string; readonly resources: readonly Resource[]; readonly at: number } | undefined
}
