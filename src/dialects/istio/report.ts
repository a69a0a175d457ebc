import { codes } from '../../diagnostics/codes.ts'
import type { Code } from '../../diagnostics/codes.ts'
import type { Diagnostic, FieldPath } from '../../diagnostics/diagnostic.ts'
import { objectName } from '../../diagnostics/diagnostic.ts'
import type { Json, Manifest } from '../../manifest/manifest.ts'

/** Collects what is found in one manifest while it is translated. */
export interface Report {
  readonly manifest: Manifest
  /** In the order found. */
  readonly diagnostics: readonly Diagnostic[]
  /** Whether something was found for which the last good version stays in force. */
  readonly refused: boolean
  /** A mistake that the document is refused for. */
  refuse(code: Code, path: FieldPath, text: Text): void
  /** Something found that leaves the document in force. */
  note(code: Code, path: FieldPath, text: Text): void
}

export interface Text {
  readonly message: string
  readonly hint?: string
}

export function reportOn(manifest: Manifest): Report {
  const diagnostics: Diagnostic[] = []
  const state = { refused: false }
  const add = (code: Code, path: FieldPath, text: Text): void => {
    diagnostics.push({
      code,
      severity: codes[code].severity,
      message: `${manifest.id.kind} ${objectName(manifest.id)}: ${text.message}`,
      ...(text.hint === undefined ? {} : { hint: text.hint }),
      origin: { object: manifest.id, path },
    })
  }
  return {
    manifest,
    diagnostics,
    get refused() { return state.refused },
    refuse(code, path, text) {
      state.refused = true
      add(code, path, text)
    },
    note: add,
  }
}

/** A value that was decoded, and where it stands. */
export interface DecodedAt {
  readonly path: FieldPath
  readonly value: Readonly<Record<string, unknown>> | undefined
}

/** Says of each named field that is present that it is not acted on yet. */
export function noteUnsupported(report: Report, { path, value }: DecodedAt, fields: readonly string[]): void {
  for (const field of fields) {
    if (value?.[field] === undefined) continue
    const shown = [...path, field].filter((step) => typeof step === 'string').slice(1).join('.')
    report.note('field/unsupported', [...path, field], { message: `${shown} is not supported yet, it has no effect` })
  }
}

/** The value at a path of the user's object, if it is there and not null; a field is found under its camelCase or its snake_case name. */
export function rawValue(manifest: Manifest, path: FieldPath): { readonly value: Json; readonly path: FieldPath } | undefined {
  let value: Json = manifest.object
  const found: (string | number)[] = []
  for (const step of path) {
    if (value === null || typeof value !== 'object') return undefined
    const names: readonly (string | number)[] = typeof step === 'number' ? [step] : [step, snakeCase(step)]
    const name = names.find((each) => Object.hasOwn(value as object, each))
    if (name === undefined) return undefined
    value = (value as Readonly<Record<string | number, Json>>)[name] ?? null
    found.push(name)
  }
  return value === null ? undefined : { value, path: found }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
