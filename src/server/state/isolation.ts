import { mentions } from '../../xds/mentions.ts'
import type { Resource } from '../../xds/resource.ts'

// Envoy rejects a response whole, so one bad resource blocks the good ones in the same response. After such a
// NACK the changes are suspects: they are sent in ever smaller parts until the bad ones are alone, and only
// those wait for a change ("When to send an update"). One bad change among n costs at most log2(n) + 1
// responses.

/**
 * A response's change under one name: a new version of a resource, or its removal (no resource, version '').
 */
export interface Change {
  readonly name: string
  readonly version: string
  readonly resource: Resource | undefined
}

/** A change that the client refuses. It does not go out again; a new version does. */
export interface Nacked extends Change {
  readonly message: string
}

export interface Isolation {
  /**
   * At least two, by name. The client refuses at least one of them, and takes nothing but `trial` of them for
   * now.
   */
  readonly suspects: ReadonlyMap<string, Change>
  /** The suspects in the next response; never all of them. */
  readonly trial: ReadonlySet<string>
  /** The client's message when it rejected them. */
  readonly message: string
}

/** The result of a response to a trial. */
export interface Verdict {
  readonly nacked: readonly Nacked[]
  readonly isolation: Isolation | undefined
}

/** After a NACK: one change alone is guilty, of several at least one is. */
export function afterNack(changes: readonly Change[], message: string): Verdict {
  const [only, ...others] = changes
  if (only === undefined) return { nacked: [], isolation: undefined }
  if (others.length === 0) return { nacked: [{ ...only, message }], isolation: undefined }
  return { nacked: [], isolation: isolate(changes, message) }
}

/** After the ACK of a trial: the fault is with the other suspects. */
export function afterAck({ suspects, message }: Isolation, accepted: ReadonlySet<string>): Verdict {
  return afterNack(
    [...suspects.values()].filter(({ name }) => !accepted.has(name)),
    message,
  )
}

/** True while every suspect is still due unchanged: otherwise nothing is known of the others together. */
export function holds({ suspects }: Isolation, pending: ReadonlyMap<string, string>): boolean {
  return [...suspects.values()].every(({ name, version }) => pending.get(name) === version)
}

/**
 * The changes that the message does not name are sent first: if they are accepted, the fault is among the
 * named ones. Otherwise half of them.
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

/** Removals first, so that a domain that moves from a removed virtual host to a new one is free by then. */
function removalsFirst(changes: readonly Change[]): readonly Change[] {
  return [
    ...changes.filter(({ resource }) => resource === undefined),
    ...changes.filter(({ resource }) => resource !== undefined),
  ]
}
