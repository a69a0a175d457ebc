import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { objectName } from '../../src/diagnostics/diagnostic.ts'
import { dialectFor } from '../../src/dialects/index.ts'
import { parse } from '../support/configuration.ts'
import type { Files } from '../support/serving.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { scenariosFolder } from './acceptance.ts'

/** Values for the authors' placeholders. */
export type Placeholders = Readonly<Record<string, string>>

const placeholder = /\b\d+\.\d+\.XX\.XX\b|\bNAMESPACE\b/

/**
 * The manifests of a scenario whose names begin with these numbers, unchanged except for the placeholders.
 * Throws if a placeholder is left.
 */
export function manifestsOf(
  folder: string,
  numbers: readonly string[],
  placeholders: Placeholders = {},
): Files {
  const directory = join(scenariosFolder, folder, 'manifests')
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.yaml') && numbers.some((number) => name.startsWith(`${number}-`)))
    .toSorted()
  if (names.length !== numbers.length)
    throw new Error(`${directory} has ${names.join(', ')} for ${numbers.join(', ')}`)
  return Object.fromEntries(
    names.map((name) => {
      const text = Object.entries(placeholders).reduce(
        (sum, [each, value]) => sum.replaceAll(each, value),
        readFileSync(join(directory, name), 'utf8'),
      )
      const left = placeholder.exec(text)
      if (left !== null) throw new Error(`${name} has the placeholder ${left[0]}`)
      return [name, text]
    }),
  )
}

/** A file of the folder that shows what must be seen. */
export function expectedText(folder: string, name: string): string {
  return readFileSync(join(scenariosFolder, folder, name), 'utf8')
}

/** Kinds that no dialect here has anything to do with: what runs the Pods is not what sends them requests. */
const workloads = new Set(['Deployment', 'ServiceAccount'])

/**
 * Why a scenario cannot run here: the data is absent, or a kind of its manifests is not read by any dialect.
 * Undefined when it can.
 */
export function obstacle(
  folder: string,
  numbers: readonly string[],
  placeholders: Placeholders = {},
): string | undefined {
  if (sharedIsAbsent) return absentMessage
  const manifests = Object.values(manifestsOf(folder, numbers, placeholders))
    .flatMap((text) => parse(text))
    .map((each) => each.manifest)
  const unread = manifests.filter(
    (manifest) => dialectFor(manifest) === undefined && !workloads.has(manifest.id.kind),
  )
  const kinds = new Set(unread.map(({ apiVersion, id }) => `${apiVersion} ${id.kind}`))
  return kinds.size === 0 ? undefined : `no dialect reads ${[...kinds].join(', ')} yet`
}

/** The objects of a text, as `Kind namespace/name`. */
export function objectsOf(text: string): readonly string[] {
  return parse(text).map(({ manifest: { id } }) => `${id.kind} ${objectName(id)}`)
}
