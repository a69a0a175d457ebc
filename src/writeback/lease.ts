import type { JsonObject } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/message.ts'
import type { LeasePace } from './lease-pace.ts'

/** A Lease of coordination.k8s.io/v1, as far as it decides who holds it. */
export interface LeaseRecord {
  /** `metadata.resourceVersion`. */
  readonly version: string
  /** Empty if it was released. */
  readonly holder: string
  /** Milliseconds for which the holder may be silent. */
  readonly duration: number
  readonly acquired: string
  readonly transitions: number
}

/** The last observation of the Lease, and its first time on our own clock: other clocks may be wrong. */
export interface LeaseSight {
  /** Undefined: it does not exist. */
  readonly record: LeaseRecord | undefined
  /** Milliseconds. */
  readonly since: number
}

export type LeaseChoice = 'create' | 'take' | 'renew' | 'wait'

/** The new observation; a version that was observed before keeps its time. */
export function see(
  before: LeaseSight | undefined,
  record: LeaseRecord | undefined,
  now: number,
): LeaseSight {
  return before !== undefined && before.record?.version === record?.version ? before : { record, since: now }
}

/** The action of `identity` on the Lease. The holder's own duration applies, not ours. */
export function choose({ record, since }: LeaseSight, identity: string, now: number): LeaseChoice {
  if (record === undefined) return 'create'
  if (record.holder === identity) return 'renew'
  return record.holder === '' || now - since >= record.duration ? 'take' : 'wait'
}

/**
 * Whether a renewal that began at `renewed` still makes this replica the holder; no other takes the Lease
 * before.
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

/** Reads a Lease. Missing fields mean that it is released. */
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
