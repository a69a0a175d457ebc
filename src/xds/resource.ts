import { createHash, hash } from 'node:crypto'
import type { Origin } from '../diagnostics/diagnostic.ts'
import type { TypeName } from './resource-types.ts'

/** One xDS resource, encoded once and shared by every stream that sends it. */
export interface Resource {
  readonly type: TypeName
  readonly name: string
  /**
   * Hash of `bytes`: equal on every replica and across restarts, so that an unchanged resource is never sent
   * again.
   */
  readonly version: string
  /** The encoded message (not the Any around it). */
  readonly bytes: Buffer
  /** The user's lines that it was made from; a NACK is reported at these. */
  readonly origins: readonly Origin[]
  /**
   * For a cluster the name of its endpoints (sent again when the cluster changes, because Envoy warms it);
   * for a route configuration the clusters that it names (kept until a route configuration without them is
   * ACKed).
   */
  readonly references: readonly string[]
  /**
   * For a virtual host its route configuration: it may be sent only if the client has that (see `ownedBy`).
   */
  readonly owner?: string
}

export function resource(fields: Omit<Resource, 'version'>): Resource {
  return { ...fields, version: hash('sha256', fields.bytes).slice(0, versionLength) }
}

/** Hexadecimal digits of a SHA-256. */
const versionLength = 16

/** 64 bits of SHA-256 over the parts, in hexadecimal. */
export function contentVersion(parts: Iterable<Uint8Array | string>): string {
  const content = createHash('sha256')
  for (const part of parts) content.update(part)
  return content.digest('hex').slice(0, versionLength)
}
