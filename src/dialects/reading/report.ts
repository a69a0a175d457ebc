import type { Code } from '../../diagnostics/codes.ts'
import type { Diagnostic, FieldPath } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { Wording } from '../../diagnostics/finding.ts'
import { spelledPath, valueAt } from '../../manifest/issue.ts'
import type { Manifest } from '../../manifest/manifest.ts'

/** Collects the findings of one manifest during its translation. */
export interface Report {
  readonly manifest: Manifest
  /** In the order found. */
  readonly diagnostics: readonly Diagnostic[]
  /** Whether something was found for which the last good version stays in force. */
  readonly rejected: boolean
  /** A mistake that the document is rejected for. */
  reject(code: Code, path: FieldPath, wording: Wording): void
  /** Something found that leaves the document in force. */
  note(code: Code, path: FieldPath, wording: Wording): void
}

export function reportOn(manifest: Manifest): Report {
  const diagnostics: Diagnostic[] = []
  const state = { rejected: false }
  const add = (code: Code, path: FieldPath, wording: Wording): void => {
    diagnostics.push(finding(code, { object: manifest.id, path }, wording))
  }
  return {
    manifest,
    diagnostics,
    get rejected() {
      return state.rejected
    },
    reject(code, path, wording) {
      state.rejected = true
      add(code, path, wording)
    },
    note: add,
  }
}

/** A decoded value and its place. */
export interface DecodedAt {
  readonly path: FieldPath
  readonly value: Readonly<Record<string, unknown>> | undefined
}

/** Says of each named field that is present that it is not acted on yet. */
export function noteUnsupported(report: Report, { path, value }: DecodedAt, fields: readonly string[]): void {
  for (const field of fields) {
    if (value?.[field] === undefined) continue
    const shown = [...path, field]
      .filter((step) => typeof step === 'string')
      .slice(1)
      .join('.')
    report.note('field/unsupported', [...path, field], {
      message: `${shown} is not supported yet, it has no effect`,
    })
  }
}

/**
 * The value at a path of the user's object, if it is there and not null, and the path as the user spelled it.
 */
export function rawValue(
  { object }: Manifest,
  path: FieldPath,
): { readonly value: unknown; readonly path: FieldPath } | undefined {
  const value = valueAt(object, path)
  return value === undefined || value === null ? undefined : { value, path: spelledPath(object, path) }
}
