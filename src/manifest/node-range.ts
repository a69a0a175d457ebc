import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Document, Node, Pair, YAMLMap } from 'yaml'
import type { FieldPath } from '../diagnostics/diagnostic.ts'
import { camelCase } from './field-name.ts'
import { isMergeKey } from './node-value.ts'

/** Offsets of a piece of a document's text; `end` is exclusive and may stand on a later line. */
export interface NodeRange {
  readonly start: number
  readonly end: number
}

/** Where a field stands: its value if that is a scalar, its key if it is a collection or `part` asks for it; else the nearest field above. */
export function nodeRange(document: Document, path: FieldPath, part?: 'key'): NodeRange {
  let node: unknown = document.contents
  let key: unknown
  for (const step of path) {
    const next = child(document, node, step)
    if (next === undefined) return shown(node, key, undefined)
    node = next.value
    key = next.key
  }
  return shown(node, key, part)
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
  return pairOf(target, (key) => key === name) ?? pairOf(target, (key) => camelCase(key) === camelCase(name)) ?? merged(document, target, step)
}

function pairOf(map: YAMLMap, matches: (key: string) => boolean): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && !isMergeKey(pair) && matches(String(pair.key.value)))
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
  if (isScalar(key) && (part === 'key' || isMap(node) || isSeq(node) || absent || node === null)) return range(key)
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
