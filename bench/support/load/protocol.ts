import type { HostPort } from '../../../src/envoy/bootstrap.ts'
import type { Mode } from './discovery-response.ts'

/** Streams to open, all of one kind. */
export interface LoadOptions {
  readonly host: string
  readonly port: number
  /**
   * Where a stream that has ended comes back, one after the other, its own address among them. Absent: one
   * that ends is a failure.
   */
  readonly others?: readonly HostPort[]
  readonly mode: Mode
  readonly streams: number
  /**
   * `envoy`: runtime, clusters, listeners and what they name; or one type, of which each stream names the
   * same resources.
   */
  readonly ask: 'envoy' | { readonly typeUrl: string; readonly names: readonly string[] }
  readonly role: 'gateway' | 'sidecar'
  /** How many kinds of workload the streams are of, by a label: each is a scope of its own. */
  readonly workloads: number
  /** Milliseconds until all are complete. */
  readonly timeout: number
}

/** When streams came to something, in milliseconds of the machine's clock. */
export interface Arrivals {
  readonly streams: number
  /** Streams that did not, within the time. */
  readonly missing: number
  readonly first: number
  readonly median: number
  readonly last: number
}

export interface TypeCount {
  readonly responses: number
  readonly bytes: number
  readonly resources: number
}

/** Responses so far, by type URL. */
export type Counts = Readonly<Record<string, TypeCount>>

/** How many resources of a type streams hold: the stream with the fewest and the one with the most. */
export type Holdings = Readonly<Record<string, { readonly least: number; readonly most: number }>>

/** The instructions for the load client. */
export interface LoadCommands {
  /**
   * Opens streams beside those that there are; resolves when each has all that an Envoy waits for, or the
   * time is over.
   */
  open(options: LoadOptions): Arrivals
  /** Gets ready to see a change: `needle`, in hexadecimal, is in no response but those that carry it. */
  expect(options: { readonly needle: string; readonly timeout: number }): undefined
  /** Resolves when each stream that reads holds what was expected, or the time is over. */
  held(): Arrivals
  counts(): Counts
  holdings(): Holdings
  /** Drops all connections at once and opens them again, with what each stream holds. */
  reconnect(): undefined
  /** Lets the first streams stop reading. */
  stall(options: { readonly streams: number }): undefined
  close(): undefined
}

export type LoadCommand = keyof LoadCommands
export interface LoadCall<C extends LoadCommand = LoadCommand> {
  readonly id: number
  readonly command: C
  readonly options: Parameters<LoadCommands[C]>[0]
}
export type LoadReply =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: string }
