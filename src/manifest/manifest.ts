import type { FieldPath, ObjectId, Place } from '../diagnostics/diagnostic.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/**
 * One Kubernetes object as the user wrote it. It holds no positions, so moving it in its file changes
 * nothing.
 */
export interface Manifest {
  readonly id: ObjectId
  readonly apiVersion: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** `metadata.creationTimestamp`, RFC 3339; '' if it is absent, as in most files. */
  readonly created: string
  readonly object: JsonObject
  /** The text of numbers that a double cannot hold exactly, by JSON-encoded field path. */
  readonly exactNumbers: Readonly<Record<string, string>>
  /**
   * True if labels or annotations had to be left out because they are not strings: with this mistake the last
   * good version stays in force.
   */
  readonly malformed?: true
}

/** A field's position, and the line around it for a caret under the value. */
export interface Located extends Place {
  /** The whole text of that line, without its end. */
  readonly text: string
  /** Length of the value on that line, at least 1. */
  readonly length: number
}

/**
 * Finds the place of a field's value, or of its name; for a path that does not exist, the nearest field above
 * it that is.
 */
export type Locate = (path: FieldPath, part?: 'key') => Located

/** A manifest, and the places of its fields; undefined if it came from no text. */
export interface PlacedManifest {
  readonly manifest: Manifest
  readonly locate: (...field: Parameters<Locate>) => Located | undefined
}

/** A manifest that was read from text. */
export interface LocatedManifest extends PlacedManifest {
  readonly manifest: Manifest
  readonly locate: Locate
}
