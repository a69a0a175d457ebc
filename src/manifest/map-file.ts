import { parseDocument } from 'yaml'
import { isConfidential } from './confidential.ts'
import { isRecord } from './message.ts'
import type { JsonObject, Locate } from './manifest.ts'
import { nodeRange } from './node-range.ts'
import { nodeValue } from './node-value.ts'
import { located } from './text-position.ts'

/** A file that is one YAML map and no Kubernetes object. */
export interface LocatedMap {
  readonly object: JsonObject
  readonly locate: Locate
}

/**
 * Reads such a file; an empty one is an empty map. Throws an Error that says what the file contains instead.
 */
export function parseMap(file: string, text: string): LocatedMap {
  const document = parseDocument(text, { uniqueKeys: false })
  const [error] = document.errors
  if (error !== undefined) throw error
  const { value } = nodeValue(document.contents)
  if (value !== null && !isRecord(value)) throw new Error('it is no YAML map')
  return {
    object: value ?? {},
    locate(path, part) {
      const { start, end } = nodeRange({ document, text }, path, part)
      return located({ file, text, linesBefore: 0, confidential: isConfidential(text) }, start, end)
    },
  }
}
