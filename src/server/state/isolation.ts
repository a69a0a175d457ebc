import { mentions } from '../../xds/mentions.ts'
import type { Resource } from '../../xds/resource.ts'

// Envoy refuses a response whole, so that one bad resource keeps out the good ones that came with it. After
// such a NACK its changes are suspects: they go out in ever smaller parts until the bad ones stand alone, and
// only those then wait for a change ("When to send an update"). One bad one among n costs at most log2(n) + 1
// responses.

/**
 * What a response did under one name: brought a resource in a version, or removed it (no resource, version
 * '').
 */
export interface Change {
  readonly name: string
  readonly version: string
  readonly resource: Resource | undefined
}

/** A change that the client refuses. It does not go out again; a new version does. */
export interface Refused extends Change {
  readonly message: string
}

export interface Isolation {
  /**
   * At least two, by name. The client refuses at least one of them, and takes nothing but `trial` of them for
   * now.
   */
  readonly suspects: ReadonlyMap<string, Change>
  /** What goes out next: some of the suspects, and never all. */
  readonly trial: ReadonlySet<string>
  /** What the client said when it refused them. */
  readonly message: string
}

/** What an answer shows. */
export interface Verdict {
  readonly refused: readonly Refused[]
  readonly isolation: Isolation | undefined
}

/** After a NACK: one change alone is guilty, of several at least one is. */
export function afterNack(changes: readonly Change[], message: string): Verdict {
  const [only, ...others] = changes
  if (only === undefined) return { refused: [], isolation: undefined }
  if (others.length === 0) return { refused: [{ ...only, message }], isolation: undefined }
  return { refused: [], isolation: isolate(changes, message) }
}

/** After the ACK of a trial: the fault is with the other suspects. */
export function afterAck({ suspects, message }: Isolation, accepted: ReadonlySet<string>): Verdict {
  return afterNack(
    [...suspects.values()].filter(({ name }) => !accepted.has(name)),
    message,
  )
}

/** True while each suspect is still to be sent as it was: else nothing is known of the others together. */
export function holds({ suspects }: Isolation, pending: ReadonlyMap<string, string>): boolean {
  return [...suspects.values()].every(({ name, version }) => pending.get(name) === version)
}

/**
 * Those that the message does not name go first: if they are taken, the fault is with the named ones. Else a
 * half.
 */
function isolate(changes: readonly Change[], message: string): Isolation {
  const unnamed = changes.filter(({ name, resource }) => !mentions(message, { name, owner: resource?.owner }))
  const isDividing = unnamed.length > 0 && unnamed.length < changes.length
  const trial = isDividing ? unnamed : removalsFirst(changes).slice(0, Math.floor(changes.length / 2))
  return {
    suspects: new Map(changes.map((change) => [change.name, change])),
    trial: new Set(trial.map(({ name }) => name)),
    message,
  }
}

/** So that a domain that moves from a virtual host that goes to one that comes is free by then. */
function removalsFirst(changes: readonly Change[]): readonly Change[] {
  return [
    ...changes.filter(({ resource }) => resource === undefined),
    ...changes.filter(({ resource }) => resource !== undefined),
  ]
}
