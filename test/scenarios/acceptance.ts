import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { sharedFolder, sharedIsAbsent } from '../support/shared.ts'

/** Folders of the published ways to mirror. */
export const scenariosFolder = join(sharedFolder, 'scenarios')

/** One line of an `acceptance.yaml` that is marked as stated by the source text. */
export interface StatedLine {
  /** The name of its scenario; '' where the folder has one only. */
  readonly scenario: string
  /** The line as a person reads it. */
  readonly text: string
  /** Its fields, where it has fields. */
  readonly fields: Readonly<Record<string, unknown>>
}

interface Part {
  readonly name?: string
  readonly expect?: readonly unknown[] | Readonly<Record<string, unknown>>
  readonly expect_json_subset?: string
}

/** Every stated line of a folder, in the order of its file; none while the folder is not at hand. */
export function statedLines(folder: string): readonly StatedLine[] {
  if (sharedIsAbsent) return []
  const file = parse(readFileSync(join(scenariosFolder, folder, 'acceptance.yaml'), 'utf8')) as Part & {
    readonly scenarios?: readonly Part[]
  }
  return (file.scenarios ?? [file]).flatMap((part) =>
    linesOf(part).map((value) => line(part.name ?? '', value)),
  )
}

function linesOf({ expect, expect_json_subset: subset }: Part): readonly unknown[] {
  if (subset !== undefined) return [{ expect_json_subset: subset }]
  return Array.isArray(expect)
    ? expect
    : Object.entries(expect ?? {}).map(([name, value]) => ({ [name]: value }))
}

function line(scenario: string, value: unknown): StatedLine {
  if (typeof value === 'string') return { scenario, text: value, fields: {} }
  const fields = value as Readonly<Record<string, unknown>>
  return {
    scenario,
    fields,
    text: Object.entries(fields)
      .map(([name, each]) =>
        each === null ? name : `${name}: ${typeof each === 'string' ? each : JSON.stringify(each)}`,
      )
      .join(', '),
  }
}
