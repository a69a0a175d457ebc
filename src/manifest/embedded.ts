import { isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document, Scalar } from 'yaml'
import type { FieldPath } from '../diagnostics/diagnostic.ts'
import { valueAt } from './issue.ts'
import { isRecord } from './message.ts'
import type { Json, JsonObject, Manifest } from './manifest.ts'
import { nodeValue, UnreadableNode } from './node-value.ts'

/** The content of a text inside an object; `mistake` if it is not a YAML map. */
export type Embedded =
  | { readonly manifest: Manifest }
  /** `line` begins with 0, and follows the text's own path as a step of its own. */
  | { readonly mistake: { readonly message: string; readonly line: number } }

/**
 * Reads the text at `path`, YAML inside a string (as in ConfigMaps), as if it were a map in the object. Its
 * fields have paths, and exact positions if the text is a literal block scalar (`|`).
 */
export function readEmbedded(manifest: Manifest, path: FieldPath): Embedded {
  const text = valueAt(manifest.object, path)
  if (typeof text !== 'string') return { mistake: { message: 'is not a text', line: 0 } }
  const document = parseEmbedded(text)
  const error = document.errors[0]
  if (error !== undefined) return unreadable(text, error.message, error.pos[0])
  try {
    const { value, exactNumbers } = nodeValue(document.contents)
    if (value !== null && !isRecord(value)) return unreadable(text, 'is not a YAML map', 0)
    const digits = exactNumbers.map((each) => [JSON.stringify([...path, ...each.path]), each.text] as const)
    return {
      manifest: {
        ...manifest,
        object: replaced(manifest.object, path, value ?? {}),
        exactNumbers: Object.fromEntries(digits),
      },
    }
  } catch (thrown) {
    if (thrown instanceof UnreadableNode) return unreadable(text, thrown.message, thrown.offset)
    throw thrown
  }
}

export function parseEmbedded(text: string): Document {
  return parseDocument(text, { prettyErrors: false, logLevel: 'silent', uniqueKeys: false })
}

/**
 * The offset in the source of offset `at` in a literal block scalar's text. Undefined for every other scalar,
 * because its text and its source do not correspond line by line.
 */
export function sourceOffset(scalar: Scalar, source: string, at: number): number | undefined {
  if (scalar.type !== 'BLOCK_LITERAL' || typeof scalar.value !== 'string' || !scalar.range) return undefined
  const before = scalar.value.slice(0, at).split('\n')
  const wanted = before.length - 1
  let start = source.indexOf('\n', scalar.range[0]) + 1
  for (let line = 0; line < wanted; line += 1) start = source.indexOf('\n', start) + 1
  const sourceLine = lineAt(source, start)
  const textLine = scalar.value.split('\n')[wanted] ?? ''
  return start + Math.max(0, sourceLine.length - textLine.length) + (before[wanted]?.length ?? 0)
}

/**
 * Whether steps below a scalar can mean something: fields of the YAML that it holds, or the number of a line.
 */
export function isEmbedded(node: unknown): node is Scalar<string> {
  return isScalar(node) && typeof node.value === 'string'
}

/** Offset of a line of a text that is not a list: the meaning of a number behind the path of such a text. */
export function lineOffset(
  document: Document,
  text: string,
  step: string | number | undefined,
): number | undefined {
  if (typeof step !== 'number' || isSeq(document.contents)) return undefined
  if (isMap(document.contents) && document.errors.length === 0) return undefined
  return text
    .split('\n')
    .slice(0, step)
    .reduce((sum, line) => sum + line.length + 1, 0)
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start)
  return text.slice(start, end === -1 ? text.length : end).replace(/\r$/, '')
}

function unreadable(text: string, message: string, offset: number): Embedded {
  return { mistake: { message, line: text.slice(0, offset).split('\n').length - 1 } }
}

function replaced(object: JsonObject, [step, ...rest]: FieldPath, value: Json): JsonObject {
  const key = String(step)
  const below = object[key]
  return { ...object, [key]: rest.length === 0 || !isRecord(below) ? value : replaced(below, rest, value) }
}
