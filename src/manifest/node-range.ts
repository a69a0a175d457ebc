import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Document, Node, Pair, YAMLMap } from 'yaml'
import type { FieldPath } from '../diagnostics/diagnostic.ts'
import { isEmbedded, lineOffset, parseEmbedded, sourceOffset } from './embedded.ts'
import { camelCase } from './field-name.ts'
import { isMergeKey } from './node-value.ts'

/** Offsets of a piece of a document's text; `end` is exclusive and may be on a later line. */
export interface NodeRange {
  readonly start: number
  readonly end: number
}

/** A document, and the text that it was parsed from. */
export interface Source {
  readonly document: Document
  readonly text: string
}

/**
 * The range of a field: its value if that is a scalar; its key if it is a collection, or `part` is 'key';
 * otherwise the nearest field above. Finds fields of YAML inside a literal block scalar too.
 */
export function nodeRange({ document, text }: Source, path: FieldPath, part?: 'key'): NodeRange {
  let node: unknown = document.contents
  let key: unknown
  for (const [index, step] of path.entries()) {
    const next = child(document, node, step)
    // Only parts of a literal block have positions; reading the text of any other scalar again would never
    // end.
    if (next === undefined && isEmbedded(node) && node.type === 'BLOCK_LITERAL') {
      const scalar = node
      const offsetOf = (at: number): number | undefined => sourceOffset(scalar, text, at)
      return (
        embeddedRange({ text: scalar.value, offsetOf }, path.slice(index), part) ??
        shown(node, key, undefined)
      )
    }
    if (next === undefined) return shown(node, key, undefined)
    node = next.value
    key = next.key
  }
  return shown(node, key, part)
}

interface EmbeddedText {
  readonly text: string
  /** Turns an offset in the text into one in the surrounding text. */
  readonly offsetOf: (at: number) => number | undefined
}

function embeddedRange(
  { text, offsetOf }: EmbeddedText,
  path: FieldPath,
  part: 'key' | undefined,
): NodeRange | undefined {
  const document = parseEmbedded(text)
  const line = lineOffset(document, text, path[0])
  const found =
    line === undefined ? nodeRange({ document, text }, path, part) : { start: line, end: line + 1 }
  const start = offsetOf(found.start)
  return start === undefined ? undefined : { start, end: start + found.end - found.start }
}

interface Child {
  readonly key: unknown
  readonly value: unknown
}

function child(document: Document, node: unknown, step: string | number): Child | undefined {
  const target = isAlias(node) ? node.resolve(document) : node
  if (isSeq(target)) {
    const item = typeof step === 'number' ? target.items[step] : undefined
    return item === undefined ? undefined : { key: undefined, value: item }
  }
  if (!isMap(target)) return undefined
  const name = String(step)
  const { exact, camelCased } = pairsOf(target)
  return exact.get(name) ?? camelCased.get(camelCase(name)) ?? merged(document, target, step)
}

interface Pairs {
  readonly exact: ReadonlyMap<string, Pair>
  readonly camelCased: ReadonlyMap<string, Pair>
}

/** Built once for each mapping, since a mapping with many mistakes is searched for each of them. */
const indexed = new WeakMap<YAMLMap, Pairs>()

/** The pairs of a mapping by key, the first of equal ones. */
function pairsOf(map: YAMLMap): Pairs {
  const known = indexed.get(map)
  if (known !== undefined) return known
  const [exact, camelCased] = [new Map<string, Pair>(), new Map<string, Pair>()]
  for (const pair of map.items) {
    if (!isScalar(pair.key) || isMergeKey(pair)) continue
    const key = String(pair.key.value)
    if (!exact.has(key)) exact.set(key, pair)
    if (!camelCased.has(camelCase(key))) camelCased.set(camelCase(key), pair)
  }
  const pairs = { exact, camelCased }
  indexed.set(map, pairs)
  return pairs
}

function merged(document: Document, map: YAMLMap, step: string | number): Child | undefined {
  for (const pair of map.items) {
    if (!isMergeKey(pair)) continue
    const value: unknown = isAlias(pair.value) ? pair.value.resolve(document) : pair.value
    for (const source of isSeq(value) ? value.items : [value]) {
      const found = child(document, source, step)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function shown(node: unknown, key: unknown, part: 'key' | undefined): NodeRange {
  const absent = isScalar(node) && node.source === '' && node.type === 'PLAIN'
  if (isScalar(key) && (part === 'key' || isMap(node) || isSeq(node) || absent || node === null))
    return range(key)
  const first = isMap(node) && node.flow !== true ? node.items[0]?.key : undefined
  return range(isScalar(first) ? first : node)
}

function range(node: unknown): NodeRange {
  const found = isNode(node) ? node.range : undefined
  return found ? { start: found[0], end: found[1] } : { start: 0, end: 1 }
}

function isNode(node: unknown): node is Node {
  return typeof node === 'object' && node !== null && 'range' in node
}
