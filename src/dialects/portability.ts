import type { Code } from '../diagnostics/codes.ts'
import type { Diagnostic, FieldPath } from '../diagnostics/diagnostic.ts'
import { finding } from '../diagnostics/finding.ts'
import type { Json, Manifest } from '../manifest/manifest.ts'
import type { Dialect, ObjectLookup } from './dialect.ts'

/**
 * Something that a vendor's controller is known to do otherwise than its manifest says, or than is done here.
 */
export interface Divergence {
  readonly code: Code
  /** The controller, and its first version with the behaviour. */
  readonly controller: string
  /** The controller's behaviour, as in docs/portability.md. */
  readonly does: string
  /** The reference for it. */
  readonly source: string
  /** The fields of a manifest that the controller treats differently. Never throws. */
  find(manifest: Manifest, around: Around): readonly DivergentField[]
}

export type Around = Pick<ObjectLookup, 'settings' | 'manifest'>

export interface DivergentField {
  readonly path: FieldPath
  /** Behind the controller's name: `mirrors 0.5699 % instead`. */
  readonly message: string
  readonly hint?: string
}

/** The differences that other controllers of the dialect would make for the manifest. */
export function divergencesIn(
  dialect: Dialect | undefined,
  manifest: Manifest,
  around: Around,
): readonly Diagnostic[] {
  return (dialect?.divergences ?? []).flatMap(({ code, controller, source, find }) =>
    find(manifest, around).map(({ path, message, hint }) =>
      finding(code, { object: manifest.id, path }, { message: `${controller} ${message} (${source})`, hint }),
    ),
  )
}

/** The paths to existing values under a pattern, in which `*` matches each element of a list. */
export function pathsTo(value: Json | undefined, pattern: string): readonly FieldPath[] {
  return pattern
    .split('.')
    .reduce<readonly (readonly [FieldPath, Json])[]>(
      (found, step) =>
        found.flatMap(([path, at]): readonly (readonly [FieldPath, Json])[] => {
          if (step === '*')
            return Array.isArray(at) ? at.map((each: Json, index) => [[...path, index], each] as const) : []
          if (at === null || typeof at !== 'object' || Array.isArray(at)) return []
          const below = Object.entries(at).find(([name]) => name === step)?.[1]
          return below === undefined || below === null ? [] : [[[...path, step], below]]
        }),
      value === undefined ? [] : [[[], value]],
    )
    .map(([path]) => path)
}

/** The Host of an object's copies: what its annotation says, else what the flags do. */
export function shadowHostOf({ annotations }: Manifest, { settings }: Around): string {
  return annotations['shadowplane.io/shadow-host'] ?? settings.mirrorHost.kind
}
