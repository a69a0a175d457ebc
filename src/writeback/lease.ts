import type { JsonObject } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/message.ts'
import type { LeasePace } from './lease-pace.ts'

/** A Lease of coordination.k8s.io/v1, as far as it decides who holds it. */
export interface LeaseRecord {
  /** `metadata.resourceVersion`. */
  readonly version: string
  /** Empty where it was released. */
  readonly holder: string
  /** Milliseconds for which the holder may be silent. */
  readonly duration: number
  readonly acquired: string
  readonly transitions: number
}

/**
 * What was seen of the Lease last, and since when it has been so, on our own clock: those of others may be
 * wrong.
 */
export interface LeaseSight {
  /** Undefined: there is none. */
  readonly record: LeaseRecord | undefined
  /** Milliseconds. */
  readonly since: number
}

export type LeaseChoice = 'create' | 'take' | 'renew' | 'wait'

/** What is seen now; a version that was seen before is as old as it was. */
export function see(
  before: LeaseSight | undefined,
  record: LeaseRecord | undefined,
  now: number,
): LeaseSight {
  return before !== undefined && before.record?.version === record?.version ? before : { record, since: now }
}

/** What whoever is `identity` does about the Lease. The holder's own duration counts, not ours. */
export function choose({ record, since }: LeaseSight, identity: string, now: number): LeaseChoice {
  if (record === undefined) return 'create'
  if (record.holder === identity) return 'renew'
  return record.holder === '' || now - since >= record.duration ? 'take' : 'wait'
}

/**
 * Whether a renewal that began at `renewed` still makes us the holder; nobody else takes the Lease before
 * that has ended.
 */
export function isHeld(
  renewed: number | undefined,
  now: number,
  { deadline }: Pick<LeasePace, 'deadline'>,
): boolean {
  return renewed !== undefined && now - renewed < deadline
}

export interface LeaseClaim {
  readonly name: string
  readonly namespace: string
  /** Empty to release it. */
  readonly holder: string
  readonly duration: number
  /** RFC 3339. */
  readonly now: string
}

/**
 * The object to write in place of `before`. With a version that is not the newest one, the API server refuses
 * it.
 */
export function leaseObject(
  before: LeaseRecord | undefined,
  { name, namespace, holder, duration, now }: LeaseClaim,
): JsonObject {
  const isNew = before?.holder !== holder
  const microTime = now.replace('Z', '000Z')
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace, ...(before === undefined ? {} : { resourceVersion: before.version }) },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: Math.max(1, Math.ceil(duration / 1000)),
      acquireTime: isNew ? microTime : before.acquired,
      renewTime: microTime,
      leaseTransitions: (before?.transitions ?? 0) + (isNew && holder !== '' && before !== undefined ? 1 : 0),
    },
  }
}

/** Reads a Lease. What others left out counts as released. */
export function leaseRecord(value: unknown): LeaseRecord {
  const { metadata, spec } = isRecord(value) ? value : {}
  const { resourceVersion } = isRecord(metadata) ? metadata : {}
  const { holderIdentity, leaseDurationSeconds, acquireTime, leaseTransitions } = isRecord(spec) ? spec : {}
  return {
    version: text(resourceVersion),
    holder: text(holderIdentity),
    duration: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1000 : 0,
    acquired: text(acquireTime),
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
